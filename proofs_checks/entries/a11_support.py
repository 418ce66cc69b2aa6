"""The set that a function stands for is the support of its positive part, {f > 0} up to a null set."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Affine, Interval, PiecewiseLinear, Polynomial, hard_gates, zeros
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS = 4
Positive = Callable[[float], bool]


def derive() -> list[Derivation]:
    """The positive part, the interval of f = gamma - u, and the measure of a fat Cantor set's complement."""
    f, u = sp.symbols("f u", real=True)
    chain = Derivation("|f|/2 + f/2", sp.Abs(f) / 2 + f / 2)
    cases = sp.Piecewise((f, f > 0), (0, True))
    chain = chain.rewrite(cases, "by cases of the sign", test=_on_both_signs)
    wrong = {"|f|": sp.Abs(f), "negative part": sp.Max(-f, 0), "the number 1": sp.Heaviside(f)}
    positive = chain.claims(sp.Max(f, 0), wrong, test=_on_both_signs)
    gamma = sp.Symbol("gamma", positive=True)
    beyond = sp.Symbol("s", positive=True)
    inside = sp.Piecewise((1, gamma - u > 0), (0, True))
    reach = Derivation("length of {gamma - u > 0} in [0, gamma + s]", sp.Integral(inside, (u, 0, gamma + beyond)))
    reach = reach.apply(lambda e: e.doit(), gamma, "integrate the indicator")
    claimed = reach.claims(gamma, {"all": gamma + beyond, "the rest": beyond})
    n = sp.Symbol("n", integer=True, positive=True)
    cantor = Derivation(
        "2^(n-1) gaps of length 4^-n, n = 1, 2, ...", sp.Sum(2 ** (n - 1) * sp.Rational(1, 4) ** n, (n, 1, sp.oo))
    )
    cantor = cantor.apply(lambda e: e.doit(), sp.Rational(1, 2), "geometric series")
    return [positive, claimed, cantor.claims(sp.Rational(1, 2), {"all of [0, 1]": sp.Integer(1)})]


def _on_both_signs(left: sp.Expr, right: sp.Expr) -> bool:
    f = sp.Symbol("f", real=True)
    signs = (sp.Symbol("p", positive=True), -sp.Symbol("q", positive=True))
    return all(sp.simplify((left - right).subs(f, value)) == 0 for value in signs)


def printed(value: float) -> bool:
    """|f|/2 + f/2 > 0."""
    return abs(value) / 2 + value / 2 > 0


def negative(value: float) -> bool:
    """|f|/2 - f/2 > 0."""
    return abs(value) / 2 - value / 2 > 0


def modulus(value: float) -> bool:
    """|f| > 0."""
    return abs(value) > 0


def lengths(positive: Positive, f: torch.nn.Module, borders: list[float]) -> Tensor:
    """Length in every tile of the set where f is positive; f keeps its sign between borders."""
    marks = np.unique(np.concatenate([np.arange(UNITS + 1.0), np.clip(borders, 0, UNITS)]))
    total = np.zeros(UNITS)
    for low, high in pairwise(marks):
        middle = (low + high) / 2
        inside = positive(float(f(torch.tensor([middle], dtype=torch.float64)).detach()))
        total[int(middle)] += (high - low) * inside
    return torch.from_numpy(total)


def polynomial(positive: Positive, roots: list[float], lead: float) -> None:
    """Hard gates of a polynomial with known simple roots, and the roots themselves."""
    f = Polynomial(torch.from_numpy(lead * np.polynomial.polynomial.polyfromroots(roots)))
    expected = lengths(positive, f, roots)
    assert_close(hard_gates(f, UNITS), expected, rtol=0, atol=1e-9)
    places = [zero.at for zero in zeros(f, 0, UNITS).zeros]
    assert_close(torch.tensor(places), torch.tensor(roots), rtol=0, atol=1e-9)


def polygon(positive: Positive, values: Tensor) -> None:
    """Hard gates of a polygon with knots at the quarters, which may vanish on stretches."""
    knots = torch.linspace(0, UNITS, len(values), dtype=torch.float64)
    f = PiecewiseLinear(values, knots)
    borders = [
        float(t + (s - t) * v / (v - w))
        for (t, s), (v, w) in zip(pairwise(knots), pairwise(values), strict=True)
        if v * w < 0
    ]
    assert_close(hard_gates(f, UNITS), lengths(positive, f, [*borders, *knots.tolist()]), rtol=0, atol=1e-11)


def interval(reach: Callable[[float], float], gamma: float, slope: float) -> None:
    """f = s (gamma - u) for s > 0 stands for the interval law, and for s < 0 for the rest of the units.

    To 1e-9, because a zero as near as that to an integer is put on it.
    """
    gates = Interval(UNITS, reach(gamma), learnable=False).gates()
    expected = gates if slope > 0 else 1 - gates
    assert_close(hard_gates(Affine(gamma, slope).double(), UNITS), expected, rtol=0, atol=1e-9)


