"""A grid wastes trials where few of its axes matter: how near the best value of one axis each search comes."""

from collections.abc import Callable
from functools import cache
from math import comb, sqrt
from math import gamma as factorial

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from continuum.benchmark import Space
from continuum.search.grid import Grid
from continuum.search.random import Random
from continuum.search.searcher import Searcher
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

#: Values of each of two axes; seeds of a search, and the standard errors that its mean may be off.
LEVELS, SEEDS, ERRORS = 9, 1000, 4.5
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def derive() -> list[Derivation]:
    """Mean distances of a uniform optimum from the nearest value on one axis, and in all, and when each wins."""
    n, d, trials = sp.symbols("n d N", integer=True, positive=True)
    t, u = sp.symbols("t u", positive=True)

    cell = Derivation("grid: distance within a cell of width 1/n", sp.integrate(2 * n * t, (t, 0, 1 / (2 * n))))
    cell = cell.rewrite(1 / (4 * n), "uniform up to half the width")

    # The optimum and N trials are N + 1 exchangeable uniform points: N + 2 spacings, each of mean 1 / (N + 2).
    mean = Derivation("a spacing: P(> u) = (1 - u)^(N + 1)", sp.integrate((1 - u) ** (trials + 1), (u, 0, 1)))
    mean = mean.rewrite(1 / (trials + 2), "integral of the tail")
    ends = sp.Rational(2) / (trials + 1)
    drawn = Derivation("random: nearest trial", ends * mean.value + (1 - ends) * mean.value / 2)
    nearest = (trials + 3) / (2 * (trials + 1) * (trials + 2))
    drawn = drawn.rewrite(nearest, "at an end one neighbour; else the smaller of two, half a spacing")

    inside = sp.Symbol("x", nonnegative=True)
    gap = Derivation("grid less random, N = n^2", (cell.value - nearest.subs(trials, n**2)) * 4 * n * (n**2 + 1) * (
        n**2 + 2
    ))  # fmt: skip
    gap = gap.apply(sp.expand, n**4 - 2 * n**3 + 3 * n**2 - 6 * n + 2, "times 4 n (N + 1)(N + 2)")
    gap = gap.apply(lambda e: sp.expand(e.subs(n, inside + 2)), inside**4 + 6 * inside**3 + 15 * inside**2
        + 14 * inside + 2, "n = 2 + x: no negative coefficient, so positive from n = 2 on")  # fmt: skip

    box = Derivation("grid: largest of d coordinates", sp.integrate(1 - (2 * n * t) ** d, (t, 0, 1 / (2 * n))))
    box = box.rewrite(d / ((d + 1) * 2 * n), "all uniform up to 1/(2n)")
    return [
        cell.claims(1 / (4 * n), {"half the width": 1 / (2 * n)}),
        drawn.claims(nearest, {"no ends": 1 / (2 * (trials + 2)), "one neighbour": 1 / (trials + 2)}),
        gap.claims(inside**4 + 6 * inside**3 + 15 * inside**2 + 14 * inside + 2, {"nothing": sp.Integer(0)}),
        box.claims(d / ((d + 1) * 2 * n), {"as on one axis": 1 / (4 * n)}),
        _volume(),
        _values(),
    ]


def _volume() -> Derivation:
    """Random search in d dimensions, far from the faces: P(farther than t) = (1 - (2t)^d)^N, to exp(-N (2t)^d)."""
    d, s = sp.symbols("d s", positive=True)
    # (2t)^d N = s, so that t = (s / N)^(1/d) / 2 and the mean is the integral of e^-s over dt.
    chain = Derivation("mean largest coordinate", sp.integrate(sp.exp(-s) * s ** (1 / d) / s, (s, 0, sp.oo)) / (2 * d))
    chain = chain.rewrite(sp.gamma(1 + 1 / d) / 2, "times N^(-1/d)")
    return chain.claims(sp.gamma(1 + 1 / d) / 2, {"as a grid": d / (2 * (d + 1)), "no half": sp.gamma(1 + 1 / d)})


def _values() -> Derivation:
    """Distinct values of one of two axes of three values, for two trials without repetition, by all pairs."""
    points = [(a, b) for a in range(3) for b in range(3)]
    pairs = [{p[0], q[0]} for p in points for q in points if p != q]
    chain = Derivation("mean over all pairs", sp.Rational(sum(map(len, pairs)), len(pairs)))
    claim = 3 * (1 - sp.binomial(6, 2) / sp.binomial(9, 2))
    chain = chain.rewrite(claim, "each value is missing with the same probability")
    return chain.claims(claim, {"repetition": 3 * (1 - sp.Rational(4, 9)), "all distinct": sp.Integer(2)})


