"""Solvers of linear systems: their rates, two ways to compute one answer, and how they end."""

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vjp, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.hypergrad import ConjugateGradient, Dense, Implicit, Neumann, Outcome, Solved, Solver
from continuum.hypergrad.recording import recordable
from continuum.hypergrad.solvers.solver import Product
from continuum.problems import ridge

EXACT = {"rtol": 1e-10, "atol": 1e-12}
RIDGE, LAM = ridge(), torch.tensor(-3.0, dtype=torch.float64)


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


def ended(solver: Solver, product: Product, target: Tensor, branch: str) -> Solved:
    """Solve in one of the two ways: by numbers, or by masks, as inside a transformed function."""
    if branch == "numbers":
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
        recordings: list[bool] = []

        def look(x: Tensor) -> Tensor:
            recordings.append(recordable())
            return x.sum()

        x = torch.ones(2, 3)
        look(x)
        for transformed in (vmap(look), grad(look), vmap(lambda _: look(torch.ones(1)))):
            transformed(x)
        with torch.inference_mode():
            look(x)
        assert recordings == [True, False, False, False, False]

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

        def solved(steps: int, branch: str) -> Solved:
            return ended(ConjugateGradient(steps, tolerance), lambda v: hessian @ v, target, branch)

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
        before = target.clone()
        results = [ended(ConjugateGradient(6, tolerance), product, target, branch) for branch in ("numbers", "masks")]
        same(*results, 1e-9)
        assert results[0].status == outcome
        assert torch.equal(target, before)

    def test_a_gradient_through_the_solver_is_followed(self):
        """d(1/2 v' H^-1 v)/dv = H^-1 v; numbers would lose the steps' part of it."""
        target = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
        half = ConjugateGradient(2)(diagonal(2.0, 5.0), target).solution @ target / 2
        (slope,) = torch.autograd.grad(half, target)
        assert_close(slope, torch.tensor([0.5, 0.4], dtype=torch.float64), **EXACT)


class TestUnits:
    """A power of two times the inner loss scales every number on the way without rounding."""

    @pytest.mark.parametrize("unit", [2.0**-60, 2.0**60])
    @pytest.mark.parametrize("entries", [(1.0, 2.0, 3.0), (1.0, 2.0, -0.5), (1.0, 2.0, 1e-17)], ids=str)
    @pytest.mark.parametrize("branch", ["numbers", "masks"])
    def test_the_unit_of_the_inner_loss_does_not_matter(self, branch, entries, unit):
        target = torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64)
        for make in (
            lambda _: Dense(),
            lambda _: ConjugateGradient(3),
            lambda _: ConjugateGradient(3, 1e-8),
            lambda unit: Neumann(20, 0.25 / unit),
        ):
            plain, scaled = (ended(make(u), diagonal(*(u * e for e in entries)), target, branch) for u in (1.0, unit))
            assert (scaled.status, scaled.products) == (plain.status, plain.products)
            if plain.status < Outcome.DIVERGED:  # else there is no solution
                assert torch.equal(unit * scaled.solution, plain.solution)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConjugateGradient(0), "steps: expected an integer >= 1"),
        (lambda: ConjugateGradient(5, -1.0), "tolerance"),
        (lambda: Neumann(0, 0.1), "terms"),
        (lambda: Neumann(5, 0.0), "lr"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(BadInput, match=message):
        make()
