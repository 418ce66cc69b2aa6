"""How the minimum of a ridge regression follows its penalty."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, jacfwd
from torch.testing import assert_close

from continuum.hypergrad import Dense, Implicit
from continuum.problems import FeatureRidge, PlainRidge, Regression, Ridge
from proofs_checks import strategies
from proofs_checks.bilevel import jacobian, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

FEATURES = 3
Formula = Callable[[Regression, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Solve the normal equations for two features, then differentiate the solution itself."""
    price, log = sp.symbols("lambda theta", real=True)
    a, b, d, first, second = sp.symbols("G_11 G_12 G_22 c_1 c_2", real=True)
    gram, right, unit = sp.Matrix([[a, b], [b, d]]), sp.Matrix([first, second]), sp.eye(2)
    weights = sp.Matrix(sp.symbols("w_1 w_2", real=True))
    loss = (weights.T * gram * weights)[0] / 2 - (right.T * weights)[0] + price * (weights.T * weights)[0] / 2
    solved = sp.solve([sp.diff(loss, w) for w in weights], list(weights), dict=True)[0]
    minimum = sp.Matrix([solved[w] for w in weights])
    response = -(gram + price * unit).inv() * minimum

    plain = Derivation("minimum", minimum)
    plain = plain.rewrite((gram + price * unit).inv() * right, "normal equations", rational)
    plain = plain.apply(lambda e: e.diff(price), response, "differentiate the solution", rational)
    logarithmic = Derivation("minimum, penalty e^theta", minimum.subs(price, sp.exp(log)))
    chained = (price * response).subs(price, sp.exp(log))
    logarithmic = logarithmic.apply(lambda e: e.diff(log), chained, "chain rule", rational)

    prices = sp.symbols("lambda_1 lambda_2", real=True)
    each = (gram + sp.diag(*prices)).inv()
    weight = (each * right)[0]
    several = Derivation("a penalty a feature", each * right)
    several = several.apply(lambda e: e.diff(prices[0]), -each[:, 0] * weight, "differentiate", rational)
    return [
        plain.claims(response, {"no penalty inside": -gram.inv() * minimum, "no minus": -response}, rational),
        logarithmic.claims(chained, {"chain rule forgotten": response.subs(price, sp.exp(log))}, rational),
        several.claims(
            -each[:, 0] * weight,
            {"weight of the other": -each[:, 0] * (each * right)[1], "all weights": -each * each * right},
            rational,
        ),
    ]


def rational(left: sp.Matrix, right: sp.Matrix) -> bool:
    """Equality of matrices of rational functions: their differences cancel."""
    return all(sp.cancel(entry) == 0 for entry in left - right)


def penalties(problem: Regression, hyperparameters: Tensor) -> Tensor:
    """Penalty of each weight: lambda, e^theta, or e^theta_i."""
    values = hyperparameters if isinstance(problem, PlainRidge) else hyperparameters.exp()
    return values.expand(FEATURES)


def minimum(problem: Regression, hyperparameters: Tensor) -> Tensor:
    """(G + P)^{-1} X'y/n."""
    gram = problem.x.mT @ problem.x / len(problem.y) + torch.diag(penalties(problem, hyperparameters))
    return solve(gram, problem.x.mT @ problem.y / len(problem.y))


def _response(problem: Regression, hyperparameters: Tensor, slopes: Tensor, inside: float = 1.0) -> Tensor:
    gram = problem.x.mT @ problem.x / len(problem.y)
    hess = gram + torch.diag(inside * penalties(problem, hyperparameters))
    columns = -solve(hess, torch.diag(slopes * minimum(problem, hyperparameters)))
    return columns if isinstance(problem, FeatureRidge) else columns.sum(1, keepdim=True)


def response(problem: Regression, hyperparameters: Tensor) -> Tensor:
    """-H^{-1} p_i' w_i*: column i for a penalty a feature, their sum for one penalty."""
    values = penalties(problem, hyperparameters)
    return _response(problem, hyperparameters, torch.ones(FEATURES) if isinstance(problem, PlainRidge) else values)