def nearest(trials: float) -> float:
    """Mean distance of a uniform optimum from the nearest of so many uniform trials, by quadrature."""
    optimum, farther = (NODES + 1) / 2, (NODES + 1) / 2
    # P(distance > t) = (1 - length of [x - t, x + t] within [0, 1])^N; t = s^3 puts nodes where it is steep.
    t = farther[:, None] ** 3
    # From 0 to 1/2 and, by symmetry, twice: the length has kinks at t = x and t = 1 - x, so that many nodes are taken.
    length = np.minimum(optimum + t, 1) - np.maximum(optimum - t, 0)
    tail = np.clip(1 - length, 0, 1) ** trials
    return float(((tail * 3 * farther[:, None] ** 2) @ WEIGHTS / 2) @ WEIGHTS / 2)


def beyond(trials: float) -> float:
    """Mean distance less 1 / (2 N), its leading order."""
    return nearest(trials) - 1 / (2 * trials)


def ratio(side: float) -> float:
    """Mean distance on one axis, random over grid, for n^2 trials."""
    return nearest(side**2) * 4 * side


def cover(dimension: int, side: int) -> float:
    """Mean largest coordinate of the distance on a torus, random over grid, for n^d trials, by quadrature."""
    t = (NODES + 1) / 4  # up to 1/2
    random = float(((1 - (2 * t) ** dimension) ** side**dimension) @ WEIGHTS / 4)
    return random * 2 * side * (dimension + 1) / dimension


Seen = Callable[[int], tuple[float, float, float]]


def seen(side: int) -> tuple[float, float, float]:
    """Of side^2 trials: distinct widths of a grid; of random trials without repetition, with the rank of the best."""
    left = [comb((LEVELS - j) * LEVELS, side**2) / comb(LEVELS**2, side**2) for j in range(1, LEVELS)]
    return side, LEVELS * (1 - left[0]), sum(left)


def repeating(side: int) -> tuple[float, float, float]:
    """As if points were drawn with repetition."""
    left = [(1 - j / LEVELS) ** side**2 for j in range(1, LEVELS)]
    return side, LEVELS * (1 - left[0]), sum(left)


def as_a_grid(side: int) -> tuple[float, float, float]:
    """As if random trials saw no more widths than a grid."""
    return side, side, seen(side)[2]


def one_each(side: int) -> tuple[float, float, float]:
    """As if each trial of a grid had a width of its own."""
    return min(side**2, LEVELS), *seen(side)[1:]


#: Two axes of as many values.
SPACE = Space(tuple(range(1, LEVELS + 1)), tuple(k / 1000 for k in range(1, LEVELS + 1)), (0.0,), (1,))


def widths_of(searcher: Searcher, trials: int) -> list[float]:
    """What a shipped searcher trains first."""
    return [each.point.gamma for each in searcher.ask(trials, left=trials * SPACE.epochs)]


@cache
def drawn(trials: int) -> np.ndarray:
    """Widths of the first trials of many seeds of the shipped random search."""
    return np.array([widths_of(Random(SPACE, seed), trials) for seed in range(SEEDS)])


def by_searchers(formula: Seen, side: int) -> None:
    """Distinct widths of the shipped grid, those of the shipped random search, and its best rank, in means of seeds."""
    on_grid, distinct, best = formula(side)
    require(len(set(widths_of(Grid(SPACE), side**2))) == on_grid, "values of the grid")
    widths = drawn(side**2)
    for sample, claimed in (
        (np.array([len(set(row)) for row in widths.tolist()]), distinct),
        (widths.min(1) - 1, best),
    ):
        error = float(sample.std()) / sqrt(SEEDS)
        require(abs(float(sample.mean()) - claimed) <= ERRORS * error, f"mean {sample.mean():.4f}, not {claimed:.4f}")


def figures() -> dict[str, float]:
    """Nine trials on two axes; then a grid of ten values on each of 1, 2, 3 axes that all matter."""
    return {
        "distinct, grid": len({i / 3 for i, _ in np.ndindex(3, 3)}),
        "distinct, random": len(set(np.random.default_rng(0).random(9))),
        "distance, grid": 1 / 12,
        "distance, random": nearest(9),
        "one axis, 9 of 9": 1 / 36,
        **{f"all of {d} matter": cover(d, 10) for d in (1, 2, 3)},
        **{f"limit, {d}": factorial(1 + 1 / d) * (d + 1) / d for d in (1, 2, 3)},
    }


