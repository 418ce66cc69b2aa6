"""The derivative along the best response is the direct term plus the response, where there is one best response."""

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from torch import Tensor
from torch.func import grad, jacfwd
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Hypergradient, Implicit
from proofs_checks import strategies
from proofs_checks.bilevel import Curved
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

PARAMETERS, HYPERPARAMETERS = 3, 2
METHODS = (Implicit(Dense()), Implicit(ConjugateGradient(PARAMETERS)))


def derive() -> list[Derivation]:
    """Chain rule along the curve of minima; and the scalar example, where the printed equality says response = 0."""
    price, w = sp.symbols("lambda w", real=True)
    outer = _polynomial("f", (price, w))
    minimum = sum(sp.Symbol(f"m_{i}") * price**i for i in range(3))
    direct = sp.diff(outer, price).subs(w, minimum)
    response = sp.diff(outer, w).subs(w, minimum) * sp.diff(minimum, price)
    chain = Derivation("any quadratic F along any parabola of minima", outer.subs(w, minimum))
    chain = chain.apply(lambda e: sp.diff(sp.expand(e), price), direct + response, "multiply out, then differentiate")

    loss = (w - 1) ** 2 / 2 + price * w**2 / 2
    example = Derivation("example: the minimum", sp.solve(sp.diff(loss, w), w)[0])
    example = example.rewrite(1 / (1 + price), "the only zero of the inner gradient")
    example = example.apply(lambda e: e**2 / 2 + price, price + 1 / (2 * (1 + price) ** 2), "outer loss w^2/2 + lambda")
    example = example.apply(lambda e: sp.diff(e, price), 1 - 1 / (1 + price) ** 3, "total derivative")
    example = example.apply(lambda e: e.subs(price, 1), sp.Rational(7, 8), "at lambda = 1")
    return [
        chain.claims(
            direct + response,
            {"direct alone, which the printed symbols say": direct, "response alone": response},
        ),
        example.claims(sp.Rational(7, 8), {"direct alone": sp.Integer(1), "response alone": sp.Rational(-1, 8)}),
    ]


def _polynomial(name: str, variables: tuple[sp.Symbol, sp.Symbol]) -> sp.Expr:
    # A first derivative sees no more of F and of the curve than their quadratic parts at a point.
    first, second = variables
    powers = [(i, j) for i in range(3) for j in range(3 - i)]
    return sum(sp.Symbol(f"{name}_{i}{j}") * first**i * second**j for i, j in powers)


def total(result: Hypergradient) -> Tensor:
    """Direct + response."""
    value: Tensor = result.direct + result.response
    return value


WRONG = {
    "the same partial derivative on both sides": lambda result: result.direct,
    "response taken for the whole": lambda result: result.response,
    "difference": lambda result: result.direct - result.response,
}


def along_the_minima(formula: Callable[[Hypergradient], Tensor], curve: Curved, at: Tensor) -> None:
    """The parts that the shipped methods give, against autograd of the outer loss along the known minima."""
    truth = grad(lambda h: curve.outer(curve.minimum(h), h))(at)
    for method in METHODS:
        result = method(curve.problem, curve.minimum(at), at)
        assert_close(formula(result), truth, rtol=1e-10, atol=1e-11)
        assert_close(result.total, formula(result), rtol=1e-15, atol=0)


def parts(curve: Curved, at: Tensor) -> tuple[Tensor, Tensor]:
    """Partial derivative of F with w* held, and (dw*/dlambda)' times that in w."""
    minimum = curve.minimum(at)
    in_parameters, direct = grad(curve.outer, argnums=(0, 1))(minimum, at)
    return direct, jacfwd(curve.minimum)(at).mT @ in_parameters


def swapped(curve: Curved, at: Tensor) -> tuple[Tensor, Tensor]:
    """The two terms under each other's name."""
    direct, response = parts(curve, at)
    return response, direct


def unmoved(curve: Curved, at: Tensor) -> tuple[Tensor, Tensor]:
    """The response assumed to be 0."""
    direct, response = parts(curve, at)
    return direct, 0 * response


def by_name(formula: Callable[[Curved, Tensor], tuple[Tensor, Tensor]], curve: Curved, at: Tensor) -> None:
    """Each term of the shipped methods by itself."""
    for method in METHODS:
        result = method(curve.problem, curve.minimum(at), at)
        assert_close((result.direct, result.response), formula(curve, at), rtol=1e-10, atol=1e-11)


