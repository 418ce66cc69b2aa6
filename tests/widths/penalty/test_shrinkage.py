"""Roots in closed form, by Newton and by bisection against the equations that they solve."""

import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths.penalty.shrinkage import least_root, shrunk_by_power
from proofs_checks import strategies

POWERS = (4 / 3, 1.5, 2.0, 3.0, 1.2, 2.5, 7.0)
sizes = strategies.magnitudes(-6, 6)


def number(value):
    return torch.tensor([value], dtype=torch.float64)


def left_side(x, c, power):
    """x + c x^(q-1), which is to be r."""
    return x + c * x ** (power - 1)


@pytest.mark.parametrize("power", POWERS)
@given(r=sizes, c=sizes)
def test_the_root_solves_its_equation(power, r, c):
    x = shrunk_by_power(number(r), number(c), power)
    assert_close(left_side(x, c, power), number(r), rtol=1e-13 * max(1, power), atol=0)


@pytest.mark.parametrize("power", POWERS)
def test_a_root_of_another_power_is_rejected(power):
    x = shrunk_by_power(number(2.0), number(3.0), power + 0.01)
    with pytest.raises(AssertionError):
        assert_close(left_side(x, 3.0, power), number(2.0), rtol=1e-6, atol=0)


@pytest.mark.parametrize("power", POWERS)
def test_nothing_to_shrink_or_nothing_that_shrinks(power):
    for r, c in ((0.0, 1.0), (2.0, 0.0), (0.0, 0.0)):
        assert_close(shrunk_by_power(number(r), number(c), power), number(r), rtol=1e-15, atol=0)


@pytest.mark.parametrize("power", POWERS)
def test_gradients(power):
    r = torch.tensor([0.3, 2.0, 50.0], dtype=torch.float64, requires_grad=True)
    c = torch.tensor([0.7, 0.01, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *pair: shrunk_by_power(*pair, power), (r, c), atol=1e-7)


@given(target=sizes)
def test_bisection_finds_neighbouring_floats(target):
    root = least_root(lambda x: x**3, number(target), number(0.0))
    below = torch.nextafter(root, number(0.0))
    assert root**3 >= target > below**3


def test_bisection_stops_at_a_kink_and_at_its_lower_end():
    step = lambda x: x + (x > 1).to(x)  # noqa: E731
    assert_close(least_root(step, number(1.5), number(0.0)), number(1.0), rtol=1e-15, atol=0)
    assert least_root(step, number(0.2), number(0.5)) == 0.5


def test_a_bounded_function_is_refused():
    with pytest.raises(BadInput, match="L1"):
        least_root(torch.tanh, number(2.0), number(0.0))
