"""From a law to the gate of every weight, and gradients back to gamma."""

import pytest
import torch
from torch.testing import assert_close

from continuum.ensemble.gating import Gating, tied
from continuum.ensemble.layout import Layout
from continuum.widths import Interval, width_of

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
#: Two streams of two members with 4 and 3 rows, and 2 outputs.
LAYOUT = Layout(2, [(4,), (3,)], inputs=1, outputs=2)
GAMMA = torch.tensor([2.5, 1.0, 0.25, 3.0], dtype=torch.float64)
ROWS = [[1, 1, 0.5, 0, 1, 0, 0], [0.25, 0, 0, 0, 1, 1, 1]]


def gating(exponent: float = 1.0) -> Gating:
    return Gating(LAYOUT, 0, Interval(4, GAMMA, exponent))


def test_rows_are_the_gates_of_their_units() -> None:
    assert gating().rows().tolist() == ROWS
    assert gating().weights().tolist() == [[gate for gate in rows for _ in range(2)] for rows in ROWS]


def test_counts() -> None:
    assert gating().count_on().tolist() == [3, 1, 1, 3]
    assert gating().needed().tolist() == [3, 2, 1, 4]
    fuzzy = Gating(LAYOUT, 0, width_of("fuzzy", 4, GAMMA))
    assert fuzzy.needed().tolist() == [4, 4, 4, 4]


def test_gradient_in_the_gates_sums_over_the_outgoing_weights() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, gradient = (torch.randn(2, 14, generator=generator, dtype=torch.float64) for _ in range(2))
    expected = (weight * gradient).view(2, 7, 2).sum(-1)
    assert_close(gating().from_weights(weight, gradient), expected, **CLOSE)


@pytest.mark.parametrize(("exponent", "slopes"), [(1.0, [1, 1, 1, 1]), (2.0, [1, 0, 0.5, 0])])
def test_gradient_in_gamma_takes_the_right_side(exponent: float, slopes: list[float]) -> None:
    """Rows 2 and 0 of the first stream's members move (at an integer the next unit), then rows 0 and, none there, 3."""
    rows = torch.arange(1.0, 15.0, dtype=torch.float64).view(2, 7)
    moved = torch.tensor([3.0, 6.0, 8.0, 0.0], dtype=torch.float64)
    expected = moved * torch.tensor(slopes, dtype=torch.float64)
    assert_close(gating(exponent).to_gamma(rows), expected, **CLOSE)
    assert_close(gating(exponent).one_sided(rows)[1], expected, **CLOSE)


def test_left_side_takes_the_last_unit_that_is_on() -> None:
    rows = torch.arange(1.0, 15.0, dtype=torch.float64).view(2, 7)
    assert gating().one_sided(rows)[0].tolist() == [3.0, 5.0, 8.0, 14.0]
    assert gating(2.0).one_sided(rows)[0].tolist() == [3.0, 10.0, 4.0, 28.0]


def test_a_unit_of_no_influence_has_no_derivative_even_at_an_infinite_slope() -> None:
    rows = torch.ones(2, 7, dtype=torch.float64)
    rows[0, 5] = 0.0
    right = gating(0.5).one_sided(rows)[1]
    assert right[:3].tolist() == pytest.approx([0.5 / 0.5**0.5, 0.0, 0.5 / 0.25**0.5])


@pytest.mark.parametrize("name", ["soft_support", "fuzzy", "concrete"])
def test_smooth_laws_have_one_derivative(name: str) -> None:
    gamma = torch.tensor([2.5, 1.5, 1.25, 3.0], dtype=torch.float64)
    layout = Layout(2, [(4,), (4,)], inputs=1, outputs=2)
    smooth = Gating(layout, 0, width_of(name, 4, gamma))
    left, right = smooth.one_sided(torch.ones(2, 8, dtype=torch.float64))
    assert_close(left, right, rtol=0, atol=0)
    assert_close(right, torch.ones(4, dtype=torch.float64), **CLOSE)  # the gates sum to gamma


@pytest.mark.parametrize("name", ["interval", "soft_support", "fuzzy", "concrete"])
def test_a_tied_law_follows_its_gamma(name: str) -> None:
    gamma = torch.tensor([1.5, 2.5], dtype=torch.float64)
    law = tied(width_of(name, 4, torch.full_like(gamma, 2.0)), gamma)
    for _ in range(2):
        assert_close(law.gates().detach(), width_of(name, 4, gamma).gates().detach(), rtol=0, atol=0)
        gamma += 0.75
    assert [parameter.data_ptr() for n, parameter in law.named_parameters() if n == "gamma"] == [gamma.data_ptr()]
