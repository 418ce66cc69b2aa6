"""The pathwise estimator: its bias and variance in closed form and as rates, and the straight-through variant."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Categorical, Concrete, Exact
from tests.estimators.contract import SampledContract, dtypes, laws, loss, seeded
from tests.estimators.quadrature import expectation

TEMPERATURES = [0.04, 0.02, 0.01, 0.005]
A = torch.tensor([0.7], dtype=torch.float64)
S = A.sigmoid()
FIRST = S * (1 - S)
SECOND = FIRST * (1 - 2 * S)
THIRD = FIRST * (1 - 6 * FIRST)


def linear(m):
    return m.sum(-1)


def square(m):
    return m.square().sum(-1)


def relaxed(f, temperature, logit=A):
    """Mean and mean square of the gradient of one Bernoulli entry, by trapezoids over z / t: exponentially accurate.

    Beyond the ends of the rule the relaxed sample does not move any more.
    """
    steps = torch.linspace(-60, 60, 24_001, dtype=torch.float64)
    noise = (temperature * steps - logit).sigmoid()
    weights = noise * (1 - noise) * temperature * (steps[1] - steps[0])
    estimate = Concrete(len(steps), temperature)(Bernoulli(logit), f, noise=noise.reshape(1, -1, 1))
    return weights @ estimate.gradients, weights @ estimate.gradients.square()


def slope(errors, steps=TEMPERATURES):
    return np.polyfit(np.log(steps), np.log([float(abs(e)) for e in errors]), 1)[0]


class TestRelaxed(SampledContract):
    def make(self, samples):
        return Concrete(samples, temperature=0.6)


class TestStraightThrough(SampledContract):
    def make(self, samples):
        return Concrete(samples, temperature=0.6, straight_through=True)

    @laws
    def test_the_value_is_unbiased_and_the_gradient_is_not(self, law):
        q = law(torch.tensor([0.8, -0.4], dtype=torch.float64))
        exact, (value, gradient) = Exact()(q, loss), expectation(self.make, q, loss, nodes=60)
        assert_close(value, exact.value, rtol=0, atol=1e-11)
        assert (gradient - exact.gradient).abs().max() > 1e-2

    @laws
    def test_the_gradient_of_a_linear_loss_is_the_relaxed_one(self, law):
        q = law(torch.randn(3, dtype=torch.float64))
        hard, soft = (Concrete(5, 0.6, straight_through=s)(q, linear, generator=seeded()) for s in (True, False))
        assert_close(hard.gradients, soft.gradients)


class TestMean:
    @pytest.mark.parametrize("alpha", [9.0, 2.0, 0.25])
    def test_closed_form_at_temperature_one(self, alpha):
        exact = alpha * (alpha - 1 - math.log(alpha)) / (alpha - 1) ** 2
        logit = math.log(alpha)
        one, two = (torch.tensor(a, dtype=torch.float64) for a in ([logit], [logit, 0.0]))
        for q in (Bernoulli(one), Categorical(two)):
            value, _ = expectation(lambda s: Concrete(s, 1.0), q, lambda m: m[..., 0], nodes=60)
            assert_close(value.item(), exact, rtol=0, atol=1e-12)
            with pytest.raises(AssertionError):
                assert_close(value.item(), alpha / (alpha + 1), rtol=0, atol=1e-2)

    @laws
    def test_the_relaxed_problem_differs_from_the_hard_one(self, law):
        q = law(torch.tensor([0.8, -0.4], dtype=torch.float64))
        value, gradient = expectation(lambda s: Concrete(s, 0.6), q, loss, nodes=60)
        exact = Exact()(q, loss)
        assert (value - exact.value).abs() > 1e-2
        assert (gradient - exact.gradient).abs().max() > 1e-2


class TestBias:
    def test_at_temperature_one_and_logit_0(self):
        mean, _ = relaxed(linear, 1.0, torch.zeros(1, dtype=torch.float64))
        assert_close(mean.item(), 1 / 6, rtol=0, atol=1e-13)
        assert Exact()(Bernoulli(torch.zeros(1)), linear).gradient.item() == 1 / 4

    def test_second_order_for_a_linear_loss(self):
        errors = [relaxed(linear, t)[0] - FIRST for t in TEMPERATURES]
        assert abs(slope(errors) - 2) < 0.05
        rest = [e - math.pi**2 / 6 * t**2 * THIRD for e, t in zip(errors, TEMPERATURES, strict=True)]
        assert abs(slope(rest) - 4) < 0.1
        wrong = [e - math.pi**2 / 3 * t**2 * THIRD for e, t in zip(errors, TEMPERATURES, strict=True)]
        assert abs(slope(wrong) - 4) > 1

    def test_first_order_for_a_square(self):
        errors = [relaxed(square, t)[0] - FIRST for t in TEMPERATURES]
        assert abs(slope(errors) - 1) < 0.1
        rest = [e + t * SECOND for e, t in zip(errors, TEMPERATURES, strict=True)]
        assert abs(slope(rest) - 2) < 0.1
        wrong = [e - t * SECOND for e, t in zip(errors, TEMPERATURES, strict=True)]
        assert abs(slope(wrong) - 2) > 0.5

    def test_variance_grows_like_one_over_the_temperature(self):
        ratios = []
        for t in TEMPERATURES:
            mean, moment = relaxed(linear, t)
            ratios.append(float((moment - mean**2) / (FIRST / (6 * t))))
        gaps = [1 - r for r in ratios]
        assert abs(slope(gaps) - 1) < 0.1  # the ratio tends to 1
        assert abs(gaps[-1]) < 0.05


class TestUse:
    @laws
    @dtypes
    @pytest.mark.parametrize("straight_through", [False, True])
    def test_finite_at_a_thousandth(self, law, dtype, straight_through):
        q = law(torch.randn(64, dtype=dtype) * 30)
        estimate = Concrete(500, 1e-3, straight_through)(q, loss)
        assert estimate.losses.isfinite().all()
        assert estimate.gradients.isfinite().all()

    @pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf, torch.tensor([0.5, 0.0])])
    def test_bad_temperatures(self, temperature):
        with pytest.raises(BadInput, match="temperature: expected a finite number > 0"):
            Concrete(4, temperature)

    def test_a_temperature_that_has_moved_to_0_is_refused(self):
        temperature = torch.tensor(0.5)
        estimator = Concrete(4, temperature)
        temperature.zero_()
        with pytest.raises(BadInput, match="temperature"):
            estimator(Bernoulli(torch.zeros(2)), loss)

    def test_a_loss_without_a_derivative_is_refused(self):
        weight, q = torch.ones(2, requires_grad=True), Bernoulli(torch.zeros(2))
        for f in (lambda m: m.detach().sum(-1), lambda m: (m.detach() * weight).sum(-1)):
            with pytest.raises(BadInput, match="without a path"):
                Concrete(4, 0.5)(q, f)
