"""Depth doubles the number of linear pieces, width adds one: the tent map and a bound for one hidden layer."""

from collections.abc import Callable
from math import ceil

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.tents import shallow, tent, tents

UNITS, DEPTH = 8, 3
# Dyadic points, where float64 makes no error.
GRID = torch.arange(4 * 2**DEPTH + 1, dtype=torch.float64).unsqueeze(-1) / (4 * 2**DEPTH)


def derive() -> list[Derivation]:
    """From the two ReLUs of one tent to 2^k pieces, and from three points of a tent to the distance 1/2."""
    x, k, depth = sp.Symbol("x", real=True), sp.Symbol("k", integer=True, nonnegative=True), sp.Symbol("j")
    up, down = sp.symbols("t s", nonnegative=True)  # x = 1/2 - t, x = 1/2 + s
    tent = 2 * sp.Max(x, 0) - 4 * sp.Max(x - sp.Rational(1, 2), 0)
    left = Derivation("left of the top", tent.subs(x, sp.Rational(1, 2) - up))
    left = left.apply(lambda e: e.subs(sp.Max(0, -up), 0), 2 * sp.Max(0, sp.Rational(1, 2) - up), "second unit off")
    right = Derivation("right of the top", tent.subs(x, sp.Rational(1, 2) + down))
    right = right.rewrite(1 + 2 * down - 4 * down, "both units on").rewrite(1 - 2 * down, "slope 2 - 4")

    pieces = sp.Function("P")
    solved = sp.rsolve(pieces(k + 1) - 2 * pieces(k), pieces(k), {pieces(0): 1})
    count = Derivation("pieces of the k-fold tent", solved)
    count = count.rewrite(2**k, "each piece maps onto [0, 1], where the next tent has two")
    breaks = Derivation("units that one hidden layer needs", 2**k - 1)
    breaks = breaks.rewrite(sp.summation(2**depth, (depth, 0, k - 1)), "new breakpoints: 1 + 2 + 4 + ...")

    slope, offset = sp.symbols("a b", real=True)
    largest = sp.Symbol("e", positive=True)
    three = Derivation("g affine", (offset - 0) - 2 * (offset + slope / 2 - 1) + (offset + slope - 0))
    three = three.rewrite(sp.Integer(2), "second difference of g is 0, of the tent -2")
    bound = Derivation("smallest maximum of the errors", sp.solve(sp.Eq(4 * largest, three.value), largest)[0])
    bound = bound.rewrite(sp.Rational(1, 2), "2 = e_l - 2 e_m + e_r <= 4 max |e|")
    return [
        left.claims(2 * sp.Max(0, sp.Rational(1, 2) - up), {"slope 1": sp.Max(0, sp.Rational(1, 2) - up)}),
        right.claims(1 - 2 * down, {"the second unit has weight 2": sp.Integer(1)}),
        count.claims(2**k, {"two pieces a layer": 2 * k, "one breakpoint a unit": 2 * k + 1}),
        breaks.claims(2**k - 1, {"as many as the deep one": 2 * k}),
        three.claims(sp.Integer(2), {"tent of height 1/2": sp.Integer(1)}),
        bound.claims(sp.Rational(1, 2), {"height of the tent": sp.Integer(1), "4 for 2": sp.Rational(1, 4)}),
    ]


def breakpoints(network: MLP) -> int:
    """Bends on the open grid: with knots on the grid, the values have a second difference just there."""
    values = network(GRID).detach().squeeze(-1)
    return int((values.diff().diff() != 0).sum())


def pieces(depth: int, gamma: float, knots: Tensor) -> tuple[int, int]:
    """2^k of k tents; one more than the distinct knots among the ceil(gamma) units that are on."""
    return 2**depth, 1 + len(set(knots[: ceil(gamma)].tolist()))


def whole_units(depth: int, gamma: float, knots: Tensor) -> tuple[int, int]:
    """The unit with a fractional gate is not counted."""
    return 2**depth, 1 + len(set(knots[: int(gamma)].tolist()))


def additive(depth: int, gamma: float, knots: Tensor) -> tuple[int, int]:
    """Each unit adds one piece, in depth as in width."""
    return 2 * depth + 1, 1 + len(set(knots[: ceil(gamma)].tolist()))


def multiplicative(depth: int, gamma: float, knots: Tensor) -> tuple[int, int]:
    """Each unit doubles the pieces, in width as in depth."""
    return 2**depth, 2 ** ceil(gamma)


def by_counting(
    formula: Callable[[int, float, Tensor], tuple[int, int]], depth: int, gamma: float, knots: list[int]
) -> None:
    """Bends of both networks, counted on a grid on which float64 is exact."""
    places = torch.tensor(knots) / len(GRID[1:])
    # Jumps of one sign: at equal knots they cannot cancel.
    wide = shallow(places, torch.ones(UNITS), gamma)
    counted = (breakpoints(tents(depth)) + 1, breakpoints(wide) + 1)
    assert_close(counted, formula(depth, gamma, places), rtol=0, atol=0)
    assert_close(tents(depth)(GRID), tent(GRID, depth), rtol=0, atol=0)


def bound(units: int, depth: int) -> float:
    """No network with fewer units than triangles is closer than 1/2."""
    return 0.5 if units < 2 ** (depth - 1) else 0.0


def as_many_as_pieces(units: int, depth: int) -> float:
    """The same for all that cannot interpolate, and for one more."""
    return 0.5 if units < 2**depth else 0.0


def full_height(units: int, depth: int) -> float:
    """Error 1, as if no affine function were between 0 and 1."""
    return 1.0 if units < 2 ** (depth - 1) else 0.0


