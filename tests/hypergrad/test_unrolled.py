"""Unrolled gradient descent against its closed form, its distance from the truth, and its traps."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.hypergrad import Bilevel, Cost, Dense, Implicit, Neumann, Outcome, Unrolled
from continuum.hypergrad.descent import recorded, unrecorded
from continuum.problems import Quadratic, feature_ridge, linear_width, quadratic_bilevel, ridge, scikit_ridge

EXACT = {"rtol": 1e-10, "atol": 1e-12}


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


RIDGE, LAM = ridge(features=6, rows=20, held_out=10), number(-1.0)
PROBLEMS: dict[str, tuple[Quadratic, Tensor]] = {
    "ridge": (RIDGE, LAM),
    "feature_ridge": (feature_ridge(), torch.linspace(-2, 1, 6, dtype=torch.float64)),
    "scikit": (scikit_ridge(), number(5.0)),
    "bilevel": (quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)),
    "width": (linear_width(), number(3.3)),
}
problems = pytest.mark.parametrize(("problem", "lam"), PROBLEMS.values(), ids=PROBLEMS)
modes = pytest.mark.parametrize("mode", ["reverse", "forward"])


def lr_of(problem: Quadratic, lam: Tensor) -> float:
    return 0.5 / float(torch.linalg.eigvalsh(problem.hessian(lam))[-1])


class TestClosedForm:
    @problems
    @modes
    @pytest.mark.parametrize(("steps", "truncate"), [(1, None), (8, None), (8, 8), (8, 3), (8, 1)])
    def test_equals_it(self, problem, lam, mode, steps, truncate):
        lr = lr_of(problem, lam)
        start = torch.linspace(-1, 1, len(problem.linear(lam)), dtype=torch.float64)
        result = Unrolled(steps, lr, truncate, mode)(problem, start, lam)
        exact = problem.unrolled(start, lam, lr, steps, truncate)
        assert_close(result.parameters, problem.trained(start, lam, lr, steps), **EXACT)
        assert_close(result.direct, exact.direct, **EXACT)
        assert_close(result.response, exact.response, **EXACT)
        assert result.outcome is (Outcome.SOLVED if truncate in (None, steps) else Outcome.TRUNCATED)
        with pytest.raises(AssertionError):
            assert_close(result.response, problem.unrolled(start, lam, lr, steps + 1, truncate).response, **EXACT)

    @problems
    def test_from_the_minimum_it_is_a_neumann_series(self, problem, lam):
        w, lr = problem.solution(lam), lr_of(problem, lam)
        assert_close(
            Unrolled(7, lr)(problem, w, lam).response,
            Implicit(Neumann(7, lr))(problem, w, lam).response,
            **EXACT,
        )


class TestDistanceFromTheTruth:
    """The slope of log(error) over the steps: log(rho), once T rho^(T-1) is divided by T."""

    lr = lr_of(RIDGE, LAM)
    truth = RIDGE.hypergradient(LAM).total

    def errors(self, start: Tensor, steps: list[int]) -> list[float]:
        return [float((Unrolled(t, self.lr)(RIDGE, start, LAM).total - self.truth).abs()) for t in steps]

    def test_is_steps_times_the_power_from_anywhere(self):
        """The error over rho^T is affine in T, up to the next power (here 1e-4 of it)."""
        rho, steps = RIDGE.contraction(LAM, self.lr), [200, 300, 400]
        errors = self.errors(torch.zeros(6, dtype=torch.float64), steps)
        one, two, three = (error / rho**t for error, t in zip(errors, steps, strict=True))
        assert (three - two) / (two - one) == pytest.approx(1, abs=1e-2)
        assert three / one == pytest.approx(2, abs=0.2)  # of the terms without T, 1/T is left
        assert three / one != pytest.approx(1, abs=0.5)  # as a pure rho^T would have it

    def test_is_the_power_from_the_minimum(self):
        rho = RIDGE.contraction(LAM, self.lr)
        one, two = self.errors(RIDGE.solution(LAM), [100, 150])
        assert (two / one) ** (1 / 50) == pytest.approx(rho, rel=1e-4)

    def test_truncation_leaves_the_power_of_what_is_kept(self):
        rho, start = RIDGE.contraction(LAM, self.lr), torch.zeros(6, dtype=torch.float64)
        one, two = (
            float((Unrolled(1000, self.lr, truncate=k)(RIDGE, start, LAM).total - self.truth).abs()) for k in (100, 150)
        )
        assert (two / one) ** (1 / 50) == pytest.approx(rho, rel=1e-4)


class TestLearningRate:
    """A rate that is a hyperparameter moves where training stands, and less and less so."""

    @modes
    @pytest.mark.parametrize("steps", [1, 6])
    def test_equals_its_closed_form(self, mode, steps):
        eta, start = number(lr_of(RIDGE, LAM)), torch.ones(6, dtype=torch.float64)
        fixed = Bilevel(lambda w, h: RIDGE.inner(w, LAM), lambda w, h: RIDGE.outer(w, LAM))
        result = Unrolled(steps, lr=lambda h: h, mode=mode)(fixed, start, eta)
        hessian, end = RIDGE.hessian(LAM), RIDGE.solution(LAM)
        shrink = torch.linalg.matrix_power(torch.eye(6, dtype=torch.float64) - eta * hessian, steps - 1)
        response = -steps * hessian @ shrink @ (start - end)
        trained = RIDGE.trained(start, LAM, float(eta), steps)
        assert_close(result.total, response @ RIDGE.outer_gradient(trained, LAM), **EXACT)

    def test_the_minimum_does_not_know_it(self):
        eta, start = number(lr_of(RIDGE, LAM)), torch.ones(6, dtype=torch.float64)
        fixed = Bilevel(lambda w, h: RIDGE.inner(w, LAM), lambda w, h: RIDGE.outer(w, LAM))
        assert Implicit(Dense())(fixed, RIDGE.solution(LAM), eta).total == 0
        sizes = [float(Unrolled(t, lr=lambda h: h)(fixed, start, eta).total.abs()) for t in (2, 200, 2000)]
        assert sizes[0] > 1e3 * sizes[1]
        assert sizes[2] < 1e-12

    @modes
    def test_with_the_penalty_beside_it(self, mode):
        """Both at once, by central differences."""
        start = torch.ones(6, dtype=torch.float64)
        problem = Bilevel(lambda w, h: RIDGE.inner(w, h["lam"]), lambda w, h: RIDGE.outer(w, h["lam"]))
        h = {"eta": number(lr_of(RIDGE, LAM)), "lam": LAM}
        result = Unrolled(4, lr=lambda h: h["eta"], mode=mode)(problem, start, h)
        for name in h:
            ends = []
            for sign in (1, -1):
                moved = h | {name: h[name] + sign * 1e-5}
                w = RIDGE.trained(start, moved["lam"], float(moved["eta"]), 4)
                ends.append(RIDGE.outer(w, moved["lam"]))
            assert_close(result.total[name], (ends[0] - ends[1]) / 2e-5, rtol=1e-7, atol=1e-9)


class TestDescent:
    @pytest.mark.parametrize("steps", [0, 1, 3])
    def test_an_unrecorded_one_forgets_every_step(self, steps):
        start = torch.ones(6, dtype=torch.float64)
        end = unrecorded(RIDGE.inner, start, LAM, 0.1, steps)
        assert not end.requires_grad
        assert not start.requires_grad
        assert_close(end, RIDGE.trained(start, LAM, 0.1, steps), **EXACT)

    def test_a_recorded_one_leaves_its_start_alone(self):
        start = torch.ones(6, dtype=torch.float64)
        end = recorded(RIDGE.inner, start, LAM, 0.1, 2)
        assert end.requires_grad
        assert not start.requires_grad


class TestUse:
    def test_cost(self):
        start, lam = torch.zeros(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
        for mode, times in (("reverse", 1), ("forward", 6)):
            cost = Unrolled(10, 0.01, truncate=4, mode=mode)(feature_ridge(), start, lam).cost
            assert cost == Cost(gradients=11, hessian_vector_products=3 * times, mixed_products=4 * times)

    @modes
    def test_a_rate_that_is_too_large_is_told(self, mode):
        result = Unrolled(400, 30 * lr_of(RIDGE, LAM), mode=mode)(RIDGE, torch.ones(6, dtype=torch.float64), LAM)
        assert result.outcome is Outcome.DIVERGED
        assert bool(result.response.isnan())

    @pytest.mark.parametrize("truncate", [None, 1])
    def test_inside_no_grad_and_with_unused_parts(self, truncate):
        problem = Bilevel(lambda w, h: (w["a"] - 1).square().sum(), lambda w, h: w["a"].sum() + w["b"].sum())
        w = {"a": torch.zeros(2), "b": torch.ones(1)}
        for mode in ("reverse", "forward"):
            with torch.no_grad():
                result = Unrolled(3, 0.1, truncate, mode)(problem, w, torch.tensor(1.0))
            assert result.total == 0
            assert result.parameters["b"] == 1

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"steps": 0, "lr": 0.1}, "steps: expected an integer >= 1"),
            ({"steps": 5, "lr": -0.1}, "lr"),
            ({"steps": 5, "lr": 0.1, "truncate": 6}, "it counts the last of the steps"),
            ({"steps": 5, "lr": 0.1, "truncate": 0}, "truncate"),
            ({"steps": 5, "lr": 0.1, "mode": "backward"}, "mode: expected one of forward, reverse"),
        ],
    )
    def test_bad_settings(self, settings, message):
        with pytest.raises(BadInput, match=message):
            Unrolled(**settings)
