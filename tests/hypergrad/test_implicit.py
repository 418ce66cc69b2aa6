"""Implicit differentiation and its solvers against exact answers, and where they fail."""

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Neumann, Outcome, Solved
from continuum.problems import Quadratic, feature_ridge, linear_width, quadratic_bilevel, ridge, scikit_ridge

EXACT = {"rtol": 1e-10, "atol": 1e-12}


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


PROBLEMS: dict[str, tuple[Quadratic, Tensor]] = {
    "ridge": (ridge(), number(-3.0)),
    "feature_ridge": (feature_ridge(), torch.linspace(-2, 1, 6, dtype=torch.float64)),
    "scikit": (scikit_ridge(), number(5.0)),
    "bilevel": (quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)),
    "width": (linear_width(), number(3.3)),
}
problems = pytest.mark.parametrize(("problem", "lam"), PROBLEMS.values(), ids=PROBLEMS)
RIDGE, LAM = PROBLEMS["ridge"]
LARGEST = float(torch.linalg.eigvalsh(RIDGE.hessian(LAM))[-1])


def indefinite(w: Tensor, lam: Tensor) -> Tensor:
    return (torch.tensor([1.0, 2.0, -0.5], dtype=w.dtype) * w.square()).sum() / 2 - lam * w.sum()


SADDLE = Bilevel(indefinite, lambda w, lam: (w - 1).square().sum())
AT = torch.tensor([1.0, 0.5, -2.0], dtype=torch.float64)


class TestExact:
    @problems
    @pytest.mark.parametrize("solver", [Dense(), ConjugateGradient(steps=60)], ids=["dense", "conjugate gradient"])
    def test_equals_the_exact_hypergradient(self, problem, lam, solver):
        w = problem.solution(lam)
        result, exact = Implicit(solver)(problem, w, lam), problem.hypergradient(lam)
        assert_close(result.direct, exact.direct, **EXACT)
        assert_close(result.response, exact.response, **EXACT)
        assert result.outcome is Outcome.SOLVED
        assert result.residual < 1e-12
        assert result.stationarity < 1e-12
        with pytest.raises(AssertionError):
            assert_close(result.direct - result.response, exact.total, **EXACT)

    def test_the_direct_term_alone_has_the_wrong_sign_for_a_width(self):
        problem, gamma = PROBLEMS["width"]
        result = Implicit(Dense())(problem, problem.solution(gamma), gamma)
        assert result.direct > 0 > result.total

    def test_away_from_a_minimum_it_says_so(self):
        result = Implicit(Dense())(RIDGE, torch.zeros(50, dtype=torch.float64), LAM)
        assert result.stationarity > 0.1

    def test_cost_is_counted_in_products(self):
        w = RIDGE.solution(LAM)
        for solver, products in ((Dense(), 50), (ConjugateGradient(7), 7), (Neumann(9, 0.01), 9)):
            assert Implicit(solver)(RIDGE, w, LAM).cost.hessian_vector_products == products
        assert Implicit(ConjugateGradient(50, 1e-3))(RIDGE, w, LAM).cost.hessian_vector_products < 20

    @pytest.mark.parametrize("steps", [1, 100])
    def test_evaluates_the_losses_as_often_however_long_the_training_was(self, steps):
        calls = 0

        def inner(w: Tensor, lam: Tensor) -> Tensor:
            nonlocal calls
            calls += 1
            return RIDGE.inner(w, lam)

        w = torch.zeros(50, dtype=torch.float64, requires_grad=True)
        for _ in range(steps):
            (gradient,) = torch.autograd.grad(RIDGE.inner(w, LAM), w, create_graph=True)
            w = w - gradient / LARGEST  # with a graph behind it, which is not followed
        Implicit(ConjugateGradient(20))(Bilevel(inner, RIDGE.outer), w, LAM)
        assert calls == 2


