"""The variance of the immediate derivative over fresh weights is, up to a factor, the capacity slope of a root mask."""

import math
from collections.abc import Callable
from itertools import product

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor

from continuum.widths import Geometry, Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.compare import close
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 3
#: Laws of one entry with mean 0 and variance 1: support and probabilities; the three points stand for a normal law,
#: with which they share the moments up to the fifth.
LAWS: dict[str, tuple[list[float], list[float]]] = {
    "signs": ([-1.0, 1.0], [1 / 2, 1 / 2]),
    "normal": ([-(3**0.5), 0.0, 3**0.5], [1 / 6, 2 / 3, 1 / 6]),
    "rare": ([-2.0, 0.0, 2.0], [1 / 8, 3 / 4, 1 / 8]),
}
KURTOSIS = {"signs": 1.0, "normal": 3.0, "rare": 4.0}


def derive() -> list[Derivation]:
    """Moments of <W, G>, and the slope of the optimised loss of one more unit."""
    return [_mean(), _second(), _fourth(), _slope()]


W = sp.symbols("w_1:3", real=True)
G = sp.symbols("G_1:3", real=True)
S, FOURTH = sp.symbols("s mu_4", positive=True)


def _expected(polynomial: sp.Expr) -> sp.Expr:
    """Expectation, monomial by monomial, for independent entries with moments 0, s^2, 0, mu_4."""
    moments = {0: 1, 1: 0, 2: S**2, 3: 0, 4: FOURTH}
    terms = sp.Poly(polynomial, *W).terms()
    return sum(factor * sp.prod([moments[power] for power in powers]) for powers, factor in terms)


R = sum(w * g for w, g in zip(W, G, strict=True))
SIZE = sum(g**2 for g in G)


def _mean() -> Derivation:
    return Derivation("E r", _expected(R)).claims(sp.Integer(0), {"sum of G": S * sum(G)})


def _second() -> Derivation:
    chain = Derivation("E r^2", _expected(R**2))
    return chain.claims(S**2 * SIZE, {"square of the sum": S**2 * sum(G) ** 2, "s": S * SIZE})


def _fourth() -> Derivation:
    chain = Derivation("E r^4", _expected(R**4))
    claim = 3 * S**4 * SIZE**2 + (FOURTH - 3 * S**4) * sum(g**4 for g in G)
    chain = chain.rewrite(claim, "pairs of equal entries, and the excess over a normal law")
    chain = chain.apply(lambda e: e.subs(FOURTH, 3 * S**4), 3 * (S**2 * SIZE) ** 2, "normal entries")
    return chain.claims(3 * S**4 * SIZE**2, {"as if r were a sign": S**4 * SIZE**2})


def _slope() -> Derivation:
    weight, pull, second = sp.symbols("W G E", real=True)
    a, lam, h, s = sp.symbols("a lambda h s", positive=True)
    gate = sp.sqrt(a)
    chain = Derivation("one more unit", pull * gate * weight + h * gate**2 * weight**2 / 2 + lam * weight**2 / 2)
    chain = chain.apply(
        lambda e: sp.simplify(e.subs(weight, sp.solve(sp.diff(e, weight), weight)[0])),
        -a * pull**2 / (2 * (lam + h * a)),
        "minimise over its outgoing weight",
    )
    chain = chain.apply(lambda e: sp.diff(e, a).subs(a, 0), -(pull**2) / (2 * lam), "right derivative at the integer")
    chain = chain.apply(lambda e: e.subs(pull, sp.sqrt(second) / s), -second / (2 * lam * s**2), "E r^2 = s^2 G^2")
    return chain.claims(-second / (2 * lam * s**2), {"no half": -second / (lam * s**2), "s": -second / (2 * lam * s)})


def fresh(outputs: int, law: str, scale: float) -> tuple[Tensor, Tensor]:
    """All outcomes of the fresh outgoing weights, (outcomes, outputs), and their probabilities."""
    points, shares = LAWS[law]
    outcomes = scale * torch.tensor(list(product(points, repeat=outputs)))
    return outcomes, torch.tensor(list(product(shares, repeat=outputs))).prod(-1)


def derivatives(readout: Readout, k: int, trained: Tensor, outcomes: Tensor) -> Tensor:
    """r_k by the shipped closed form, one for each outcome, the units below k at their ``trained`` weights."""
    count, gates = len(outcomes), Interval(UNITS, float(k)).gates().detach()
    slope = readout.derivatives(readout.output(trained, gates))[0]
    weights = trained.repeat(count, 1, 1)
    weights[:, k] = outcomes
    width = Interval(UNITS, torch.full((count,), float(k)))
    return gamma_derivative(
        width, readout.features.repeat(count, 1, 1), weights, slope.repeat(count, 1, 1), "right"
    ).detach()


