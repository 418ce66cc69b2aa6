"""The derivative of the minimum is minus the inverse Hessian times the mixed derivative."""

from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.func import hessian, jacfwd
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Neumann, Outcome
from continuum.hypergrad.solvers.solver import Solver
from proofs_checks import strategies
from proofs_checks.bilevel import Curved, jacobian, mixed, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

SIZE = 3  # as many hyperparameters as parameters, so that wrong transposes fit
Formula = Callable[[Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Differentiate the zero of the inner gradient along the curve of minima, for two parameters."""
    price = sp.Symbol("lambda", real=True)
    loss, points = sp.Function("L"), sp.symbols("w_1 w_2", real=True)
    a, b, c, first, second = sp.symbols("L_11 L_12 L_22 L_1l L_2l", real=True)
    names = {
        sp.diff(loss(*points, price), points[0], 2): a,
        sp.diff(loss(*points, price), points[1], 2): c,
        sp.diff(loss(*points, price), points[0], points[1]): b,
        sp.diff(loss(*points, price), points[0], price): first,
        sp.diff(loss(*points, price), points[1], price): second,
    }
    moves = sp.symbols("dm_1 dm_2", real=True)
    hess, cross = sp.Matrix([[a, b], [b, c]]), sp.Matrix([first, second])

    def total(gradient: sp.Expr) -> sp.Expr:
        # d/dlambda of g(m(lambda), lambda), with the derivatives of L at the minimum by their names.
        terms = [sp.diff(gradient, point) * move for point, move in zip(points, moves, strict=True)]
        return (sum(terms) + sp.diff(gradient, price)).subs(names)

    gradients = [sp.diff(loss(*points, price), point) for point in points]
    chain = Derivation("stationarity along the curve", sp.Matrix([total(gradient) for gradient in gradients]))
    chain = chain.rewrite(hess * sp.Matrix(moves) + cross, "chain rule; it stays 0 because the gradient does")
    chain = chain.apply(lambda e: _solve(e, moves), -(hess.inv() * cross), "solve for the slopes of the minimum")

    quadratic = (points[0] - price) ** 2 + points[0] * points[1] / 2 + (points[1] + 3 * price) ** 2 / 2
    minimum = sp.solve([sp.diff(quadratic, point) for point in points], points, dict=True)[0]
    direct = Derivation("a quadratic, solved", sp.Matrix([minimum[point] for point in points]).diff(price))
    parts = (sp.hessian(quadratic, points), sp.Matrix([sp.diff(quadratic, point, price) for point in points]))
    direct = direct.rewrite(-parts[0].inv() * parts[1], "the formula gives the same")
    wrong = {
        "no minus": hess.inv() * cross,
        "Hessian not inverted": -hess * cross,
        "no determinant": -hess.adjugate() * cross,
    }
    return [
        chain.claims(sp.Matrix([b * second - c * first, b * first - a * second]) / (a * c - b**2), wrong),
        direct.claims(sp.Matrix([2, -4]), {"no minus": sp.Matrix([-2, 4])}),
    ]


def _solve(equations: sp.Matrix, unknown: tuple[sp.Symbol, ...]) -> sp.Matrix:
    solution = sp.solve(list(equations), unknown, dict=True)[0]
    return sp.Matrix([solution[symbol] for symbol in unknown])


def slope(hess: Tensor, cross: Tensor) -> Tensor:
    """-H^{-1} M."""
    return -solve(hess, cross)


WRONG: dict[str, Formula] = {
    "no minus": lambda hess, cross: solve(hess, cross),
    "mixed derivative transposed": lambda hess, cross: -solve(hess, cross.mT),
    "Hessian not inverted": lambda hess, cross: -hess @ cross,
    "Hessian taken for the identity": lambda hess, cross: -cross,
}


def by_reading(formula: Formula, curve: Curved, at: Tensor) -> None:
    """Row after row of dw*/dlambda: the response of the outer loss w_i; and the known slope of the minimum."""
    minimum = curve.minimum(at)
    expected = formula(hessian(curve.inner)(minimum, at), mixed(curve.problem, minimum, at))
    values = torch.linalg.eigvalsh(hessian(curve.inner)(minimum, at))
    rate = 2 / float(values[0] + values[-1])
    # Conjugate gradients lose digits with the condition number; condition numbers are at most 10 here.
    solvers: list[tuple[Solver, float]] = [
        (Dense(), 1e-11),
        (ConjugateGradient(SIZE), 1e-9),
        (Neumann(120, rate), 1e-9),
    ]
    for solver, tolerance in solvers:
        actual = jacobian(Implicit(solver), curve.inner, minimum, at)
        assert_close(actual, expected, rtol=tolerance, atol=tolerance)
    assert_close(jacfwd(curve.minimum)(at), expected, rtol=1e-10, atol=1e-11)


def by_outcome(expected: Outcome) -> None:
    """At a saddle of the inner loss there is no minimum to differentiate: all solvers say so, and the answer is NaN."""
    problem = Bilevel(lambda w, h: (w[0] - h) ** 2 - (w[1] - h) ** 2, lambda w, h: w.sum())
    for solver in (Dense(), ConjugateGradient(2), Neumann(4, 0.25)):
        result = Implicit(solver)(problem, torch.ones(2), torch.tensor(1.0))
        actual = torch.tensor([float(result.outcome), float(result.response.isnan())])
        assert_close(actual, torch.tensor([float(expected), 1.0]), rtol=0, atol=0)


def example() -> dict[str, float]:
    """L = (w - lambda)^2/2: w* = lambda."""
    problem = Bilevel(lambda w, h: (w - h) ** 2 / 2, lambda w, h: w)
    here = torch.tensor(2.0)
    printed = mixed(problem, here, here) / hessian(problem.inner)(here, here)
    return {"true": float(Implicit(Dense())(problem, here, here).total), "printed": float(printed)}


IDENTITY = Identity(
    id="C02",
    title="implicit differentiation of the minimum",
    source="STN",
    place="slide on gradient-based approaches, implicit differentiation; its formula has come down as garbled text, in "
    "which the exponent -1 of the Hessian is a reading, and a minus in front of the right side may be lost",
    printed=r"""$\frac{d\mathbf{w}(\lambda)}{d\lambda} = \left(\frac{\partial^2 \mathcal{L}_{train}}{\partial
\mathbf{w}^2}\right)^{-1} \frac{\partial^2 \mathcal{L}_{train}}{\partial\lambda\,\partial \mathbf{w}}$""",
    precise=r"""Under the assumptions of C01, $\frac{dw^*}{d\lambda} = -\left(\partial_{ww} L\right)^{-1}
\partial_{w\lambda} L$ at $(w^*(\lambda), \lambda)$, where $(\partial_{w\lambda} L)_{ij} =
\partial_{w_i}\partial_{\lambda_j} L$. So the response is $-(\partial_{w\lambda} L)^{T} q$ with $\partial_{ww} L\; q
= \partial_w F$: one linear system for any number of hyperparameters. The minus is needed, and as read here the
formula lacks it. At a saddle the formula differentiates a stationary point that is no minimum.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$\partial_w L(w^*(\lambda), \lambda) = 0$ holds for all $\lambda$ near $\lambda_0$. Differentiate:
$\partial_{ww} L\, \frac{dw^*}{d\lambda} + \partial_{w\lambda} L = 0$, and solve. The Hessian is symmetric, so the
product of the transposed slope with $\partial_w F$ needs its inverse on $\partial_w F$ only.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="rows of dw*/dlambda by each solver, and the slope of the known minimum",
            check=by_reading,
            claim=slope,
            wrong=WRONG,
            given={"curve": strategies.curved(SIZE, SIZE), "at": strategies.tensors(SIZE, low=-1, high=1)},
            examples=3,
        ),
        Witness(
            name="no answer at a saddle",
            check=by_outcome,
            claim=Outcome.NEGATIVE_CURVATURE,
            wrong={"solved": Outcome.SOLVED, "truncated": Outcome.TRUNCATED, "diverged": Outcome.DIVERGED},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$L = (w-\lambda)^2/2$ has $w^* = \lambda$, so $dw^*/d\lambda = 1$. With $\partial_{ww} L = 1$
and $\partial_{w\lambda} L = -1$ the formula without the minus gives $-1$.""",
            numbers={"true": 1.0, "printed": -1.0},
            compute=example,
        ),
    ),
    references=(
        "J. Larsen, L. Hansen, C. Svarer, M. Ohlsson, Design and regularization of neural networks: the optimal use "
        "of a validation set, IEEE NNSP 1996",
        "F. Pedregosa, Hyperparameter optimization with approximate gradient, ICML 2016",
    ),
    covers=(
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.solvers.dense",
        "continuum.hypergrad.solvers.conjugate_gradient",
        "continuum.hypergrad.solvers.neumann",
        "continuum.hypergrad.solvers.solver",
    ),
)
