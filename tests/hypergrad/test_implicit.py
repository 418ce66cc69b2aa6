"""Implicit differentiation and its solvers against exact answers, and where they fail."""

import dataclasses
import math
from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vjp, vmap
from torch.testing import assert_close
from torch.utils._pytree import tree_map

from continuum.errors import BadInput
from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Neumann, Outcome, Solved, Solver, Tree
from continuum.hypergrad.linearised import linearised
from continuum.hypergrad.recording import recordable
from continuum.hypergrad.solver import Product
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

    def test_a_tolerance_of_0_is_met_by_no_residual_at_all(self):
        solved = ConjugateGradient(3, tolerance=0.0)(lambda v: v, torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))
        assert (solved.products, float(solved.residual), int(solved.status)) == (1, 0, Outcome.SOLVED)

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


def ended(solver: Solver, product: Product, target: Tensor, way: str) -> Solved:
    """Solve in one of the two ways: by numbers, or by masks, as inside a transformed function."""
    if way == "numbers":
        with torch.no_grad():
            return solver(product, target)
    products = 0

    def inside(target: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        nonlocal products
        solved = solver(product, target)
        products = solved.products
        return target.sum(), (solved.solution, solved.residual, solved.status)

    return Solved(*vjp(inside, target, has_aux=True)[2], products)


def same(one: Solved, other: Solved, digits: float) -> None:
    assert_close(one.solution, other.solution, rtol=digits, atol=digits, equal_nan=True)
    assert_close(one.residual, other.residual, rtol=1e-3, atol=digits, equal_nan=True)
    assert (int(one.status), one.products) == (int(other.status), other.products)


def diagonal(*entries: float) -> Product:
    return lambda v: torch.tensor(entries, dtype=v.dtype) * v


class TestTwoWays:
    """Numbers and masks decide alike, and differ by rounding only."""

    def test_which_way_is_taken(self):
        seen: list[bool] = []

        def look(x: Tensor) -> Tensor:
            seen.append(recordable())
            return x.sum()

        x = torch.ones(2, 3)
        look(x)
        for transformed in (vmap(look), grad(look), vmap(lambda _: look(torch.ones(1)))):
            transformed(x)
        with torch.inference_mode():
            look(x)
        assert seen == [True, False, False, False, False]

    @pytest.mark.parametrize(("dtype", "digits"), [(torch.float64, 1e-12), (torch.float32, 1e-5)], ids=str)
    @pytest.mark.parametrize("tolerance", [None, 0.01])
    @given(steps=st.integers(1, 5), seed=st.integers(0, 100))
    def test_definite(self, dtype, digits, tolerance, steps, seed):
        """To 1e-15 and 4e-7 at these 5 x 101 inputs, where one step more moves the solution by 1e-3.

        Fewer steps than unknowns: after as many, what is left is rounding, amplified.
        """
        generator = torch.Generator().manual_seed(seed)
        factor = torch.randn(12, 12, generator=generator, dtype=torch.float64)
        hessian = (factor @ factor.mT / 12 + torch.eye(12, dtype=torch.float64)).to(dtype)
        target = torch.randn(12, generator=generator, dtype=torch.float64).to(dtype)

        def solved(steps: int, way: str) -> Solved:
            return ended(ConjugateGradient(steps, tolerance), lambda v: hessian @ v, target, way)

        masks = solved(steps, "masks")
        same(solved(steps, "numbers"), masks, digits)
        if masks.status == Outcome.TRUNCATED:
            with pytest.raises(AssertionError):
                same(dataclasses.replace(solved(steps + 1, "numbers"), products=steps), masks, digits)

    @pytest.mark.parametrize("tolerance", [None, 1e-8])
    @pytest.mark.parametrize(
        ("product", "target", "outcome"),
        [
            (diagonal(1.0, 2.0, -0.5), [1.0, 1.0, 1.0], Outcome.NEGATIVE_CURVATURE),
            (diagonal(-1.0, -2.0, -0.5), [1.0, 1.0, 1.0], Outcome.NEGATIVE_CURVATURE),
            (diagonal(1.0, 2.0, 0.0), [1.0, 1.0, 1.0], Outcome.NEGATIVE_CURVATURE),
            (diagonal(0.0, 0.0, 0.0), [1.0, 2.0, 3.0], Outcome.NEGATIVE_CURVATURE),
            (diagonal(1.0, 2.0, 1e-17), [1.0, 1.0, 1.0], Outcome.NEGATIVE_CURVATURE),
            (diagonal(1.0, 2.0, 1e-6), [1.0, 1.0, 1.0], Outcome.SOLVED),
            (diagonal(1.0, 2.0, -0.5), [1.0, 1.0, 0.0], Outcome.SOLVED),  # v has no part in it
            (diagonal(1.0, 2.0, 3.0), [0.0, 0.0, 0.0], Outcome.SOLVED),
            (diagonal(1.0, math.nan, 3.0), [1.0, 1.0, 1.0], Outcome.DIVERGED),
            (diagonal(1.0, 2.0, 3.0), [1e200, 1.0, 1.0], Outcome.DIVERGED),  # its square overflows
            (diagonal(0.0, 0.0, 0.0), [1e200, 1.0, 1.0], Outcome.DIVERGED),
            (diagonal(1.0, 2.0, 3.0), [1e-170, 1e-170, 0.0], Outcome.SOLVED),  # its square underflows
            (lambda v: v, [1.0, 2.0, 3.0], Outcome.SOLVED),  # hands back its own input
        ],
    )
    def test_how_they_end(self, product, target, outcome, tolerance):
        target = torch.tensor(target, dtype=torch.float64)
        given = target.clone()
        results = [ended(ConjugateGradient(6, tolerance), product, target, way) for way in ("numbers", "masks")]
        same(*results, 1e-9)
        assert results[0].status == outcome
        assert torch.equal(target, given)

    def test_a_gradient_through_the_solver_is_followed(self):
        """d(1/2 v' H^-1 v)/dv = H^-1 v; numbers would lose the steps' part of it."""
        target = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
        half = ConjugateGradient(2)(diagonal(2.0, 5.0), target).solution @ target / 2
        (slope,) = torch.autograd.grad(half, target)
        assert_close(slope, torch.tensor([0.5, 0.4], dtype=torch.float64), **EXACT)


class TestRecorded:
    """Autograd's record and ``torch.func`` answer alike, the losses' kinks and gaps included."""

    LOSSES: ClassVar[dict[str, Callable[[Tree, Tensor], Tensor]]] = {
        "a leaf unused": lambda w, lam: (w["a"] - lam).square().sum(),
        "a leaf linear": lambda w, lam: (w["a"] - lam).square().sum() + 3 * w["b"].sum(),
        "a leaf tied to lam": lambda w, lam: (w["a"] - 1).square().sum() + lam * w["b"].sum(),
        "linear": lambda w, lam: w["a"].sum() + w["b"].sum(),
        "without parameters": lambda w, lam: lam.square(),
        "constant": lambda w, lam: torch.ones((), dtype=torch.float64),
        "a network's own derivative": lambda w, lam: (
            grad(lambda x: (w["a"] * x.square()).sum())(w["a"]).square().sum() + lam * w["b"].square().sum()
        ),
        "mapped rows": lambda w, lam: (
            vmap(lambda x: (w["a"] @ x - lam).square())(torch.eye(2, dtype=torch.float64)).sum() + w["b"].square().sum()
        ),
    }

    @pytest.mark.parametrize("inner", LOSSES.values(), ids=LOSSES)
    @pytest.mark.parametrize("solver", [ConjugateGradient(3), Neumann(3, 0.1), Dense()], ids=str)
    def test_equals_the_functional_way(self, inner, solver):
        problem = Bilevel(inner, lambda w, lam: (w["a"] * lam).sum())
        w = {"a": torch.tensor([1.0, 2.0], dtype=torch.float64), "b": torch.tensor([[3.0]], dtype=torch.float64)}
        lams = torch.tensor([0.5, 0.7], dtype=torch.float64)
        mapped = vmap(lambda lam: Implicit(solver)(problem, w, lam))(lams)
        for i, lam in enumerate(lams):
            alone = Implicit(solver)(problem, w, lam)
            one = tree_map(lambda leaf, i=i: leaf[i], mapped)
            assert alone.outcome is one.outcome
            assert alone.cost == one.cost
            for part in ("total", "residual", "stationarity"):
                ours, theirs = getattr(alone, part), getattr(one, part)
                assert_close(ours, theirs, **EXACT, equal_nan=True)

    def test_data_that_are_mapped_in_a_closure(self):
        """Parameters and hyperparameters do not show that vmap is at work."""
        data = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)

        def response(x: Tensor) -> Tensor:
            problem = Bilevel(lambda w, lam: (x * (w - lam).square()).sum(), lambda w, lam: w.square().sum() * x)
            return Implicit(ConjugateGradient(2))(problem, torch.ones(2, dtype=torch.float64), number(1.0)).response

        assert_close(vmap(response)(data), 4 * data, **EXACT)
        assert_close(torch.stack([response(x) for x in data]), 4 * data, **EXACT)

    @pytest.mark.parametrize("mapped", [False, True])
    def test_products_are_constants_and_may_be_taken_again(self, mapped):
        w, v = torch.linspace(-1, 1, 50, dtype=torch.float64), torch.linspace(0, 2, 50, dtype=torch.float64)

        def products(w: Tensor) -> tuple[Tensor, ...]:
            at = linearised(RIDGE, w, LAM)
            return at.gradient, at.hessian_product(v), at.hessian_product(v), at.mixed_product(v), at.mixed_product(v)

        found = tuple(value[0] for value in vmap(products)(w.unsqueeze(0))) if mapped else products(w)
        gradient = RIDGE.hessian(LAM) @ (w - RIDGE.solution(LAM))
        mixed = RIDGE.mixed(w, LAM).flatten() @ v
        expected = gradient, *[RIDGE.hessian(LAM) @ v] * 2, mixed, mixed
        assert_close(found, expected, **EXACT)
        assert not any(value.requires_grad for value in found)


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


class TestUnits:
    """A power of two times the inner loss scales every number on the way without rounding."""

    @pytest.mark.parametrize("unit", [2.0**-60, 2.0**60])
    @pytest.mark.parametrize("entries", [(1.0, 2.0, 3.0), (1.0, 2.0, -0.5), (1.0, 2.0, 1e-17)], ids=str)
    @pytest.mark.parametrize("way", ["numbers", "masks"])
    def test_the_unit_of_the_inner_loss_does_not_matter(self, way, entries, unit):
        target = torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64)
        for make in (
            lambda _: Dense(),
            lambda _: ConjugateGradient(3),
            lambda _: ConjugateGradient(3, 1e-8),
            lambda unit: Neumann(20, 0.25 / unit),
        ):
            plain, scaled = (ended(make(u), diagonal(*(u * e for e in entries)), target, way) for u in (1.0, unit))
            assert (scaled.status, scaled.products) == (plain.status, plain.products)
            if plain.status < Outcome.DIVERGED:  # else there is no solution
                assert torch.equal(unit * scaled.solution, plain.solution)


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
