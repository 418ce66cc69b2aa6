"""Self-tuning against its fixed points: where it is exact, where it is off, and by how much."""

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.hypergrad import (
    BestResponse,
    Bilevel,
    Hermite,
    Outcome,
    Predictive,
    Sampled,
    SelfTuning,
    linear,
    scale_gradient,
)
from continuum.problems import quadratic_bilevel, ridge
from tests.hypergrad.contract import minimum, network


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


RIDGE, LAM = ridge(features=3, rows=20, held_out=10), number(0.5)
LR = 0.7 / float(torch.linalg.eigvalsh(RIDGE.hessian(LAM))[-1])
BILEVEL, POINT = quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)
#: Nodes for a Gaussian mean of exp(sigma e) times a square, sigma <= 1, to rounding.
FINE = Hermite(16)


#: Steps from a fixed point: were it none, each would move by the gradient there, far above rounding.
STILL = 4


def tuned(scale: float, steps: int, **options) -> SelfTuning:
    return SelfTuning(scale, steps, LR, FINE, linearised=False, **options)


def distances(method: SelfTuning, problem: Bilevel, start: Tensor, at: Tensor, end: Tensor) -> list[float]:
    """How far the slopes are from ``end``, at a start twice as far from 0 and after a few steps from there."""
    off = dataclasses.replace(method, steps=STILL, slopes=2 * end).fit(problem, start, at).slopes
    return [float(torch.linalg.vector_norm(slopes - end)) for slopes in (2 * end, off)]


class TestFixedPoints:
    @pytest.mark.parametrize("scale", [0.1, 0.7])
    def test_ridge(self, scale):
        w, slope = RIDGE.self_tuned(LAM, scale)
        response = tuned(scale, steps=180).fit(RIDGE, RIDGE.solution(LAM), LAM)  # from slopes of 0
        assert torch.equal(response.parameters, RIDGE.solution(LAM))
        assert_close(response.slopes, slope, rtol=1e-10, atol=1e-12)
        result = tuned(scale, STILL, slopes=response.slopes)(RIDGE, RIDGE.solution(LAM), LAM)
        assert_close(result.total, slope[:, 0] @ RIDGE.outer_gradient(w, LAM), rtol=1e-10, atol=1e-12)
        with pytest.raises(AssertionError):  # not the truth, at this scale
            assert_close(result.total, RIDGE.hypergradient(LAM).total, rtol=1e-4, atol=0)

    def test_ridge_with_weights_trained_under_the_noise(self):
        w, slope = RIDGE.self_tuned(LAM, 0.7, perturbed=True)
        method = tuned(0.7, STILL, perturbed=True, slopes=slope)
        response = method.fit(RIDGE, w, LAM)
        assert_close(response.parameters, w, rtol=1e-10, atol=1e-12)
        assert_close(response.slopes, slope, rtol=1e-10, atol=1e-12)
        before, after = distances(method, RIDGE, w, LAM, slope)
        assert after < 0.9 * before
        moved = method.fit(RIDGE, 2 * w, LAM).parameters
        assert (moved - w).norm() < 0.9 * w.norm()
        with pytest.raises(AssertionError):  # they are not the minimum
            assert_close(response.parameters, RIDGE.solution(LAM), rtol=1e-3, atol=0)

    def test_the_naive_form_ends_in_the_same_line_without_centre(self):
        w, slope = RIDGE.self_tuned(LAM, 0.7, perturbed=True)
        method = SelfTuning.naive(0.7, steps=STILL, lr=LR, noise=Hermite(12), slopes=slope)
        response = method.fit(RIDGE, w - slope[:, 0] * LAM, LAM)
        assert_close(response(LAM), w, rtol=1e-9, atol=1e-11)
        assert_close(response.slopes, slope, rtol=1e-9, atol=1e-11)
        assert_close(response.parameters, w - slope[:, 0] * LAM, rtol=1e-9, atol=1e-11)
        before, after = distances(method, RIDGE, response.parameters, LAM, slope)
        assert after < 0.9 * before

    def test_an_affine_minimum_is_met_exactly_at_any_scale(self):
        lr, exact = 1 / float(torch.linalg.eigvalsh(BILEVEL.a)[-1]), BILEVEL.hypergradient(POINT)
        w, slope = BILEVEL.solution(POINT), BILEVEL.jacobian(POINT)
        from_zero = {"steps": 260, "slopes": None}
        for scale, start in ((0.01, {}), (3.0, from_zero), (torch.tensor([1.0, 2.0], dtype=torch.float64), {})):
            method = SelfTuning(
                scale, lr=lr, noise=Hermite(2), linearised=False, **({"steps": STILL, "slopes": slope} | start)
            )
            before, after = distances(method, BILEVEL, w, POINT, slope)
            assert after < 0.9 * before
            result = method(BILEVEL, w, POINT)
            assert_close(result.direct, exact.direct, rtol=1e-10, atol=1e-12)
            assert_close(result.response, exact.response, rtol=1e-9, atol=1e-10)

    def test_error_is_the_square_of_the_scale(self):
        truth = RIDGE.hypergradient(LAM).total
        errors = []
        for scale in (0.05, 0.1):
            w, slope = RIDGE.self_tuned(LAM, scale)
            errors.append((tuned(scale, STILL, slopes=slope)(RIDGE, w, LAM).total - truth).abs())
        assert_close(torch.log2(errors[1] / errors[0]), number(2.0), rtol=0, atol=0.05)

    def test_response_only_would_be_wrong(self):
        """Where the outer loss sees the hyperparameters, its direct term belongs to the update."""
        exact = BILEVEL.hypergradient(POINT)
        with pytest.raises(AssertionError):
            assert_close(exact.response, exact.total, rtol=1e-2, atol=0)


