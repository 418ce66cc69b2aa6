"""Compiled projections against the pure ones: values, contract at the ends, NaN, and derivatives."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import grad, vmap
from torch.testing import assert_close

from continuum.compiled import compiled
from continuum.widths import project
from proofs_checks import strategies

SCALES = {
    "plain": lambda p: p,
    "wide": lambda p: 30 * p,
    "ties": lambda p: (2 * p).round() / 2,
    "heavy tails": lambda p: p**9,
    "equal": lambda p: 0 * p + 0.3,
    "tiny": lambda p: 1e-20 * p,
    "large": lambda p: 1e6 * p,
    "one giant": lambda p: p.index_fill(-1, torch.tensor(0), 1e30),
}


def both(scores, total):
    with compiled():
        ours = project(scores, total)
    return ours, project(scores, total)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("units", [1, 2, 3, 4, 5, 8, 9, 17, 200])  # fewer than a vector, whole ones, and a rest
def test_equals_the_pure_form(dtype, scale, units):
    """Up to the resolution of a threshold near the scores, and the rounding of a sum."""
    p, totals = SCALES[scale](torch.randn(20, units, dtype=dtype)), torch.rand(20, dtype=dtype) * (units + 1) - 0.5
    totals[3] = totals[3].round()
    size = max(1.0, p[p.abs() < 1e20].abs().max().item() if (p.abs() < 1e20).any() else 1.0)
    ours, pure = both(p, totals)
    assert ours.dtype == dtype
    assert_close(ours, pure, rtol=0, atol=(units + 8 + 4 * size) * torch.finfo(dtype).eps)


@given(strategies.vectors(-1e3, 1e3), strategies.numbers(0, 1, subnormal=True))
def test_drawn_scores(p, fraction):
    ours, pure = both(p, fraction * len(p))
    assert_close(ours, pure, rtol=0, atol=1e-12)


@given(strategies.ties(), st.integers(0, 12))
def test_ties_and_integers(p, twice):
    ours, pure = both(p, min(twice / 2, len(p)))
    assert_close(ours, pure, rtol=0, atol=1e-14)


def test_a_threshold_of_another_total_is_rejected():
    p = torch.randn(9, 30, dtype=torch.float64)
    ours, _ = both(p, 7.0 + 1e-9)
    assert (ours - project(p, 7.0)).abs().max() > 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nan_spoils_its_own_row_and_ends_are_reached(dtype):
    p = torch.tensor([[0.1, torch.nan, 0.3], [0.1, 0.2, 0.3], [0.0, 0.0, 0.0], [1e38, -1e38, 0.0]], dtype=dtype)
    for total in (-1.0, 0.0, 1.0, 3.0, 4.0, torch.nan):
        ours, pure = both(p, torch.tensor(total, dtype=dtype))
        assert torch.equal(ours.isnan(), pure.isnan())
        assert_close(ours, pure, rtol=0, atol=1e-6, equal_nan=True)


def test_no_rows_and_broken_layouts():
    with compiled():
        assert project(torch.zeros(0, 3), torch.zeros(0)).shape == (0, 3)
        p = torch.randn(5, 4, 6, dtype=torch.float64)
        turned, whole = project(p.transpose(0, 1), 2.5), project(p, 2.5)
        assert torch.equal(turned, whole.transpose(0, 1))
        assert torch.equal(project(p[..., ::2], 1.5), project(p[..., ::2].contiguous(), 1.5))


def test_derivatives_are_those_of_the_pure_form():
    p = torch.randn(12, 6, dtype=torch.float64, requires_grad=True)
    total = (1.3 + 3 * torch.rand(12, dtype=torch.float64)).requires_grad_()
    weights = torch.randn(6, dtype=torch.float64)
    with compiled():
        assert torch.autograd.gradcheck(project, (p, total))
        ours = torch.autograd.grad((project(p, total) @ weights).sum(), (p, total))
        mapped = vmap(grad(lambda row: project(row, 2.5) @ weights))(p.detach())
    assert_close(ours, torch.autograd.grad((project(p, total) @ weights).sum(), (p, total)), rtol=0, atol=1e-14)
    assert_close(mapped, torch.autograd.grad((project(p, 2.5) @ weights).sum(), p)[0], rtol=0, atol=1e-14)


def test_threads_do_not_matter():
    p, threads = torch.randn(300, 40), torch.get_num_threads()
    alone, _ = both(p, 7.5)
    torch.set_num_threads(2)
    try:
        assert torch.equal(both(p, 7.5)[0], alone)
    finally:
        torch.set_num_threads(threads)