def fat_cantor(stages: int) -> PiecewiseLinear:
    """Tents on the gaps of the first stages, in units of [0, 1]: stage n takes 4^-n from the middle of each piece."""
    pieces, gaps = [(0.0, 1.0)], []
    for n in range(1, stages + 1):
        middles = [(low + high) / 2 for low, high in pieces]
        new = [(middle - 4.0**-n / 2, middle + 4.0**-n / 2) for middle in middles]
        pieces = [part for (low, high), (a, b) in zip(pieces, new, strict=True) for part in ((low, a), (b, high))]
        gaps += new
    points = sorted((point, tent) for a, b in gaps for point, tent in ((a, 0.0), ((a + b) / 2, 1.0), (b, 0.0)))
    knots, values = zip(*[(0.0, 0.0), *points, (1.0, 0.0)], strict=True)
    return PiecewiseLinear(torch.tensor(values, dtype=torch.float64), torch.tensor(knots, dtype=torch.float64))


def cantor_measures() -> dict[str, float]:
    """Length of {f > 0} after three stages by the shipped gates, and the limit of the series."""
    figures = {f"{n} stages": float(hard_gates(fat_cantor(n), 1)[0]) for n in (1, 2, 3)}
    return {**figures, "limit": sum(2 ** (n - 1) * 4.0**-n for n in range(1, 60)), "closure": 1.0}


#: Multiples of 1/8 + 1/16: at least 1/8 apart and never an integer.
ROOTS = st.lists(st.integers(0, 8 * UNITS - 1), min_size=1, max_size=5, unique=True).map(
    lambda steps: [n / 8 + 1 / 16 for n in sorted(steps)]
)
WRONG = {"the negative part": negative, "the modulus": modulus}

IDENTITY = Identity(
    id="A11",
    title="the support of the positive part",
    source="DFM",
    place="section 1.7, paragraph on global search",
    printed=r"""Let $E: C_*^\infty(\mathbb{R}) \to \mathcal{L}(\mathbb{R})$ so that $f \mapsto \sup(|f|/2 + f/2)$,
where $C_*^\infty(\mathbb{R})$ is the set of infinitely differentiable functions which vanish on at most a
$\mu$-null set.""",
    precise=r"""$|f|/2 + f/2 = \max(f, 0) = f^+$, and "sup" must be the support: $E(f) = \mathrm{supp} f^+$, the
closure of $\{f > 0\}$. If $f$ is continuous and its zeros $Z(f)$ are a null set, $E(f)$ and $\{f > 0\}$ differ by
a null set, so that integrals over $E(f)$ are integrals over $\{f > 0\}$. On $u \geq 0$, $f = \gamma - u$ gives
back $E = [0, \gamma]$. Without the clause on $Z(f)$ this fails. For fixed $f$ in $C_*^\infty$ and any smooth
$\varphi$, $f + \epsilon\varphi$ is in $C_*^\infty$ for all but countably many $\epsilon$.""",
    verdict=Verdict.CORRECTED,
    proof=r"""A point of the closure of $\{f > 0\}$ that is not in the set has $f \leq 0$, and $f \geq 0$ by
continuity: it is in $Z(f)$. Last claim: the zeros of $f + \epsilon\varphi$ with $\varphi = 0$ are zeros of $f$;
those with $\varphi \neq 0$ are the level sets $\{-f/\varphi = \epsilon\}$, disjoint for different $\epsilon$, and
only countably many disjoint sets can have positive measure.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="hard gates and zeros of polynomials with known roots",
            check=polynomial,
            claim=printed,
            wrong=WRONG,
            given={"roots": ROOTS, "lead": st.sampled_from([1.0, -1.0, 0.125])},
        ),
        Witness(
            name="hard gates of polygons, with stretches where f = 0",
            check=polygon,
            claim=printed,
            wrong={**WRONG, "f >= 0": lambda value: value >= 0},
            given={"values": strategies.tensors(4 * UNITS + 1, low=-1 / 32, high=1 / 32)},
        ),
        Witness(
            name="hard gates of s (gamma - u) against the interval law",
            check=interval,
            claim=lambda gamma: gamma,
            wrong={
                "the units that are left": lambda gamma: UNITS - gamma,
                "whole units": lambda gamma: float(round(gamma)),
            },
            given={"gamma": strategies.gammas(UNITS), "slope": st.sampled_from([1.0, 0.5, -2.0])},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Without the clause: $f \geq 0$, smooth, with $Z(f) \cap [0, 1]$ a fat Cantor set, from which
stage $n$ takes a gap of length $4^{-n}$ out of the middle of each of the $2^{n-1}$ pieces. The gaps make up
$1/4$, $3/8$, $7/16$ after 1, 2, 3 stages and $1/2$ in the limit: $\mu\{f > 0\} = 1/2$. They are dense, so the
support of $f^+$ is $[0, 1]$, of length 1.""",
            numbers={"1 stages": 0.25, "2 stages": 0.375, "3 stages": 0.4375, "limit": 0.5, "closure": 1.0},
            compute=cantor_measures,
        ),
    ),
    references=("H. L. Royden, Real Analysis, 3rd ed., 1988, chapter 2 (generalised Cantor sets)",),
    covers=(
        "continuum.widths.fields.zeros",
        "continuum.widths.fields.line",
        "continuum.widths.fields.field",
        "continuum.widths.fields.piecewise",
    ),
)
