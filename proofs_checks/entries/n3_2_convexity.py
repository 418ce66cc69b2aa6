"""The optimised loss is convex in the grades, whatever the data, exactly for the masks whose square is concave."""

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths.power import power
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 4
Exponents = tuple[float, ...]
ROUNDING = 1e-12


def derive() -> list[Derivation]:
    """One feature with a quadratic loss, its limit without curvature, and the second derivative for a power."""
    return [_one_feature(), _power()]


def _one_feature() -> Derivation:
    weight, pull, mask = sp.symbols("W G phi", real=True)
    h, lam, psi = sp.symbols("h lambda psi", positive=True)
    v = mask * weight
    chain = Derivation("F(v) = -G v + h v^2/2", -pull * v + h * v**2 / 2 + lam * weight**2 / 2)
    chain = chain.apply(
        lambda e: sp.simplify(e.subs(weight, sp.solve(sp.diff(e, weight), weight)[0])),
        -(mask**2) * pull**2 / (2 * (lam + h * mask**2)),
        "minimise over W",
    )
    chain = chain.apply(lambda e: e.subs(mask, sp.sqrt(psi)), -psi * pull**2 / (2 * (lam + h * psi)), "psi = phi^2")
    chain = chain.apply(
        lambda e: sp.limit(e, h, 0), -psi * pull**2 / (2 * lam), "no curvature: a limit of convex functions"
    )
    wrong = {"phi for psi": -sp.sqrt(psi) * pull**2 / (2 * lam), "convex": psi * pull**2 / (2 * lam)}
    return chain.claims(-(pull**2) / (2 * lam) * psi, wrong)


def _power() -> Derivation:
    a, p, lam, pull = sp.symbols("a p lambda G", positive=True)
    chain = Derivation("mask a^p", -(a ** (2 * p)) * pull**2 / (2 * lam))
    second = p * (1 - 2 * p) * a ** (2 * p - 2) * pull**2 / lam
    chain = chain.apply(lambda e: sp.diff(e, a, 2), second, "second derivative")
    chain = chain.apply(lambda e: sp.solve(e, p), [sp.Rational(1, 2)], "it changes its sign at", test=_roots)
    return chain.claims([sp.Rational(1, 2)], {"p = 1": [sp.Integer(1)], "none": []}, test=_roots)


def _roots(left: list[sp.Expr], right: list[sp.Expr]) -> bool:
    return [root for root in left if root != 0] == right


def value(readout: Readout, grades: Tensor, exponent: float) -> Tensor:
    """V at gates g^p."""
    return readout.value(power(grades, exponent))


def midpoints(formula: Exponents, readout: Readout, first: Tensor, second: Tensor, unit: int, shrink: float) -> None:
    """For every exponent: V at a midpoint is at most the mean of the ends, over pairs and along one grade from 0."""
    closed = first.clone()
    closed[unit] = 0.0
    opened = closed.clone()
    opened[unit] = shrink
    for exponent in formula:
        for left, right in ((first, second), (closed, opened)):
            ends = (value(readout, left, exponent) + value(readout, right, exponent)) / 2
            middle = value(readout, (left + right) / 2, exponent)
            require(bool(middle <= ends + ROUNDING), f"not convex for p = {exponent}")


def beyond(formula: Exponents, readout: Readout, k: int) -> None:
    """For every exponent and *any* data with G_k != 0 a chord from the integer k lies below V."""
    gates = torch.tensor([1.0] * k + [0.0] * (UNITS - k))
    assume(float(readout.pull(gates)[k].square().sum()) > 1e-2)
    for exponent in formula:
        sags = (_sag(readout, k, 2.0**-j, exponent) for j in (4, 8, 12, 0))
        require(any(sag > 1e-10 for sag in sags), f"convex from k = {k} on for p = {exponent}")


def _sag(readout: Readout, k: int, part: float, exponent: float) -> float:
    """How far V in the middle of [k, k + part] lies above its chord."""
    zero, half, whole = (readout.at(k + share * part, exponent) for share in (0, 0.5, 1))
    return float(half - (zero + whole) / 2)


def chord() -> dict[str, float]:
    """y = t = lam = 1: V(a) = 1/(2 (1 + psi))."""
    one = Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0)
    return {f"p={p:g}, a={a:g}": float(one.at(a, p)) for p in (1.0, 0.5) for a in (0.0, 0.5, 1.0)}


def across() -> dict[str, float]:
    """Two features 1 and 2, root mask: slopes on both sides of gamma = 1."""
    two = Readout(torch.tensor([[1.0, 2.0]]), torch.ones(1, 1), 1.0)
    at = lambda gamma: two.at(gamma, 0.5)  # noqa: E731
    return {"left": float(one_sided(at, 1.0, -1e-3)), "right": float(one_sided(at, 1.0, 1e-4))}


CONCAVE: Exponents = (0.5, 0.25)
WRONG: dict[str, Exponents] = {"0.55": (0.55,), "0.75": (0.75,), "the linear mask": (1.0,)}

