"""Implicit differentiation against exact answers, by every solver, and where it fails."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.testing import assert_close
from torch.utils._pytree import tree_map

from continuum.errors import BadInput
from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Neumann, Outcome, Tree
from continuum.hypergrad.linearised import linearised
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
                ours, others = getattr(alone, part), getattr(one, part)
                assert_close(ours, others, **EXACT, equal_nan=True)

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

        actual = tuple(value[0] for value in vmap(products)(w.unsqueeze(0))) if mapped else products(w)
        gradient = RIDGE.hessian(LAM) @ (w - RIDGE.solution(LAM))
        mixed = RIDGE.mixed(w, LAM).flatten() @ v
        expected = gradient, *[RIDGE.hessian(LAM) @ v] * 2, mixed, mixed
        assert_close(actual, expected, **EXACT)
        assert not any(value.requires_grad for value in actual)


class TestNeumann:
    @problems
    @pytest.mark.parametrize("terms", [1, 2, 25])
    def test_equals_its_own_closed_form(self, problem, lam, terms):
        lr = 0.9 / float(torch.linalg.eigvalsh(problem.hessian(lam))[-1])
        w = torch.linspace(-1, 1, len(problem.linear(lam)), dtype=torch.float64)  # anywhere
        result, exact = Implicit(Neumann(terms, lr))(problem, w, lam), problem.neumann(w, lam, lr, terms)
        assert_close(result.response, exact.response, **EXACT)
        assert result.outcome is (Outcome.TRUNCATED if result.residual > 1e-14 else Outcome.SOLVED)
        if result.outcome is Outcome.SOLVED:
            return
        with pytest.raises(AssertionError):
            assert_close(result.response, problem.neumann(w, lam, lr, terms + 1).response, **EXACT)

    def test_distance_from_the_truth_falls_at_the_rate_rho(self):
        """Late, when only the slowest direction is left; its error then falls by rho a term, to rounding."""
        w, exact, lr = RIDGE.solution(LAM), RIDGE.hypergradient(LAM).total, 1 / LARGEST
        errors = [(Implicit(Neumann(k, lr))(RIDGE, w, LAM).total - exact).abs() for k in (200, 250)]
        ratio = float(errors[1] / errors[0]) ** (1 / 50)
        assert ratio == pytest.approx(RIDGE.contraction(LAM, lr), rel=2e-3)
        assert ratio != pytest.approx(RIDGE.contraction(LAM, lr) ** 2, rel=2e-3)

    def test_says_that_it_diverges(self):
        w = RIDGE.solution(LAM)
        for lr, outcome in ((1.9 / LARGEST, Outcome.TRUNCATED), (2.1 / LARGEST, Outcome.DIVERGED)):
            result = Implicit(Neumann(terms=200, lr=lr))(RIDGE, w, LAM)
            assert result.outcome is outcome
            assert bool(result.total.isnan()) == (outcome is Outcome.DIVERGED)
        with pytest.raises(BadInput, match=r"got DIVERGED; take an lr below 2 / \(largest eigenvalue"):
            result.checked()

    def test_no_divergence_from_rounding(self):
        result = Implicit(Neumann(terms=3000, lr=1.0 / LARGEST))(RIDGE, RIDGE.solution(LAM), LAM)
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