Moments = Callable[[Tensor, float, str], Tensor]


def claimed(pull: Tensor, scale: float, law: str) -> Tensor:
    """0, s^2 |G|^2, and s^4 (3 |G|^4 + (kurtosis - 3) sum G_j^4)."""
    size, excess = pull.square().sum(), KURTOSIS[law] - 3
    return torch.stack([0 * size, scale**2 * size, scale**4 * (3 * size**2 + excess * pull.pow(4).sum())])


def of_the_sum(pull: Tensor, scale: float, law: str) -> Tensor:
    """One weight for all outputs."""
    return claimed(pull.sum(0, keepdim=True), scale, law)


def normal_always(pull: Tensor, scale: float, law: str) -> Tensor:
    """As if r were normal whatever the law of W."""
    return claimed(pull, scale, "normal")


def root_of_scale(pull: Tensor, scale: float, law: str) -> Tensor:
    """s in the place of s^2."""
    return claimed(pull, scale**0.5, law)


def by_enumeration(formula: Moments, readout: Readout, k: int, scale: float, law: str) -> None:
    """Moments of the shipped derivative over all outcomes, at the inner optimum and away from it."""
    outcomes, shares = fresh(readout.targets.shape[1], law, scale)
    gates = Interval(UNITS, float(k)).gates().detach()
    for part in (1.0, 0.5):
        trained = part * readout.optimum(gates).weights
        pull = readout.features[:, k] @ readout.derivatives(readout.output(trained, gates))[0]
        r = derivatives(readout, k, trained, outcomes)
        actual = torch.stack([shares @ r, shares @ r**2, shares @ r**4])
        close(actual, formula(pull, scale, law))


Slope = Callable[[Readout, int, float, str], Tensor]


def from_variance(factor: float, power: float, part: float) -> Slope:
    """-E r^2 factor / (lam s^power) with the lower units at ``part`` of their optimum; the claim: 1/2, 2, 1."""

    def slope(readout: Readout, k: int, scale: float, law: str) -> Tensor:
        outcomes, shares = fresh(readout.targets.shape[1], law, scale)
        trained = part * readout.optimum(Interval(UNITS, float(k)).gates()).weights
        second = shares @ derivatives(readout, k, trained, outcomes) ** 2
        return second * (-factor / (readout.decay * math.pow(scale, power)))

    return slope


def by_differences(
    formula: Slope, readout: Readout, k: int, scale: float, law: str, geometry: tuple[Geometry, float]
) -> None:
    """One-sided differences of the optimised loss: root gates, or linear ones in L2(E)."""
    norm, exponent = geometry
    actual = one_sided(lambda gamma: readout.at(gamma, exponent, norm), float(k), 1e-4)
    torch.testing.assert_close(actual, formula(readout, k, scale, law), rtol=1e-4, atol=1e-5)


def untrained() -> dict[str, float]:
    """Two features 1, target 1, lam = 1: the variance at the optimum and before training, for W = +-1."""
    readout = Readout(torch.ones(1, 2), torch.ones(1, 1), 1.0)
    gates, outcomes = torch.tensor([1.0, 0.0]), torch.tensor([[1.0], [-1.0]])
    best = readout.optimum(gates).weights
    widths = Interval(2, torch.full((2,), 1.0))

    def mean_square(weights: Tensor) -> float:
        slope = readout.derivatives(readout.output(weights, gates))[0].repeat(2, 1, 1)
        every = torch.stack([torch.cat([weights[:1], outcome[None]]) for outcome in outcomes])
        r = gamma_derivative(widths, readout.features.repeat(2, 1, 1), every, slope)
        return float(r.square().mean())

    slope = one_sided(lambda gamma: readout.at(gamma, 0.5), 1.0, 1e-4)
    return {"slope": float(slope), "at the optimum": mean_square(best) / 2, "untrained": mean_square(0 * best) / 2}


GIVEN = {
    "readout": strategies.readouts(UNITS),
    "k": st.integers(0, UNITS - 1),
    "scale": st.sampled_from([0.5, 1.0, 2.0]),
    "law": st.sampled_from(sorted(LAWS)),
}

