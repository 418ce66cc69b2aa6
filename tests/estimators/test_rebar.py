"""REBAR: unbiased for every scale and temperature, by quadrature over both noises; tuned by its variance."""

import pytest
import torch
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Exact, Rebar, ScoreFunction
from tests.estimators.contract import LAWS, UnbiasedContract, draw, laws, loss, seeded
from tests.estimators.quadrature import expectation, noise_of, rule


def tensor_rule(q, nodes=200):
    """Noise of the full product rule over u and v, for one entry, and its weights; u is cut where b changes."""
    points, weights = rule(nodes, 1)
    u = torch.cat([noise_of(q, outcome, points) for outcome in q.support()])
    share = torch.cat([q.log_prob(outcome).exp() * weights for outcome in q.support()])
    noise = torch.stack([u.repeat_interleave(nodes, 0), points.repeat(len(u), 1)])
    return noise, torch.outer(share, weights).flatten()


class Attached(Bernoulli):
    """Wrong: takes z itself for the conditional, if v = u."""

    def condition(self, sample, uniform):
        return self.perturb(uniform)


class Frozen(Bernoulli):
    """Wrong: forgets that the conditional depends on the logits."""

    def condition(self, sample, uniform):
        return super().condition(sample, uniform).detach()


class TestRebar(UnbiasedContract):
    def make(self, samples):
        return Rebar(samples, temperature=0.5, scale=0.8)


class TestWarmAndLarge(UnbiasedContract):
    def make(self, samples):
        return Rebar(samples, temperature=2.0, scale=-1.7)


class TestBias:
    @pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 3.0])
    @pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, -2.0])
    def test_none_by_the_full_rule(self, temperature, scale):
        q = Bernoulli(torch.tensor([0.7], dtype=torch.float64))
        noise, weights = tensor_rule(q)
        estimate = Rebar(len(weights), temperature, scale)(q, loss, noise=noise)
        exact = Exact()(q, loss)
        assert_close(weights @ estimate.losses, exact.value, rtol=0, atol=1e-13)
        assert_close(weights @ estimate.gradients, exact.gradient, rtol=0, atol=1e-12)

    def test_equals_the_textbook_formula(self):
        """Term by term, with the conditional by the truncated inverse and autograd through all of it."""
        a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        for u, v in torch.rand(20, 2, dtype=torch.float64):
            p = a.sigmoid()
            b = float(u > 1 - p)
            cut = (1 - p) + p * v if b else (1 - p) * v
            free, tied = (loss(((a + x.logit()) / 0.5).sigmoid().reshape(1)) for x in (u, cut))
            (path,) = torch.autograd.grad(free - tied, a, retain_graph=True)
            expected = (loss(torch.full((1,), b).double()) - 0.8 * tied) * (b - p) + 0.8 * path
            noise = torch.stack([u, v]).reshape(2, 1, 1)
            estimate = Rebar(1, 0.5, 0.8)(Bernoulli(a.detach().reshape(1)), loss, noise=noise)
            assert_close(estimate.gradient[0], expected.detach(), rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("wrong", [Attached, Frozen])
    def test_wrong_conditionals_are_rejected(self, wrong):
        right = Bernoulli(torch.tensor([0.7], dtype=torch.float64))
        noise, weights = tensor_rule(right)
        if wrong is Attached:
            noise = noise[:1].repeat(2, 1, 1)
        gradient = weights @ Rebar(len(weights), 0.5)(wrong(right.logits), loss, noise=noise).gradients
        with pytest.raises(AssertionError):
            assert_close(gradient, Exact()(right, loss).gradient, rtol=0, atol=1e-2)

    @laws
    @pytest.mark.parametrize("temperature", [0.3, 1.5])
    def test_none_for_two_entries(self, law, temperature):
        q = draw(law, entries=2)
        _, gradient = expectation(lambda s: Rebar(s, temperature, 1.3), q, loss, nodes=80)
        assert_close(gradient, Exact()(q, loss).gradient, rtol=0, atol=1e-11)


class TestVariance:
    @laws
    def test_scale_0_is_the_score_function(self, law):
        q, noise = draw(law), torch.rand(2, 6, 3, dtype=torch.float64)
        rebar, score = Rebar(6, 0.5, 0.0)(q, loss, noise=noise), ScoreFunction(6)(q, loss, noise=noise[:1])
        assert_close(rebar.gradients, score.gradients)

    @laws
    def test_the_control_variate_lowers_it(self, law):
        q = draw(law)
        rebar, score = (e(q, loss, generator=seeded()).second_moment for e in (Rebar(4000, 0.5), ScoreFunction(4000)))
        assert rebar < 0.5 * score

    @laws
    def test_its_gradient_in_scale_and_temperature(self, law):
        q, noise = draw(law, (2,)), torch.rand(2, 6, 2, 3, dtype=torch.float64)
        scale = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
        temperature = torch.tensor([0.5, 0.9], dtype=torch.float64, requires_grad=True)

        def moment(scale, temperature):
            return Rebar(6, temperature, scale)(q, loss, noise=noise).second_moment

        assert torch.autograd.gradcheck(moment, (scale, temperature))

    def test_descent_on_the_second_moment_descends_on_the_variance_by_quadrature(self):
        q = Bernoulli(torch.tensor([0.7], dtype=torch.float64))
        noise, weights = tensor_rule(q, nodes=60)

        def variance(scale):
            estimate = Rebar(len(weights), 0.5, scale)(q, loss, noise=noise)
            moment = (weights @ estimate.gradients.square()).sum()
            return moment - (weights @ estimate.gradients.detach()).square().sum()

        scale = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
        (at_0,) = torch.autograd.grad(variance(scale), scale)
        curvature = variance(torch.tensor(1.0)) - variance(torch.tensor(0.0)) - at_0  # the variance is quadratic in it
        best = float(-at_0 / (2 * curvature))
        assert variance(best) < 0.2 * variance(0.0)
        assert variance(best) < min(variance(best - 0.1), variance(best + 0.1))

    def test_nothing_is_kept_for_numbers_that_cannot_be_tuned(self):
        assert not Rebar(4, 0.5, 1.0)(draw(Bernoulli), loss).gradients.requires_grad


class TestUse:
    @pytest.mark.parametrize("law", LAWS)
    def test_scales_and_temperatures_of_a_batch(self, law):
        q, noise = draw(law, (2,)), torch.rand(2, 6, 2, 3, dtype=torch.float64)
        scales, temperatures = torch.tensor([0.5, 1.5]).double(), torch.tensor([0.3, 0.9]).double()
        gradient = Rebar(6, temperatures, scales)(q, loss, noise=noise).gradients
        for i in range(2):
            one = Rebar(6, float(temperatures[i]), float(scales[i]))(q, loss, noise=noise).gradients
            assert_close(gradient[:, i], one[:, i])

    def test_bad_input(self):
        with pytest.raises(BadInput, match="temperature"):
            Rebar(4, 0.0)
        with pytest.raises(BadInput, match="scale"):
            Rebar(4, 0.5, float("nan"))
        with pytest.raises(BadInput, match="one loss per sample"):  # a scale that would spread the losses
            Rebar(4, 0.5, torch.ones(5, 4, 2))(draw(Bernoulli, (2,)), loss)
