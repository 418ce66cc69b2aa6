"""What a new feature does to the validation loss of ridge regression: in all, and with the weights frozen."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Dense, Direct, Implicit
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.training import gates_at

FEATURES = 3
Ridge = tuple[Tensor, Tensor, Tensor, Tensor, float]  # Phi, y, Phi_v, y_v, lambda
Parts = Callable[[Ridge, Tensor], tuple[Tensor, Tensor]]  # problem, gates -> direct part and total in psi


def derive() -> list[Derivation]:
    """Two training rows, two validation rows, one old feature: differentiate the solved problem in psi."""
    lam, psi, phi = sp.symbols("lambda psi phi", positive=True)
    b, x, y = (sp.Matrix(sp.symbols(f"{name}_1:3", real=True)) for name in ("b", "x", "y"))
    bv, xv, yv = (sp.Matrix(sp.symbols(f"{name}_1:3", real=True)) for name in ("c", "z", "t"))
    inverse = (b * b.T + psi * x * x.T + lam * sp.eye(2)).inv()
    prediction = (bv * b.T + psi * xv * x.T) * inverse * y
    values = dict(zip([*b, *x, *y, *bv, *xv, *yv, lam], map(sp.Rational, _VALUES), strict=True))

    def total(at: sp.Expr, alpha: sp.Matrix, kernel: sp.Matrix, solved: sp.Matrix) -> sp.Expr:
        residual = (prediction - yv).subs(psi, at)
        return (residual.T * (xv - kernel * solved * x))[0] * (x.T * alpha)[0]

    alpha, old = (inverse * y).subs(psi, 0), (b * b.T + lam * sp.eye(2)).inv()
    loss = Derivation("validation loss", ((prediction - yv).T * (prediction - yv))[0] / 2)
    loss = loss.apply(
        lambda e: sp.diff(e.subs(values), psi).subs(psi, 0),
        total(0, alpha, bv * b.T, old).subs(values),
        "derivative in psi at 0, at rational data",
    )
    wrong = {
        "without re-fitting": total(0, alpha, sp.zeros(2), old).subs(values),
        "half": total(0, alpha, bv * b.T, old).subs(values) / 2,
    }
    loss = loss.claims(
        ((prediction - yv).subs(psi, 0).T * (xv - bv * b.T * old * x))[0].subs(values) * (x.T * alpha)[0].subs(values),
        wrong,
    )

    weight = phi * (x.T * inverse.subs(psi, phi**2) * y)[0]
    frozen, w = sp.Symbol("w", real=True), sp.Symbol("p", real=True)
    direct = Derivation("weights frozen", (w + phi * frozen * xv[0] - yv[0]) ** 2 / 2)
    direct = direct.apply(
        lambda e: sp.diff(e, phi) / (2 * phi),
        (w + phi * frozen * xv[0] - yv[0]) * frozen * xv[0] / (2 * phi),
        "one validation row; dphi/dpsi = 1/(2 phi)",
    )
    direct = direct.apply(
        lambda e: sp.limit(e.subs(frozen, weight).subs(values), phi, 0),
        ((w - yv[0]) * xv[0] * (x.T * alpha)[0] / 2).subs(values),
        "the ridge weight is phi x.alpha",
    )
    claim = ((w - yv[0]) * xv[0] * (x.T * alpha)[0]).subs(values)
    return [loss, direct.claims(claim / 2, {"twice": claim})]


_VALUES = ("1", "1/2", "2", "-1", "3", "1/3", "1", "2", "1/4", "1", "-2", "3/2", "1/5")


def parts(problem: Ridge, gates: Tensor) -> tuple[Tensor, Tensor]:
    """r_v.x_v (x.alpha)/2 and r_v.(x_v - K_v (K + lambda)^-1 x)(x.alpha), x the last feature."""
    return _parts(problem, gates, 1.0, 0.5)


def _parts(problem: Ridge, gates: Tensor, refit: float, share: float) -> tuple[Tensor, Tensor]:
    features, y, valid, targets, lam = problem
    new, new_valid = features[:, -1], valid[:, -1]
    kernel, cross = (features * gates**2) @ features.T, (valid * gates**2) @ features.T
    system = kernel + lam * torch.eye(len(y))
    alpha = torch.linalg.solve(system, y)
    residual = cross @ alpha - targets
    along = new_valid - refit * (cross @ torch.linalg.solve(system, new))
    return share * (residual @ new_valid) * (new @ alpha), (residual @ along) * (new @ alpha)


def bilevel(problem: Ridge, exponent: float) -> Bilevel:
    """Ridge regression on gated features, and its validation loss, as functions of the weights and of gamma."""
    features, y, valid, targets, lam = problem

    def inner(w: Tensor, gamma: Tensor) -> Tensor:
        fit = features @ (gates_at(gamma, FEATURES, exponent) * w)
        return (fit - y).square().sum() / 2 + lam * w.square().sum() / 2

    def outer(w: Tensor, gamma: Tensor) -> Tensor:
        return (valid @ (gates_at(gamma, FEATURES, exponent) * w) - targets).square().sum() / 2

    return Bilevel(inner, outer)


def best(problem: Ridge, gates: Tensor) -> Tensor:
    """Minimiser w* of the inner loss."""
    gated = problem[0] * gates
    system = gated.T @ gated + problem[4] * torch.eye(FEATURES)
    solved: Tensor = torch.linalg.solve(system, gated.T @ problem[1])
    return solved


def by_implicit(formula: Parts, problem: Ridge, a: float, exponent: float) -> None:
    """The shipped implicit hypergradient at gamma = 2 + a, where dpsi/dgamma = 2p a^(2p-1)."""
    gamma = torch.tensor(FEATURES - 1 + a)
    gates = gates_at(gamma, FEATURES, exponent).detach()
    speed = 2 * exponent * a ** (2 * exponent - 1)
    result = Implicit(Dense())(bilevel(problem, exponent), best(problem, gates), gamma)
    direct, total = formula(problem, gates)
    assert_close(result.direct, speed * direct, rtol=1e-9, atol=1e-11)
    assert_close(result.total, speed * total, rtol=1e-8, atol=1e-10)


def at_integer(formula: Parts, problem: Ridge) -> None:
    """Richardson differences of the solved problem in psi from 0, by the shipped square-root gate."""
    step = 2.0**-12

    def solved(psi: float) -> Tensor:
        gamma = torch.tensor(FEATURES - 1 + psi)
        return bilevel(problem, 0.5).outer(best(problem, gates_at(gamma, FEATURES, 0.5).detach()), gamma).detach()

    values = [solved(n * step) for n in range(4)]
    difference = (-11 * values[0] + 18 * values[1] - 9 * values[2] + 2 * values[3]) / (6 * step)
    direct, total = formula(problem, gates_at(torch.tensor(FEATURES - 1.0), FEATURES, 0.5))
    frozen = best(problem, gates_at(torch.tensor(FEATURES - 1.0 + 1e-12), FEATURES, 0.5).detach())
    shipped = Direct()(bilevel(problem, 0.5), frozen, torch.tensor(FEATURES - 1.0 + 1e-12)).total
    assert_close(difference, total, rtol=1e-4, atol=1e-5)
    assert_close(shipped, direct, rtol=1e-4, atol=1e-5)


def by_hand() -> dict[str, float]:
    """One old and one new feature, both 1 on the one training row; 4 and 1 on the validation row."""
    features, valid = torch.ones(1, 3), torch.tensor([[0.0, 4.0, 1.0]])
    features[0, 0] = 0.0
    direct, total = parts((features, torch.ones(1), valid, torch.ones(1), 1.0), torch.tensor([1.0, 1.0, 0.0]))
    problem = bilevel((features, torch.ones(1), valid, torch.ones(1), 1.0), 0.5)
    gamma = torch.tensor(2 + 1e-9)
    gates = gates_at(gamma, FEATURES, 0.5).detach()
    result = Implicit(Dense())(problem, best((features, torch.ones(1), valid, torch.ones(1), 1.0), gates), gamma)
    return {"direct": float(result.direct), "total": float(result.total), "formulas": float(direct + total)}


PROBLEMS = st.tuples(
    strategies.tensors(4, FEATURES),
    strategies.tensors(4),
    strategies.tensors(3, FEATURES),
    strategies.tensors(3),
    st.sampled_from([0.25, 1.0]),
)
WRONG = {
    "no re-fitting": lambda problem, gates: _parts(problem, gates, 0.0, 0.5),
    "re-fitting with the other sign": lambda problem, gates: _parts(problem, gates, -1.0, 0.5),
    "direct part not halved": lambda problem, gates: _parts(problem, gates, 1.0, 1.0),
}

IDENTITY = Identity(
    id="N2.4",
    title="validation loss of ridge regression under a new feature",
    source="here",
    place="capacity loss",
    printed="",
    precise=r"""Features $x_i$ with gates $\phi_i$ and weights that minimise $\frac{1}{2}|\sum_i\phi_i x_i w_i -
