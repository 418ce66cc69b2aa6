"""The score-function estimator and its baselines; the sample mean as baseline is the wrong one."""

from itertools import product

import pytest
import torch
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Estimate, Exact, ScoreFunction
from tests.estimators.contract import LAWS, SampledContract, UnbiasedContract, draw, laws, loss, seeded
from tests.estimators.quadrature import noise_of


def enumerated(estimator, q, f=loss):
    """Mean gradient, over all tuples of outcomes that the samples can be."""
    middle = torch.full_like(q.logits, 0.5)
    noise = [noise_of(q, outcome, middle) for outcome in q.support()]
    share = [q.log_prob(outcome).exp() for outcome in q.support()]
    total = torch.zeros_like(q.logits)
    for chosen in product(range(q.outcomes), repeat=estimator.samples):
        estimate = estimator(q, f, noise=torch.stack([noise[k] for k in chosen]).unsqueeze(0))
        total += torch.stack([share[k] for k in chosen]).prod() * estimate.gradient
    return total


class TestPlain(UnbiasedContract):
    def make(self, samples):
        return ScoreFunction(samples)


class TestConstant(UnbiasedContract):
    def make(self, samples):
        return ScoreFunction(samples, baseline=-3.5)


class TestLeaveOneOut(SampledContract):
    """Unbiased, too, but by enumeration: its samples lean on one another, so that a rule over one would not do."""

    def make(self, samples):
        return ScoreFunction(samples, baseline="leave_one_out")

    @laws
    @pytest.mark.parametrize("samples", [2, 3])
    def test_unbiased_over_all_tuples_of_outcomes(self, law, samples):
        q = draw(law, entries=2)
        exact, gradient = Exact()(q, loss).gradient, enumerated(self.make(samples), q)
        assert_close(gradient, exact, rtol=0, atol=1e-15)
        with pytest.raises(AssertionError):  # less the mean of all samples, which shrinks it
            assert_close(gradient * (1 - 1 / samples), exact, rtol=0, atol=1e-3)

    def test_the_mean_of_all_samples_shrinks_the_gradient(self):
        """The factor that the falsifier above stands on."""
        q, noise = draw(Bernoulli), torch.rand(1, 4, 3, dtype=torch.float64)
        plain, left_out = (ScoreFunction(4, baseline=b)(q, loss, noise=noise) for b in (None, "leave_one_out"))
        score = plain.gradients / plain.losses.unsqueeze(-1)
        by_hand = (plain.losses - plain.losses.mean()).unsqueeze(-1) * score
        assert_close(left_out.gradients * (1 - 1 / 4), by_hand)


class TestBaselines:
    @pytest.mark.parametrize("baseline", [None, 2.0, -7.5])
    @pytest.mark.parametrize("law", LAWS)
    def test_unbiased_by_enumeration(self, law, baseline):
        q = draw(law)
        gradient = enumerated(ScoreFunction(1, baseline=baseline), q)
        assert_close(gradient, Exact()(q, loss).gradient, rtol=0, atol=1e-14)

    def test_one_for_each_member_of_a_batch(self):
        q, baselines = draw(Bernoulli, (2,)), torch.tensor([0.0, 3.0], dtype=torch.float64)
        noise = torch.rand(1, 4, 2, 3, dtype=torch.float64)
        gradient = ScoreFunction(4, baseline=baselines)(q, loss, noise=noise).gradients
        for i in range(2):
            one = ScoreFunction(4, baseline=float(baselines[i]))(q, loss, noise=noise).gradients
            assert_close(gradient[:, i], one[:, i])
        with pytest.raises(BadInput, match="baseline"):
            ScoreFunction(4, baseline=torch.zeros(5, 4, 2))(q, loss)

    def test_leaving_one_out_lowers_the_variance_of_a_loss_far_from_0(self):
        q, f = draw(Bernoulli, (20_000,)), lambda b: loss(b) + 10
        plain, left_out = (ScoreFunction(8, b)(q, f, generator=seeded()) for b in (None, "leave_one_out"))
        exact = Exact()(q, f).gradient
        assert (left_out.gradient - exact).square().mean() < 0.1 * (plain.gradient - exact).square().mean()

    def test_a_black_box_is_welcome(self):
        q = draw(Bernoulli)
        estimate = ScoreFunction(4)(q, lambda b: torch.from_numpy(b.numpy().round().sum(-1)))
        assert estimate.gradient.isfinite().all()

    @pytest.mark.usefixtures("unchecked")
    def test_bad_baselines(self):
        with pytest.raises(BadInput, match="expected one of leave_one_out, got 'mean'"):
            ScoreFunction(4, baseline="mean")
        with pytest.raises(BadInput, match=">= 2"):
            ScoreFunction(1, baseline="leave_one_out")
        with pytest.raises(BadInput, match="baseline"):
            ScoreFunction(4, baseline=float("nan"))


def test_the_second_moment_is_the_mean_squared_length():
    gradients = torch.tensor([[3.0, 4.0], [0.0, -1.0]])
    assert Estimate(torch.zeros(2), gradients).second_moment.item() == (25 + 1) / 2