class TestCorrections:
    def test_the_naive_gradient_is_further_from_the_truth(self):
        truth, (start, slope) = RIDGE.hypergradient(LAM).total, RIDGE.self_tuned(LAM, 0.5)
        corrected = tuned(0.5, STILL, slopes=slope)(RIDGE, start, LAM).total
        w, slope = RIDGE.self_tuned(LAM, 0.5, perturbed=True)
        naive = SelfTuning.naive(0.5, steps=STILL, lr=LR, noise=Hermite(8), slopes=slope)
        naive = naive(RIDGE, w - slope[:, 0] * LAM, LAM).total
        assert (corrected - truth).abs() < (naive - truth).abs()

    def test_the_naive_form_takes_the_same_noise(self):
        assert SelfTuning.naive(0.5, 2, 0.1).noise == SelfTuning(0.5, 2, 0.1).noise == Sampled(pairs=8)

    def test_linearising_changes_nothing_where_the_output_is_linear(self):
        problem, start, h = network()
        w = minimum(problem, start, h)
        method = SelfTuning(0.5, 20, 0.3, Hermite(3))
        plain = dataclasses.replace(method, linearised=False)
        assert_close(method(problem, w, h).total, plain(problem, w, h).total, rtol=1e-12, atol=1e-13)

    def test_linearised_slopes_are_those_of_the_linearised_output(self):
        """f = w^3: for a square loss the best slope of the linear output is that of f, at any scale."""
        problem = Predictive(lambda w, h: w**3, lambda o, w, h: (o - h).square(), lambda w, h: w)
        w, h = number(2.0), number(8.0)
        method = SelfTuning(2.0, STILL, 1 / 288, Hermite(8))  # 288 is the curvature: one step would do
        slope = method.fit(problem, w, h).slopes
        assert_close(slope[0], number(1 / 12), rtol=1e-10, atol=0)
        plain = dataclasses.replace(method, linearised=False, lr=1 / 2000, steps=20, slopes=slope)
        with pytest.raises(AssertionError):  # no fixed point of the output as it is
            assert_close(plain.fit(problem, w, h).slopes[0], number(1 / 12), rtol=1e-3, atol=0)

    def test_one_step_at_the_inverse_of_the_curvature(self):
        """The rate of the slopes is over the mean square of what they are multiplied with, summed over all of it."""
        curvature, c = 5.0, torch.tensor([2.0, -3.0], dtype=torch.float64)
        problem = Bilevel(lambda w, h: curvature / 2 * (w - c @ h).square(), lambda w, h: w)
        h, scale = torch.tensor([3.0, 0.5], dtype=torch.float64), torch.tensor([0.5, 2.0], dtype=torch.float64)
        centred = SelfTuning(scale, 1, 1 / curvature, Hermite(2), linearised=False)
        slopes = centred.fit(problem, c @ h, h).slopes
        assert_close(slopes, c * scale.square() / scale.square().sum(), rtol=1e-12, atol=0)
        # Without a centre they are multiplied with h + noise.
        slopes = dataclasses.replace(centred, centred=False).fit(problem, number(0.0), h).slopes
        moments = torch.outer(h, h) + scale.square().diag()
        assert_close(slopes, moments @ c / moments.trace(), rtol=1e-12, atol=0)

    def test_slopes_see_the_inner_loss_only(self):
        other = Bilevel(RIDGE.inner, lambda w, lam: 100 * w.sum())
        fits = [tuned(0.5, steps=5).fit(p, RIDGE.solution(LAM), LAM).slopes for p in (RIDGE, other)]
        assert torch.equal(*fits)

    def test_given_slopes_are_taken_as_they_are(self):
        _, slope = RIDGE.self_tuned(LAM, 0.5)
        result = tuned(0.5, steps=0, slopes=slope)(RIDGE, RIDGE.solution(LAM), LAM)
        expected = slope[:, 0] @ RIDGE.outer_gradient(RIDGE.solution(LAM), LAM)
        assert_close(result.total, expected, rtol=1e-12, atol=0)
        assert result.cost.gradients == 1