IDENTITY = Identity(
    id="N4.1",
    title="second moment of the immediate derivative",
    source="here",
    place="at an integer width",
    printed=r"""$V'(k^+) = -\frac{E[r_k^2]}{2\lambda s^2}$ for root gates""",
    precise=r"""Let the fresh unit $k$ have the fixed feature $y_k$ and random outgoing weights $W_k \in
\mathbb{R}^m$ with mean 0 and covariance $s^2 I$, let $u = F'(S_k)$ be independent of $W_k$, $G_k = \langle u,
y_k\rangle \in \mathbb{R}^m$, and $r_k = \langle W_k, G_k\rangle$ the right derivative of the immediate loss at
$\gamma = k$. Given $u$ and $y_k$:

(i) $E\,r_k = 0$ and $E\,r_k^2 = s^2|G_k|^2$. For a covariance $\Sigma$ it is $G_k^\top\Sigma\, G_k$. If the law of
$W_k$ is invariant under rotations, the whole law of $r_k$ depends on $G_k$ through $|G_k|$ alone.

(ii) If $S_k$ is the output at the *inner optimum* of width $k$ (setting of N3.1, $\lambda > 0$), then for root
gates with Euclidean weight decay, and for linear gates with that of L2(E),

$V'(k^+) = -\frac{1}{2\lambda}|G_k|^2 = -\frac{E\,r_k^2}{2\lambda s^2}$.

At any other $S_k$ (i) holds with the $G_k$ of that $S_k$, and (ii) does not.

(iii) For independent entries of kurtosis $\kappa$ the estimate $r_k^2/s^2$ of $|G_k|^2$ has the variance
$2|G_k|^4 + (\kappa - 3)\sum_j G_{kj}^4$: for normal weights its relative spread is $\sqrt{2}$ in a single draw, and
for one output and weights $\pm s$ it is 0.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) $G_k$ is constant given $u$ and $y_k$; $E\langle W, G\rangle = \langle E\,W, G\rangle$ and
$E\langle W, G\rangle^2 = G^\top E[W W^\top] G$. For a rotation $Q$ with $QG = |G|e_1$, $\langle W, G\rangle =
\langle QW, QG\rangle$ has the law of $|G|\,W_1$. (ii) N3.1(c) for root gates and N3.4 for L2(E); $u$ is the
gradient at the inner optimum in both. (iii) Expand $E(\sum_j W_j G_j)^4$: pairs give $3 s^4(|G|^4 - \sum_j G_j^4)$,
equal indices $\kappa s^4\sum_j G_j^4$. Subtract $s^4|G|^4$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="moments over all outcomes",
            check=by_enumeration,
            claim=claimed,
            wrong={
                "square of the sum of the outputs": of_the_sum,
                "normal whatever the law": normal_always,
                "s for s^2": root_of_scale,
            },
            given=GIVEN,
        ),
        Witness(
            name="the optimised loss beyond the integer",
            check=by_differences,
            claim=from_variance(0.5, 2, 1.0),
            wrong={
                "no half": from_variance(1.0, 2, 1.0),
                "s for s^2": from_variance(0.5, 1, 1.0),
                "sign": from_variance(-0.5, 2, 1.0),
                "away from the inner optimum": from_variance(0.5, 2, 0.5),
            },
            given=GIVEN | {"geometry": st.sampled_from([("euclidean", 0.5), ("l2", 1.0)])},
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Away from the inner optimum the identity fails. Features $y_0 = y_1 = 1$, target 1, $\lambda =
1$, $F = \frac{1}{2}(z-1)^2$, $k = 1$: the optimum is $S_1 = 1/2$, so $G_1 = -1/2$ and $V'(1^+) = -1/8 = -0.125$ for
root gates. With $W_1 = \pm 1$ the variance there gives $E\,r_1^2/2 = 0.125$; before training, at $S_1 = 0$, it
gives $0.5$, four times too much.""",
            numbers={"slope": -0.125, "at the optimum": 0.125, "untrained": 0.5},
            compute=untrained,
            tolerance=1e-8,
        ),
    ),
    references=(
        "U. Evci, B. van Merrienboer, T. Unterthiner, F. Pedregosa, M. Vladymyrov, GradMax: growing neural networks "
        "using gradient information, ICLR 2022 (the sum of |G_k|^2 over new units is its score)",
        "R. Mitchell, R. Menzenbach, K. Kersting, M. Mundt, Self-expanding neural networks, arXiv:2307.04526",
        "Y. Nesterov, V. Spokoiny, Random gradient-free minimization of convex functions, Found. Comput. Math. 17, "
        "2017 (moments of <W, G> for random directions)",
    ),
    covers=("continuum.widths.interval", "continuum.widths.derivative", "continuum.widths.penalty.geometry"),
    document="n4_1_second_moment.md",
)