WRONG: dict[str, Formula] = {
    "next to no penalty in the inverse": lambda p, h: _response(p, h, _slopes(p, h), inside=0.01),
    "no minus": lambda p, h: -response(p, h),
    "chain rule forgotten": lambda p, h: _response(p, h, torch.ones(FEATURES)),
    "penalty counted twice": lambda p, h: 2 * response(p, h),
}


def _slopes(problem: Regression, hyperparameters: Tensor) -> Tensor:
    ones = torch.ones(FEATURES)
    return ones if isinstance(problem, PlainRidge) else penalties(problem, hyperparameters)


def by_all_means(formula: Formula, problems: tuple[Regression, ...], at: float) -> None:
    """Autograd through the normal equations, the shipped closed form, and the shipped implicit differentiation."""
    for problem in problems:
        base = torch.tensor(at).exp() if isinstance(problem, PlainRidge) else torch.tensor(at)
        spread = torch.linspace(-0.5, 0.5, FEATURES)
        hyperparameters = base + spread if isinstance(problem, FeatureRidge) else base
        expected, here = formula(problem, hyperparameters), minimum(problem, hyperparameters)
        truth = jacfwd(lambda h, p=problem: minimum(p, h))(hyperparameters).reshape(FEATURES, -1)
        assert_close(truth, expected, rtol=1e-10, atol=1e-11)
        assert_close(problem.solution(hyperparameters), here, rtol=1e-11, atol=1e-12)
        assert_close(problem.jacobian(hyperparameters), expected, rtol=1e-10, atol=1e-11)
        actual = jacobian(Implicit(Dense()), problem.inner, here, hyperparameters)
        assert_close(actual, expected, rtol=1e-10, atol=1e-11)
        pull = expected.mT @ problem.outer_gradient(here, hyperparameters)
        total = grad(lambda h, p=problem: p.outer(minimum(p, h), h))(hyperparameters)
        assert_close(total, pull.reshape(hyperparameters.shape), rtol=1e-10, atol=1e-11)
        parts, none = problem.hypergradient(hyperparameters), torch.zeros_like(total)
        assert_close((parts.direct, parts.response), (none, total), rtol=1e-10, atol=1e-11)


IDENTITY = Identity(
    id="C03",
    title="response of ridge regression",
    source="STN",
    place="implicit differentiation of C02, for weight decay, the first hyperparameter that the slides name",
    printed=r"""(no example is worked out; C02 with $\mathcal{L}_{train} = |Xw - y|^2/2 + \lambda|w|^2/2$)""",
    precise=r"""Let $L = |Xw-y|^2/(2n) + \lambda|w|^2/2$ with $\lambda > 0$, $G = X^T X/n$ and $H = G + \lambda I$.
Then $w^* = H^{-1}X^T y/n$ and
$\frac{dw^*}{d\lambda} = -(G + \lambda I)^{-1} w^*$.
With $\theta = \log\lambda$ it is multiplied by $\lambda$; with a penalty $e^{\theta_i}$ for each weight, column $i$
is $-e^{\theta_i} w_i^* H^{-1} e_i$. If the validation loss knows no penalty, as is usual, its direct term is 0: all
of the hypergradient is response.""",
    verdict=Verdict.HOLDS,
    proof=r"""$\partial_{ww} L = H$ and $\partial_\lambda\partial_w L = w$, so C02 gives $-H^{-1}w^*$; or
differentiate $H w^* = X^T y/n$: $w^* + H\, dw^*/d\lambda = 0$. The other two by the chain rule, with
$\partial H/\partial\theta_i = e^{\theta_i} e_i e_i^T$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="plain, logarithmic and one penalty a feature",
            check=by_all_means,
            claim=response,
            wrong=WRONG,
            given={
                "problems": st.tuples(
                    *(strategies.regressions(kind, features=FEATURES) for kind in (PlainRidge, Ridge, FeatureRidge))
                ),
                "at": strategies.numbers(-1, 1),
            },
            examples=4,
        ),
    ),
    references=("Y. Bengio, Gradient-based optimization of hyperparameters, Neural Computation 12, 2000",),
    covers=("continuum.problems.ridge", "continuum.problems.quadratic", "continuum.hypergrad.implicit"),
)