IDENTITY = Identity(
    id="N3.2",
    title="convex in the width iff psi is concave",
    source="here",
    place="for fixed features and optimised outgoing weights",
    printed=r"""$V$ is convex in $g$ for all data iff $\psi = \phi^2$ is concave on $[0, 1]$""",
    precise=r"""Setting of N3.1, $\lambda > 0$, $\psi = \phi^2: [0,1] \to [0,\infty)$ any function.

(i) If $\psi$ is concave, $V$ is convex on $[0,1]^N$ for all features, data and convex differentiable $F$.

(ii) If $\psi$ is not concave, $V$ is not convex for some data; one feature, one row and the squared loss suffice.
So among the masks $a^p$ the convex ones are those with $p \leq 1/2$.

(iii) If $\psi(a) > 0$ for $a > 0$ and $\psi(a) = o(a)$ at 0, as for $a^p$ with $p > 1/2$, then $V$ is not convex on
the tile $[k, k+1]$ for *any* data with $G_k \ne 0$.

(iv) Convex in $g$ means convex in $\gamma$ on each tile only: at an integer the slope of $V(\gamma)$ may fall, for
every mask with $\psi'(0^+) > 0$.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) By N3.1(a) $V$ is a supremum over $u$ of the functions
$-F^*(u) - \frac{1}{2\lambda}\sum_i \psi(g_i) |\langle u, y_i\rangle|^2$, each convex in $g$. (ii) One row, feature
$y$, target $t$, $F(z) = \frac{1}{2}(z-t)^2$: with $G = -yt$, $h = y^2$ it is
$V = V_0 - \frac{\psi G^2}{2(\lambda + h\psi)}$. Take $y = \epsilon$, $t = 1/\epsilon$: $V - V_0 \to -\psi/2\lambda$
as $\epsilon \to 0$, and a limit of convex functions is convex, so $\psi$ would be concave. (iii) By N3.1(c) the
right derivative at $k$ is $0$, so convexity would give $V(k+a) \geq V(k)$; but $V(k+a) < V(k)$ since $V$ falls
strictly in $\psi$ where $G_k \ne 0$ (see N3.3). (iv) The second counterexample.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="midpoints",
            check=midpoints,
            claim=CONCAVE,
            wrong=WRONG,
            given={
                "readout": strategies.readouts(UNITS),
                "first": strategies.grades(UNITS),
                "second": strategies.grades(UNITS),
                "unit": st.integers(0, UNITS - 1),
                "shrink": strategies.numbers(1e-3, 1.0),
            },
            examples=15,
        ),
        Witness(
            name="beyond 1/2 no data are convex at an integer",
            check=beyond,
            claim=(0.6, 1.0),
            wrong={"1/2": (0.5,), "1/4": (0.25,)},
            given={"readout": strategies.readouts(UNITS), "k": st.integers(0, UNITS - 1)},
            examples=10,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The linear mask. One row, $y = t = \lambda = 1$, $F = \frac{1}{2}(z-t)^2$:
$V(a) = \frac{1}{2(1+a^2)}$ is $0.5$, $0.4$, $0.25$ at $a = 0, \frac{1}{2}, 1$; the mean of the ends, $0.375$, is
below the middle. With $\phi = \sqrt{a}$ it is $V(a) = \frac{1}{2(1+a)}$: $0.5$, $1/3$, $0.25$.""",
            numbers={
                "p=1, a=0": 0.5,
                "p=1, a=0.5": 0.4,
                "p=1, a=1": 0.25,
                "p=0.5, a=0": 0.5,
                "p=0.5, a=0.5": 1 / 3,
                "p=0.5, a=1": 0.25,
            },
            compute=chord,
        ),
        Counterexample(
            text=r"""$V(\gamma)$ is not convex over an integer. One row, features $(1, 2)$, $t = \lambda = 1$,
$\phi = \sqrt{a}$: the kernel is $K = \gamma$ up to 1 and $1 + 4(\gamma-1)$ beyond, $V = \frac{1}{2(1+K)}$, and the
slope falls from $-0.125$ to $-0.5$ at $\gamma = 1$. So flow may stop at a unit that does not pay although a later
one would.""",
            numbers={"left": -0.125, "right": -0.5},
            compute=across,
            tolerance=1e-6,
        ),
    ),
    references=(
        "G. R. G. Lanckriet et al., Learning the kernel matrix with semidefinite programming, JMLR 5, 2004 (psi = g)",
        "A. Rakotomamonjy, F. Bach, S. Canu, Y. Grandvalet, SimpleMKL, JMLR 9, 2008",
        "M. Pilanci, M. J. Wainwright, L. El Ghaoui, Sparse learning via Boolean relaxations, Math. Program. 151, 2015",
        "H. Dong, K. Chen, J. Linderoth, Regularization vs. relaxation, arXiv 1510.06083 (perspective relaxation)",
    ),
    covers=("continuum.widths.interval", "continuum.widths.penalty.geometry", "continuum.widths.power"),
    document="n3_2_convexity.md",
)