class TestConjugateGradient:
    def errors(self, steps: list[int]) -> list[float]:
        w, exact = RIDGE.solution(LAM), RIDGE.hypergradient(LAM).total
        results = [Implicit(ConjugateGradient(k))(RIDGE, w, LAM).total for k in steps]
        return [float((result / exact - 1).abs()) for result in results]

    def test_errors_fall_as_theory_says(self):
        r"""Below the bound 2 sqrt(kappa) rho^k on the error of q relative to q, carried to the hypergradient."""
        kappa = RIDGE.condition(LAM)
        assert 20 < kappa < 25
        rho = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
        v = RIDGE.outer_gradient(RIDGE.solution(LAM), LAM)
        q = torch.linalg.solve(RIDGE.hessian(LAM), v)
        mixed = RIDGE.mixed(RIDGE.solution(LAM), LAM).norm()
        scale = float(mixed * q.norm() / RIDGE.hypergradient(LAM).total.abs())
        steps = [5, 10, 20, 30]
        for k, error in zip(steps, self.errors(steps), strict=True):
            assert error < 2 * math.sqrt(kappa) * rho**k * scale
        five, twenty, fifty = self.errors([5, 20, 50])
        assert five < 0.1
        assert twenty < 2e-5
        assert fifty < 1e-10  # as many steps as parameters

    def test_at_least_at_the_rate_of_the_bound(self):
        steps = torch.arange(5, 36, 5, dtype=torch.float64)
        errors = torch.tensor(self.errors([int(k) for k in steps]), dtype=torch.float64).log()
        slope = ((steps - steps.mean()) * errors).sum() / (steps - steps.mean()).square().sum()
        root = math.sqrt(RIDGE.condition(LAM))
        assert float(slope) < math.log((root - 1) / (root + 1))

    def test_the_old_residual_in_the_direction_would_not_converge(self):
        hessian, target = RIDGE.hessian(LAM), RIDGE.outer_gradient(RIDGE.solution(LAM), LAM)
        truth = torch.linalg.solve(hessian, target)
        assert_close(ConjugateGradient(50)(lambda v: hessian @ v, target).solution, truth, rtol=1e-8, atol=1e-10)
        solution, residual, direction = torch.zeros_like(target), target, target
        for _ in range(50):
            step = (residual @ residual) / (direction @ hessian @ direction)
            old, residual = residual, residual - step * (hessian @ direction)
            solution = solution + step * direction
            direction = old + (residual @ residual) / (old @ old) * direction
        assert (solution - truth).norm() > truth.norm()

    def test_a_tolerance_stops_it(self):
        hessian, target = RIDGE.hessian(LAM), RIDGE.outer_gradient(RIDGE.solution(LAM), LAM)
        solved = ConjugateGradient(50, tolerance=1e-4)(lambda v: hessian @ v, target)
        left = float((target - hessian @ solved.solution).norm() / target.norm())
        assert solved.products < 50
        assert float(solved.residual) <= 1e-4
        assert left == pytest.approx(float(solved.residual), rel=1e-6)
        assert solved.status == Outcome.SOLVED
        assert ConjugateGradient(3, tolerance=1e-4)(lambda v: hessian @ v, target).status == Outcome.TRUNCATED

    @given(st.integers(1, 6), st.integers(0, 100))
    def test_solves_any_definite_system_in_as_many_steps_as_unknowns(self, size, seed):
        generator = torch.Generator().manual_seed(seed)
        factor = torch.randn(size, size, generator=generator, dtype=torch.float64)
        hessian = factor @ factor.mT / size + torch.eye(size, dtype=torch.float64)
        target = torch.randn(size, generator=generator, dtype=torch.float64)
        for steps in (size, size + 20):  # and stays there
            solved = ConjugateGradient(steps)(lambda v: hessian @ v, target)
            assert_close(hessian @ solved.solution, target, rtol=1e-8, atol=1e-9)
            assert solved.status != Outcome.NEGATIVE_CURVATURE

    def test_nothing_to_solve(self):
        for solver in (ConjugateGradient(3), ConjugateGradient(3, 1e-3), Neumann(3, 0.1), Dense()):
            solved: Solved = solver(lambda v: 2 * v, torch.zeros(2, dtype=torch.float64))
            assert solved.solution.tolist() == [0, 0]
            assert solved.residual == 0
            assert solved.status == Outcome.SOLVED