y|^2 + \frac{\lambda}{2}|w|^2$, $\lambda > 0$. Let $K = \sum_i\phi_i^2 x_i x_i^T$ be the kernel on the training
rows, $K_v$ that between validation and training rows (the feature itself included), $\alpha = (K+\lambda)^{-1}y$,
and $r_v = K_v\alpha - y_v$. In $\psi = \phi^2$ of a feature with columns $x$ and $x_v$ the validation loss $L =
\frac{1}{2}|r_v|^2$ has the derivative
$\frac{dL}{d\psi} = \langle r_v,\, x_v - K_v(K+\lambda)^{-1}x\rangle\,\langle x, \alpha\rangle.$
The direct part, weights frozen at their optimum, is $\frac{1}{2}\langle r_v, x_v\rangle\langle x, \alpha\rangle$
for $\psi > 0$ and in the limit $\psi \rightarrow 0$. The signs of the two may differ.""",
    verdict=Verdict.HOLDS,
    proof=r"""The prediction is $K_v(K+\lambda)^{-1}y$, with $dK = x x^T d\psi$ and $dK_v = x_v x^T d\psi$; the
derivative of the inverse is $-(K+\lambda)^{-1}x x^T(K+\lambda)^{-1}$. The optimal weight is $w = \phi\langle x,
\alpha\rangle$, so that with frozen weights
$dr_v/d\psi = x_v w/(2\phi) = \frac{1}{2}x_v\langle x, \alpha\rangle$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped implicit hypergradient through the gates",
            check=by_implicit,
            claim=parts,
            wrong=WRONG,
            given={
                "problem": PROBLEMS,
                "a": strategies.fractions(1 / 16),
                "exponent": st.sampled_from([0.25, 0.5, 1.0]),
            },
            examples=15,
        ),
        Witness(
            name="differences of the solved problem at an integer",
            check=at_integer,
            claim=parts,
            wrong=WRONG,
            given={"problem": PROBLEMS},
            examples=10,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The sign of the direct part misleads: one training row, old feature $1$, new feature $1$,
target $1$, $\lambda = 1$, so that $\alpha = 1/2$; on the validation row the features are $4$ and $1$ and the
target is $1$, so that $r_v = 4/2 - 1 = 1$. Direct part $1 \cdot 1 \cdot \frac{1}{2} \cdot \frac{1}{2} = 0.25$;
total $1 \cdot (1 - 4/2) \cdot \frac{1}{2} = -0.5$. The new feature helps because it takes weight from the old
one.""",
            numbers={"direct": 0.25, "total": -0.5, "formulas": -0.25},
            compute=by_hand,
            tolerance=1e-6,
        ),
    ),
    references=(
        "F. Pedregosa, Hyperparameter optimization with approximate gradient, ICML 2016 (implicit differentiation)",
        "M. Gonen, E. Alpaydin, Multiple kernel learning algorithms, JMLR 2011",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.power",
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.direct",
    ),
    document="n2_4_ridge_validation.md",
)