def example() -> dict[str, float]:
    """L = (w - 1)^2/2 + lambda w^2/2, F = w^2/2 + lambda, at lambda = 1."""
    problem = Bilevel(
        inner=lambda w, h: (w - 1) ** 2 / 2 + h * w**2 / 2,
        outer=lambda w, h: w**2 / 2 + h,
    )
    result = Implicit(Dense())(problem, torch.tensor(0.5), torch.tensor(1.0))
    return {name: float(getattr(result, name)) for name in ("direct", "response", "total")}


def double_well() -> dict[str, float]:
    """The lowest real zero of the gradient w^3 - w - lambda of a double well, for lambda on both sides of 0."""

    def lowest(tilt: float) -> float:
        roots = np.roots([1.0, 0.0, -1.0, -tilt])
        real = roots[np.abs(roots.imag) < 1e-6].real
        return float(real[np.argmin((real**2 - 1) ** 2 / 4 - tilt * real)])

    return {"below": lowest(-1e-9), "above": lowest(1e-9)}


GIVEN = {
    "curve": strategies.curved(PARAMETERS, HYPERPARAMETERS),
    "at": strategies.tensors(HYPERPARAMETERS, low=-1, high=1),
}

IDENTITY = Identity(
    id="C01",
    title="total derivative = direct + response",
    source="MSHO",
    place="equation 2",
    printed=r"""$\frac{\partial \mathcal{L}_{val}}{\partial\lambda} = \frac{\partial
\mathcal{L}_{val}}{\partial\lambda} + \frac{\partial \mathcal{L}_{val}}{\partial \mathbf{w}^*} \frac{\partial
\mathbf{w}^*}{\partial\lambda}$""",
    precise=r"""Let the inner loss $L(w, \lambda)$ be $C^2$ with $\partial_w L(w_0, \lambda_0) = 0$ and
$\partial_{ww} L(w_0, \lambda_0)$ positive definite, and let $w^*(\lambda)$ be the branch of local minima through
$w_0$, which is unique near $w_0$ and $C^1$. Let $F$ be $C^1$. Then
$\frac{d}{d\lambda} F(w^*(\lambda), \lambda) = \partial_\lambda F + \left(\frac{dw^*}{d\lambda}\right)^{T}\partial_w
F$.
The left side is a total derivative. With the same symbol on both sides, as printed, the equation says that the
response is 0. If $w^*$ is to be *the* minimum, as in equation 1, it has to be unique as well: a global minimum may
jump.""",
    verdict=Verdict.CORRECTED,
    proof=r"""By the implicit function theorem for $\partial_w L(w, \lambda) = 0$, whose derivative in $w$ is
invertible, the zeros near $(w_0, \lambda_0)$ form one $C^1$ curve; positive definiteness is an open condition, so
they are strict local minima. The chain rule for $F(w^*(\lambda), \lambda)$ has one term for each argument.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="total, against autograd along the known minima",
            check=along_the_minima,
            claim=total,
            wrong=WRONG,
            given=GIVEN,
            examples=6,
        ),
        Witness(
            name="each term by itself",
            check=by_name,
            claim=parts,
            wrong={"names swapped": swapped, "response assumed to be 0": unmoved},
            given=GIVEN,
            examples=6,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$L = (w-1)^2/2 + \lambda w^2/2$ and $F = w^2/2 + \lambda$: $w^* = 1/(1+\lambda)$, so that at
$\lambda = 1$ the direct term is $1$, the response $w^* \cdot (-1/4) = -1/8$ and the total $7/8$. The printed
equation would make them $1 = 1 - 1/8$.""",
            numbers={"direct": 1.0, "response": -0.125, "total": 0.875},
            compute=example,
        ),
        Counterexample(
            text=r"""Uniqueness: $L = (w^2-1)^2/4 - \lambda w$ has its global minimum near $-1$ for $\lambda < 0$
and near $+1$ for $\lambda > 0$. It jumps by 2 at $\lambda = 0$, where $F = w$ has no derivative along it.""",
            numbers={"below": -1.0, "above": 1.0},
            compute=double_well,
            tolerance=1e-6,
        ),
    ),
    references=(
        "Y. Bengio, Gradient-based optimization of hyperparameters, Neural Computation 12, 2000",
        "F. Pedregosa, Hyperparameter optimization with approximate gradient, ICML 2016",
    ),
    covers=(
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.result",
        "continuum.hypergrad.solvers.dense",
        "continuum.hypergrad.solvers.conjugate_gradient",
    ),
)