class TestCompactResponse:
    """One scalar per row, as hypernetworks with modulated rows have it: rank one in the hyperparameters."""

    def fitted(self, count: int) -> float:
        """Largest error of a response that scales a fixed row of weights by a linear form, next to the full one."""
        exact = BILEVEL.jacobian(POINT)[:, :count]
        u, s, vh = torch.linalg.svd(exact, full_matrices=False)
        compact = s[0] * torch.outer(u[:, 0], vh[0])
        return float((compact - exact).norm() / exact.norm())

    def test_is_exact_for_one_hyperparameter_and_not_for_two(self):
        assert self.fitted(1) < 1e-14
        assert self.fitted(2) > 0.1

    def test_any_response_function_will_do(self):
        def row(slopes: dict[str, Tensor], change: Tensor) -> Tensor:
            return (slopes["form"] @ change) * slopes["weights"]

        start = {"form": torch.ones(2, dtype=torch.float64), "weights": BILEVEL.jacobian(POINT).sum(1)}
        method = SelfTuning(0.5, 20, 0.01, Hermite(2), respond=row, slopes=start, linearised=False)
        result = method(BILEVEL, BILEVEL.solution(POINT), POINT)
        assert result.response.shape == (2,)
        assert result.outcome is Outcome.TRUNCATED


class TestScale:
    def test_stands_still_where_the_entropy_balances_the_curvature(self):
        w, slope = BILEVEL.self_tuned(POINT)
        response, entropy = BestResponse(w, slope, POINT, linear), 0.3
        curvature = BILEVEL.outer_curvature(POINT).diagonal()
        assert bool((curvature > 0).all())
        still = (entropy / curvature).sqrt()
        zero = torch.zeros(2, dtype=torch.float64)
        gradient = scale_gradient(BILEVEL, response, POINT, still, Hermite(3), entropy)
        assert_close(gradient, zero, rtol=0, atol=1e-12)
        halved = scale_gradient(BILEVEL, response, POINT, still / 2**0.5, Hermite(3), entropy)
        with pytest.raises(AssertionError):  # tau / (2 F'')
            assert_close(halved, zero, rtol=0, atol=1e-12)

    def test_is_scale_squared_times_curvature_less_entropy(self):
        w, slope = BILEVEL.self_tuned(POINT)
        response = BestResponse(w, slope, POINT, linear)
        gradient = scale_gradient(BILEVEL, response, POINT, 0.7, Hermite(3), 0.2)
        expected = 0.49 * BILEVEL.outer_curvature(POINT).diagonal() - 0.2
        assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


class TestNoise:
    def test_hermite_integrates_polynomials(self):
        points, weights = Hermite(4)(2)
        moments = {(2, 0): 1.0, (2, 2): 1.0, (4, 0): 3.0, (6, 2): 15.0, (3, 1): 0.0}
        for (a, b), moment in moments.items():
            assert float(weights @ (points[:, 0] ** a * points[:, 1] ** b)) == pytest.approx(moment, abs=1e-12)
        assert float(weights @ points[:, 0] ** 8) != pytest.approx(105.0, abs=1e-6)  # degree 8 > 2 * 4 - 1

    def test_draws_are_standard_normal(self):
        """20000 pairs: the variance is seen to 3 * sqrt(2 / 20000) = 0.03."""
        points, weights = Sampled(pairs=20_000)(1)
        assert float(weights @ points[:, 0]) == pytest.approx(0, abs=1e-12)
        assert float(weights @ points[:, 0] ** 2) == pytest.approx(1, abs=0.03)
        assert torch.equal(points, Sampled(pairs=20_000)(1)[0])

    def test_a_grid_has_its_limit(self):
        with pytest.raises(BadInput, match=r"10\^7; draw points"):
            Hermite(10)(7)


def test_an_lr_that_is_too_large_is_told():
    method = SelfTuning(0.5, 60, 1e6 * LR, Hermite(4), linearised=False)
    result = method(RIDGE, RIDGE.solution(LAM), LAM)
    assert result.outcome is Outcome.DIVERGED
    assert bool(result.response.isnan())


def test_bad_settings():
    with pytest.raises(BadInput, match="a Predictive one, whose output can be linearised"):
        SelfTuning(0.5, 2, 0.1)(Bilevel(RIDGE.inner, RIDGE.outer), RIDGE.solution(LAM), LAM)
    with pytest.raises(BadInput, match="slopes: expected those of the given respond"):
        SelfTuning(0.5, 2, 0.1, respond=lambda slopes, change: slopes)
    with pytest.raises(BadInput, match="scale"):
        SelfTuning(0.0, 2, 0.1)