IDENTITY = Identity(
    id="D09",
    title="grid against random search, seen along one axis",
    source="Notes",
    place="Option #1: Grid search",
    printed=r""""Define a set of possible parameters (i.e., learning rates, width, depth, etc) [...] Try every
combination of hyperparameters possible, pick setting with best validation set performance. What are some downsides
of grid search?" (a question)""",
    precise=r"""A question; the usual answer, in numbers. With $n^d$ trials a grid tries $n$ values of each
hyperparameter, random search $n^d$. Let one of them matter, with its best value uniform on $[0, 1]$. The nearest
value tried is on average $1/(4n)$ away for a grid of the middles of $n$ equal cells, and $\frac{N+3}{2(N+1)(N+2)}$,
about $1/(2N)$, for $N$ uniform trials: with $N = n^d$ random search is nearer for all $d \geq 2$ and $n \geq 2$, by
a factor of about $n^{d-1}/2$, and a grid is nearer for $d = 1$, by a factor of almost 2. So the advantage is that
of a low *effective* dimension. If all $d$ matter equally, a grid is nearer: the largest coordinate of the distance
is on average $\frac{d}{2(d+1)n}$ for the grid and about $\frac{\Gamma(1+1/d)}{2n}$ for random search (away from the
faces), which is 2, 1.33 and 1.19 times as much for $d = 1, 2, 3$. The slide's remedy is another one: none of this
is about models of the objective. On axes of $K$ values of which $M$ combinations of the others exist, $N$ random
trials without repetition see $K(1 - B_1)$ distinct values of one axis, $B_j$ the probability $C((K-j)M, N) / C(KM, N)$
that none of $j$ given values is among them, not $N$ of them; and if that axis alone matters, the best one seen has the
mean rank $B_1 + \ldots + B_{K-1}$, from 0.""",
    verdict=Verdict.HOLDS,
    proof=r"""Within a cell the distance is uniform on $[0, 1/(2n)]$. The optimum and $N$ trials are $N + 1$
exchangeable uniform points; they cut $[0, 1]$ into $N + 2$ exchangeable spacings of mean $1/(N+2)$. With
probability $2/(N+1)$ the optimum is an outermost point and has one neighbour, else two; the smaller of two
neighbouring spacings is half of one on average, since the share of one in their sum is uniform. The difference for
$N = n^2$ is positive for $n \geq 2$, and more trials only help. In $d$ dimensions $P(\mathrm{distance} > t) =
(1-(2t)^d)^N \to e^{-N(2t)^d}$. A mean rank is the sum of the probabilities that the rank is at least $j$, for $j = 1,
2, \ldots$""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped searchers on two axes of nine values: distinct values, and the best at random",
            check=by_searchers,
            claim=seen,
            wrong={
                "drawn with repetition": repeating,
                "no more values at random than on the grid": as_a_grid,
                "a value for each trial of a grid": one_each,
            },
            given={"side": st.integers(2, 6)},
        ),
    ),
    rates=(
        Rate(
            name="mean distance of random trials, against their number, mathematics alone",
            scales=(40, 80, 160, 320),
            error=nearest,
            claim=Asymptote(-1, 0.5),
            wrong={"a grid's on one axis": Asymptote(-1, 0.25), "root": Asymptote(-0.5), "no half": Asymptote(-1, 1)},
        ),
        Rate(
            name="random over grid on one axis of two, against the side of the grid, mathematics alone",
            scales=(6, 8, 12, 16),
            error=ratio,
            claim=Asymptote(-1, 2),
            wrong={"no gain": Asymptote(0), "as many values as trials, no factor": Asymptote(-1, 1)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Nine trials on two axes: 3 distinct values on each against 9; mean distance 0.0833 for the
grid, 0.0545 for random search, 0.0278 for a grid on the one axis that matters. If all of 1, 2, 3 axes matter and
the grid has ten values on each, random search is 1.818, 1.324, 1.190 times as far (2, 1.329, 1.191 in the limit),
faces glued together.""",
            numbers={
                "distinct, grid": 3,
                "distinct, random": 9,
                "distance, grid": 0.0833,
                "distance, random": 0.0545,
                "one axis, 9 of 9": 0.0278,
                "all of 1 matter": 1.818,
                "all of 2 matter": 1.324,
                "all of 3 matter": 1.190,
                "limit, 1": 2,
                "limit, 2": 1.329,
                "limit, 3": 1.191,
            },
            compute=figures,
            tolerance=5e-4,
        ),
    ),
    references=("J. Bergstra, Y. Bengio, Random search for hyper-parameter optimization, JMLR 13, 2012",),
    covers=("continuum.search.grid", "continuum.search.random"),
)