def by_distance(
    formula: Callable[[int, int], float], depth: int, knots: Tensor, jumps: Tensor, offset: float, slope: float
) -> None:
    """Largest error of some networks with one hidden layer: a drawn one, the constant 1/2, the interpolant."""
    target = tent(GRID, depth)
    inner = torch.arange(1, 2**depth) / 2**depth
    alternating = torch.full_like(inner, 2.0 ** (depth + 1)) * (-1.0) ** torch.arange(1, 2**depth)
    candidates = (
        (len(knots), shallow(knots, jumps, float(len(knots)), offset, slope)),
        (len(knots), shallow(knots, 0 * jumps, float(len(knots)), 0.5)),
        (len(inner), shallow(inner, alternating, float(len(inner)), 0.0, 2.0**depth)),
    )
    for units, network in candidates:
        error = float((network(GRID).detach() - target).abs().max())
        assert_close(max(error, formula(units, depth)), error, rtol=0, atol=0)


def monotone() -> dict[str, float]:
    """A network with one unit per layer, as deep as you like, against one tent."""
    grid = GRID.squeeze(-1)
    network = MLP(1, 1, [Interval(1, 1.0)] * 12, activation="relu").double()
    values = network(GRID).detach().squeeze(-1)
    rises, falls = float(values.diff().clamp(min=0).sum()), float(values.diff().clamp(max=0).sum())
    wide = shallow(torch.tensor([0.5]), torch.tensor([-4.0]), 1.0, 0.0, 2.0)
    seen = wide(GRID).detach().squeeze(-1)
    return {
        "weights and biases, one tent": sum(p.numel() for p in wide.layers.parameters()),
        "rises times falls, deep": rises * falls,
        "error of one hidden layer": float((seen - tent(grid, 1)).abs().max()),
    }


IDENTITY = Identity(
    id="D03",
    title="depth multiplies linear pieces, width adds them",
    source="Notes",
    place="Theoretical Approaches to Understanding Depth",
    printed=r""""There exist functions that shallow networks cannot represent as efficiently as deep networks"
(after Telgarsky: $\Omega(2^k)$ nodes); and "With the same number of total parameters, deep networks can learn more
complex functions".""",
    precise=r"""Let $T(x) = 2\,\mathrm{relu}(x) - 4\,\mathrm{relu}(x - 1/2)$ and $T_k$ its $k$-fold composition, a
network of $k$ layers with $2k$ ReLUs. On $[0, 1]$ it has $2^k$ linear pieces. One hidden layer of $N$ ReLUs has at
most $N + 1$ pieces (of real width $\gamma$: at most $\lceil\gamma\rceil + 1$), so it needs $N \geq 2^k - 1$ to
equal $T_k$; and with $N < 2^{k-1}$ units it is nowhere near: $\sup |T_k - g| \geq 1/2$, no better than the constant
$1/2$. This proves the first sentence, for one hidden layer (for any number of them, with a mean error: D10). The
second is a heuristic: it speaks of learning, which no count of pieces bounds, and not every deep network can
express more (see the counterexample).""",
    verdict=Verdict.HOLDS,
    proof=r"""$T$ maps $[0, 1/2]$ and $[1/2, 1]$ each affinely onto $[0, 1]$. If $T_k$ maps each of $2^k$ intervals
affinely onto $[0, 1]$, then $T$ after $T_k$ has two pieces on each: $2^{k+1}$. A sum of $N$ ReLUs of affine
functions bends at $N$ points at most. $T_k$ has $2^{k-1}$ triangles with disjoint interiors: if $N < 2^{k-1}$, one
of them has no bend of $g$ inside. There $g$ is affine, so that its values at the ends and in the middle satisfy
$g_l - 2 g_m + g_r = 0$, while those of $T_k$ give $0 - 2 + 0$. The errors then satisfy $e_l - 2 e_m + e_r = 2$, so
one of them is at least $1/2$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="bends of deep and of wide networks",
            check=by_counting,
            claim=pieces,
            wrong={
                "fractional unit not counted": whole_units,
                "depth adds": additive,
                "width multiplies": multiplicative,
            },
            given={
                "depth": st.integers(1, DEPTH),
                "gamma": st.integers(0, 64 * UNITS).map(lambda step: step / 64),
                "knots": st.lists(st.integers(1, 4 * 2**DEPTH - 1), min_size=UNITS, max_size=UNITS),
            },
        ),
        Witness(
            name="distance of one hidden layer from the k-fold tent",
            check=by_distance,
            claim=bound,
            wrong={"2^k units are needed for less than 1/2": as_many_as_pieces, "error 1": full_height},
            given={
                "depth": st.integers(1, DEPTH),
                "knots": strategies.tensors(3, low=0, high=1),
                "jumps": strategies.tensors(3, low=-8, high=8),
                "offset": strategies.numbers(-1, 1),
                "slope": strategies.numbers(-8, 8),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Deep is not enough: with one ReLU a layer, a network of any depth on the line is a composition
of monotone functions, so that it cannot both rise and fall (the product of its total rise and total fall is 0), and
any monotone $g$ has $\sup |T - g| \geq 1/2$. One hidden layer of two ReLUs, with 7 weights and biases, is $T$
without error.""",
            numbers={
                "weights and biases, one tent": 7,
                "rises times falls, deep": 0.0,
                "error of one hidden layer": 0.0,
            },
            compute=monotone,
        ),
    ),
    references=(
        "M. Telgarsky, Benefits of depth in neural networks, COLT 2016",
        "R. Pascanu, G. Montufar, Y. Bengio, On the number of response regions of deep feed forward networks with "
        "piece-wise linear activations, ICLR 2014",
    ),
    covers=("continuum.nn.mlp", "continuum.nn.prefix", "continuum.widths.interval"),
)
