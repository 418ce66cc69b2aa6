"""Couplings of on-off gates: marginals, counts, gradients; and Gumbel noise."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import sampling
from continuum.widths.sampling import bernoulli, comonotone, gumbel, straight_through, systematic
from continuum.widths.simplex import project
from proofs_checks import strategies

grades = strategies.vectors(0, 1, most=7)
EXAMPLE = torch.tensor([0.9, 0.2, 0.55, 0.7], dtype=torch.float64)
DRAWS = 200_000
DETECTABLE = 0.01  # bias of a marginal that DRAWS draws tell from 0 by five standard errors


def pieces(g: Tensor) -> tuple[Tensor, Tensor]:
    """Midpoints and lengths of the intervals of the offset on which a systematic sample is constant."""
    ends = torch.cat([torch.zeros(1, dtype=torch.float64), (-g.cumsum(-1)).remainder(1).sort().values, torch.ones(1)])
    return (ends[1:] + ends[:-1]) / 2, ends.diff()


def marginals_off_by(g: Tensor, sample: Tensor) -> float:
    """Largest distance of the marginals from g in standard errors."""
    error = (g * (1 - g) / len(sample)).sqrt()
    return float(((sample.mean(0) - g).abs() / error).max())


class TestSystematic:
    @given(grades)
    def test_marginals_are_exact(self, g):
        offsets, lengths = pieces(g)
        samples = systematic(g.expand(len(offsets), -1), offset=offsets)
        assert_close((samples * lengths.unsqueeze(-1)).sum(0), g, rtol=0, atol=1e-11)

    @given(grades, st.floats(0, 1, exclude_max=True))
    def test_count_is_floor_or_ceil(self, g, offset):
        sample, total = systematic(g, offset=torch.tensor(offset, dtype=torch.float64)), float(g.sum())
        assert set(sample.tolist()) <= {0.0, 1.0}
        assert abs(float(sample.sum()) - total) < 1 + 1e-11

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("total", [3.0, 100.0, 411.0])
    def test_a_whole_cardinality_is_never_missed(self, dtype, total):
        g = project(torch.rand(200, 512, dtype=dtype), total)
        assert (systematic(g, torch.full((200,), total, dtype=dtype)).sum(-1) == total).all()

    def test_floats_that_are_added_up_lose_or_gain_units(self):
        g = project(torch.rand(200, 512), 411.0)
        assert (g.cumsum(-1)[:, -1].floor() != 411).any()  # the count at offset 0
        assert (systematic(g, torch.full((200,), 411.0), offset=torch.zeros(200)).sum(-1) == 411).all()

    def test_crisp_grades_are_never_missed(self):
        g = torch.tensor([1.0, 0.0, 0.3, 1.0, 0.0, 0.7000001, 0.0])
        for offset in torch.linspace(0, 0.999999, 101):
            sample = systematic(g, torch.tensor(3.0), offset=offset)
            assert sample[[0, 1, 3, 4, 6]].tolist() == [1, 0, 1, 0, 0]
            assert sample.sum() == 3


class TestMarginals:
    @pytest.mark.parametrize("name", ["bernoulli", "comonotone", "systematic"])
    def test_unbiased_up_to_the_detectable_bias(self, name):
        sample = getattr(sampling, name)(EXAMPLE.expand(DRAWS, -1))
        assert marginals_off_by(EXAMPLE, sample) < 5
        assert marginals_off_by(EXAMPLE - DETECTABLE, sample) > 5

    def test_couplings_share_the_mean_and_differ_in_the_variance_of_the_count(self):
        variances = {bernoulli: 0.708, comonotone: 1.627, systematic: 0.228}
        for coupling, variance in variances.items():
            count = coupling(EXAMPLE.expand(DRAWS, -1)).sum(-1)
            assert abs(count.mean() - 2.35) < 5 * (variance / DRAWS) ** 0.5
            assert abs(count.var() - variance) < 0.02, coupling

    @pytest.mark.parametrize("name", ["bernoulli", "comonotone", "systematic"])
    def test_certain_gates_nan_and_generator(self, name):
        coupling, g = getattr(sampling, name), torch.tensor([0.0, 1.0, 0.0]).expand(100, -1)
        assert torch.equal(coupling(g), g)
        assert coupling(torch.tensor([torch.nan, 0.5]))[0].isnan()
        g = torch.rand(50, 9)
        one, two = (coupling(g, generator=torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(one, two)

    @pytest.mark.parametrize("name", ["bernoulli", "comonotone", "systematic"])
    def test_samples_are_constants(self, name):
        g = torch.tensor([torch.nan, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
        assert not getattr(sampling, name)(g).requires_grad

    @pytest.mark.parametrize("name", ["bernoulli", "comonotone"])
    def test_grade_0_is_off_for_the_smallest_number_that_may_be_drawn(self, name, monkeypatch):
        monkeypatch.setattr(torch, "rand_like", torch.zeros_like)  # probability 2^-24 in float32
        assert getattr(sampling, name)(torch.tensor([0.0, 1e-7, 1.0])).tolist() == [0, 1, 1]


class TestGradients:
    """Enumeration of all 2^N masks of independent gates."""

    effects = torch.tensor([0.7, -1.1, 0.4, 0.9], dtype=torch.float64)

    def expectation(self, loss, g: Tensor) -> Tensor:
        return sum(probability(g, m) * loss(m) for m in masks())

    def passed_through(self, loss, g: Tensor) -> Tensor:
        """Mean of the straight-through gradient."""
        mean = torch.zeros_like(g)
        for m in masks():
            leaf = g.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(loss(straight_through(m, leaf)), leaf)
            mean += probability(g, m) * gradient
        return mean

    def quadratic(self, m: Tensor) -> Tensor:
        return (m * self.effects).sum() ** 2

    def affine_in_each(self, m: Tensor) -> Tensor:
        return m[0] * m[1] * m[2] - 2 * m[1] * m[3] + 0.5 * m[0]

    @pytest.mark.parametrize("name", ["quadratic", "affine_in_each"])
    def test_gradient_of_the_expectation_is_a_difference_of_conditional_means(self, name):
        loss, g = getattr(self, name), EXAMPLE.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self.expectation(loss, g), g)
        for unit in range(4):
            on, off = (EXAMPLE.index_fill(0, torch.tensor(unit), value) for value in (1.0, 0.0))
            assert_close(
                gradient[unit], self.expectation(loss, on) - self.expectation(loss, off), rtol=1e-12, atol=1e-14
            )
        (mean_field,) = torch.autograd.grad(loss(g), g)
        assert (name == "affine_in_each") == torch.allclose(mean_field, gradient, rtol=0, atol=1e-3)

    def test_straight_through_drops_the_gradient_of_the_sample(self):
        p = torch.tensor([0.25, 0.5], dtype=torch.float64, requires_grad=True)
        m = straight_through(3 * p, p.square())
        assert m.tolist() == [0.75, 1.5]
        assert torch.autograd.grad(m.sum(), p)[0].tolist() == [0.5, 1.0]

    def test_straight_through_is_unbiased_for_losses_affine_in_each_gate(self):
        g = EXAMPLE.clone().requires_grad_()
        (exact,) = torch.autograd.grad(self.expectation(self.affine_in_each, g), g)
        assert_close(self.passed_through(self.affine_in_each, EXAMPLE), exact, rtol=1e-12, atol=1e-14)

    def test_straight_through_has_the_stated_bias_for_a_square(self):
        g = EXAMPLE.clone().requires_grad_()
        (exact,) = torch.autograd.grad(self.expectation(self.quadratic, g), g)
        bias = self.passed_through(self.quadratic, EXAMPLE) - exact
        assert_close(bias, self.effects**2 * (2 * EXAMPLE - 1), rtol=1e-12, atol=1e-14)
        assert bias.abs().max() > 0.1


class TestGumbel:
    q = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)

    def frequencies_off_by(self, noise: Tensor) -> float:
        winners = (self.q.log() + noise).argmax(-1)
        return marginals_off_by(self.q, torch.nn.functional.one_hot(winners, 4).double())

    def test_the_largest_perturbed_logit_is_a_draw_from_q(self):
        assert self.frequencies_off_by(gumbel(self.q.expand(DRAWS, -1))) < 5

    def test_the_other_sign_is_rejected(self):
        assert self.frequencies_off_by(-gumbel(self.q.expand(DRAWS, -1))) > 20

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_always_finite(self, dtype, monkeypatch):
        assert gumbel(torch.zeros(10**6, dtype=dtype)).isfinite().all()
        monkeypatch.setattr(torch, "rand_like", torch.zeros_like)
        assert gumbel(torch.ones(3, dtype=dtype)).isfinite().all()


def masks() -> list[Tensor]:
    return [torch.tensor(m, dtype=torch.float64) for m in itertools.product((0.0, 1.0), repeat=4)]


def probability(g: Tensor, m: Tensor) -> Tensor:
    return (m * g + (1 - m) * (1 - g)).prod()