class TestNeumann:
    @problems
    @pytest.mark.parametrize("terms", [1, 2, 25])
    def test_equals_its_own_closed_form(self, problem, lam, terms):
        rate = 0.9 / float(torch.linalg.eigvalsh(problem.hessian(lam))[-1])
        w = torch.linspace(-1, 1, len(problem.linear(lam)), dtype=torch.float64)  # anywhere
        result, exact = Implicit(Neumann(terms, rate))(problem, w, lam), problem.neumann(w, lam, rate, terms)
        assert_close(result.response, exact.response, **EXACT)
        assert result.outcome is (Outcome.TRUNCATED if result.residual > 1e-14 else Outcome.SOLVED)
        if result.outcome is Outcome.SOLVED:
            return
        with pytest.raises(AssertionError):
            assert_close(result.response, problem.neumann(w, lam, rate, terms + 1).response, **EXACT)

    def test_distance_from_the_truth_falls_at_the_rate_rho(self):
        """Late, when only the slowest direction is left; its error then falls by rho a term, to rounding."""
        w, exact, rate = RIDGE.solution(LAM), RIDGE.hypergradient(LAM).total, 1 / LARGEST
        errors = [(Implicit(Neumann(k, rate))(RIDGE, w, LAM).total - exact).abs() for k in (200, 250)]
        found = float(errors[1] / errors[0]) ** (1 / 50)
        assert found == pytest.approx(RIDGE.contraction(LAM, rate), rel=2e-3)
        assert found != pytest.approx(RIDGE.contraction(LAM, rate) ** 2, rel=2e-3)

    def test_says_that_it_diverges(self):
        w = RIDGE.solution(LAM)
        for rate, outcome in ((1.9 / LARGEST, Outcome.TRUNCATED), (2.1 / LARGEST, Outcome.DIVERGED)):
            result = Implicit(Neumann(terms=200, rate=rate))(RIDGE, w, LAM)
            assert result.outcome is outcome
            assert bool(result.total.isnan()) == (outcome is Outcome.DIVERGED)
        with pytest.raises(BadInput, match=r"got DIVERGED; take a rate below 2 / \(largest eigenvalue"):
            result.checked()

    def test_no_divergence_from_rounding(self):
        result = Implicit(Neumann(terms=3000, rate=1.0 / LARGEST))(RIDGE, RIDGE.solution(LAM), LAM)
        assert result.outcome is Outcome.SOLVED
        assert_close(result.total, RIDGE.hypergradient(LAM).total, **EXACT)


class TestIndefinite:
    @pytest.mark.parametrize(
        "solver", [Dense(), ConjugateGradient(3), ConjugateGradient(3, 1e-8), Neumann(50, 0.2)], ids=str
    )
    def test_there_is_no_answer(self, solver):
        result = Implicit(solver)(SADDLE, AT, number(1.0))
        assert result.outcome is Outcome.NEGATIVE_CURVATURE
        assert bool(result.response.isnan())
        assert bool(result.direct.isfinite())
        with pytest.raises(BadInput, match="train the parameters to a strict minimum"):
            result.checked()

    def test_unchecked_it_would_be_a_number(self):
        """Conjugate gradients would go through negative curvature, to the response of a saddle."""
        hessian = torch.diag(torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64))
        assert torch.linalg.solve(hessian, torch.ones(3, dtype=torch.float64)).isfinite().all()

    @pytest.mark.parametrize("solver", [Dense(), ConjugateGradient(3)], ids=["dense", "conjugate gradient"])
    def test_singular(self, solver):
        flat = Bilevel(lambda w, lam: (w.sum() - lam).square(), lambda w, lam: w[0])
        result = Implicit(solver)(flat, torch.ones(2, dtype=torch.float64), number(2.0))
        assert result.outcome is Outcome.NEGATIVE_CURVATURE

    def test_a_minimum_is_no_saddle(self):
        bowl = dataclasses.replace(SADDLE, inner=lambda w, lam: (w - lam).square().sum())
        result = Implicit(ConjugateGradient(3))(bowl, torch.ones(3, dtype=torch.float64), number(1.0))
        assert result.outcome is Outcome.SOLVED
        assert result.checked() is result


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConjugateGradient(0), "steps: expected an integer >= 1"),
        (lambda: ConjugateGradient(5, -1.0), "tolerance"),
        (lambda: Neumann(0, 0.1), "terms"),
        (lambda: Neumann(5, 0.0), "rate"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(BadInput, match=message):
        make()
