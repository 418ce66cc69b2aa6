"""Depth separation with an error: few layers are far from the k-fold tent unless they are exponentially wide."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import ceil, prod

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.shipped import filled, linears
from proofs_checks.tents import shallow, tent, tents

FOLDS = 4
#: Midpoints of cells that have every kink of the k-fold tent, and of an interpolant of it, at an end.
CELLS = 2**12
MIDDLES = (torch.arange(CELLS, dtype=torch.float64).unsqueeze(-1) + 0.5) / CELLS


def derive() -> list[Derivation]:
    """Pieces of a layer from those below; error of an affine function on a triangle; the sum over untouched ones."""
    pieces, width, folds, layers = sp.symbols("P m k L", integer=True, positive=True)
    x, c, delta, slope = sp.symbols("x c delta a", positive=True)

    below = sp.Function("P")
    recursion = sp.rsolve(below(layers + 1) - (width + 1) * below(layers), below(layers), {below(0): 1})
    count = Derivation("common pieces of L layers of m ReLUs", recursion)
    count = count.rewrite((width + 1) ** layers, "each unit bends once at most within a piece of the layer below")

    # On [0, 2 delta] the tent is x / delta and then back; a constant c in [0, 1] cuts it at x = c delta.
    level = 2 * (sp.integrate(c - x / delta, (x, 0, c * delta)) + sp.integrate(x / delta - c, (x, c * delta, delta)))
    flat = Derivation("error of a constant on a triangle", level).rewrite(delta * (2 * c**2 - 2 * c + 1), "integrals")
    flat = flat.apply(lambda e: e.subs(c, sp.solve(sp.diff(e, c), c)[0]), delta / 2, "least at c = 1/2")

    mirror = Derivation("a line and its mirror image, averaged", (slope * x + c + slope * (2 * delta - x) + c) / 2)
    mirror = mirror.rewrite(c + slope * delta, "a constant: the error is convex and the triangle symmetric")

    free = 2 ** (folds - 1) - (pieces - 1)
    total = Derivation("over the triangles without a bend", free * (delta / 2))
    total = total.apply(
        lambda e: e.subs(delta, 2**-folds), (1 - (pieces - 1) / sp.Integer(2) ** (folds - 1)) / 4, "delta = 2^-k"
    )
    half = Derivation("2^(k-2) pieces", total.value).apply(
        lambda e: e.subs(pieces, 2 ** (folds - 2) + 1), sp.Rational(1, 8), "and one more"
    )
    log_width = sp.Symbol("lg", positive=True)
    wide = Derivation("least logarithm of m + 1", sp.solve(sp.Eq(layers * log_width, folds - 2), log_width)[0])
    wide = wide.rewrite((folds - 2) / layers, "(m + 1)^L > 2^(k-2)")
    depth = Derivation("k^3 + 2 folds against k layers", wide.value.subs(folds, layers**3 + 2))
    depth = depth.rewrite(layers**2, "so m + 1 > 2^(k^2)")
    return [
        count.claims((width + 1) ** layers, {"sum": width * layers + 1, "one unit less": width**layers}),
        flat.claims(delta / 2, {"of height": delta, "none": sp.Integer(0)}),
        mirror.claims(c + slope * delta, {"the line": slope * x + c}),
        total.claims((1 - (pieces - 1) / sp.Integer(2) ** (folds - 1)) / 4, {"whatever the pieces": sp.Rational(1, 4)}),
        half.claims(sp.Rational(1, 8), {"nothing left": sp.Integer(0)}),
        depth.claims(layers**2, {"linear": layers}),
        *_classification(),
    ]


def _classification() -> list[Derivation]:
    """Errors at the 2^k points i / 2^k, labelled in turn, of a function that crosses 1/2 at most once a piece."""
    folds, pieces = sp.symbols("k P", integer=True, positive=True)
    share = Derivation("pairs that no crossing splits, over points", (2 ** (folds - 1) - pieces) / 2**folds)
    share = share.rewrite(sp.Rational(1, 2) - pieces / 2**folds, "one error a pair")
    return [share.claims(sp.Rational(1, 2) - pieces / 2**folds, {"half": sp.Rational(1, 2)})]


def drawn(widths: list[float], values: Tensor) -> MLP:
    """A ReLU network on the line, of real widths, from these weights and biases in order."""
    return filled(MLP(1, 1, [Interval(3, width) for width in widths], activation="relu").double(), values)


def bends(network: MLP) -> int:
    """Bends on (0, 1), exactly: follow the pieces through the layers in rational numbers."""
    layers = [
        (_exact(layer.weight), [row[0] for row in _exact(layer.bias.unsqueeze(-1))]) for layer in linears(network)
    ]
    gates = [[Fraction(g) for g in width.gates().tolist()] for width in network.widths]  # type: ignore[operator]
    knots = [Fraction(0), Fraction(1)]

    def values(at: Fraction, depth: int) -> list[Fraction]:
        """Preactivations of a layer."""
        signal = [at]
        for place, (weight, bias) in enumerate(layers[: depth + 1]):
            if place:
                signal = [max(s, Fraction(0)) * g for s, g in zip(signal, gates[place - 1], strict=True)]
            signal = [
                sum(w * s for w, s in zip(row, signal, strict=True)) + b for row, b in zip(weight, bias, strict=True)
            ]
        return signal

    for depth in range(len(layers) - 1):
        marked = [(knot, values(knot, depth)) for knot in knots]
        for (left, first), (right, second) in pairwise(marked):
            signs = [(p, q) for p, q in zip(first, second, strict=True) if p * q < 0]
            knots.extend(left + (right - left) * p / (p - q) for p, q in signs)
        knots = sorted(set(knots))
    heights = [(knot, values(knot, len(layers) - 1)[0]) for knot in knots]
    slopes = [(after - before) / (right - left) for (left, before), (right, after) in pairwise(heights)]
    return sum(before != after for before, after in pairwise(slopes))


def _exact(matrix: Tensor) -> list[list[Fraction]]:
    return [[Fraction(value) for value in row] for row in matrix.detach().tolist()]


def product(widths: list[float]) -> int:
    """Each layer multiplies the pieces by the units that are on, and one."""
    return prod(ceil(width) + 1 for width in widths)


def by_counting(formula: Callable[[list[float]], int], widths: list[float], values: Tensor) -> None:
    """Pieces of a drawn network, of the folded tents, and of one layer with all its bends inside."""
    one = shallow(torch.tensor([0.25, 0.5, 0.75]), torch.ones(3), 2.5)
    candidates = [(widths, drawn(widths, values)), ([2.0] * 3, tents(3)), ([2.5], one)]
    for sizes, network in candidates:
        found = bends(network) + 1
        require(found <= formula(sizes), f"{found} pieces of widths {sizes}, claimed at most {formula(sizes)}")


def least(pieces: int, folds: int) -> float:
    """(1 - (P - 1) / 2^(k-1)) / 4."""
    return (1 - (pieces - 1) * 2.0 ** (1 - folds)) / 4


def candidates(folds: int, triangles: int, widths: list[float], values: Tensor) -> list[tuple[int, MLP]]:
    """A drawn network, the constant 1/2, and one that follows so many triangles and then keeps to 1/2; with pieces."""
    network = drawn(widths, values)
    flat = shallow(torch.tensor([0.5]), torch.zeros(1), 1.0, offset=0.5)
    count = min(triangles, 2 ** (folds - 1) - 1)
    # Up and down at multiples of 2^-k, and level from the middle of the next rise on.
    knots = torch.cat([torch.arange(1, 2 * count + 1), torch.tensor([2 * count + 0.5])]) / 2**folds
    slope = 2.0**folds
    jumps = torch.cat([2 * slope * (-1.0) ** torch.arange(1, 2 * count + 1), torch.tensor([-slope])])
    follower = shallow(knots, jumps, float(len(knots)), slope=slope)
    return [(product(widths), network), (1, flat), (len(knots) + 1, follower)]


def by_error(
    formula: Callable[[int, int], float], folds: int, triangles: int, widths: list[float], values: Tensor
) -> None:
    """Mean error over [0, 1] of networks with few pieces, by a midpoint rule that misses less than 1e-3."""
    target = tents(folds)(MIDDLES).detach()
    assert_close(target, tent(MIDDLES, folds), rtol=0, atol=1e-12)
    for pieces, network in candidates(folds, triangles, widths, values):
        error = float((network(MIDDLES).detach() - target).abs().mean())
        require(error >= formula(pieces, folds) - 1e-3, f"{pieces} pieces, error {error}")


def by_labels(
    formula: Callable[[int, int], float], folds: int, triangles: int, widths: list[float], values: Tensor
) -> None:
    """Share of the points i / 2^k, i < 2^k, on the wrong side of 1/2."""
    points = torch.arange(2**folds, dtype=torch.float64).unsqueeze(-1) / 2**folds
    labels = tents(folds)(points).detach() > 0.5
    assert_close(labels.squeeze(-1), torch.arange(2**folds) % 2 == 1)
    for pieces, network in candidates(folds, triangles, widths, values):
        share = float(((network(points).detach() >= 0.5) != labels).double().mean())
        require(share >= formula(pieces, folds), f"{pieces} pieces, {share} of the points wrong")


def sizes() -> dict[str, float]:
    """Nine folds: parameters of the deep network, and units that a bound of 1/8 asks of one and of three layers."""
    deep = tents(9)
    pieces = 2**7 + 1  # with so many the bound is 1/8
    three = next(m for m in range(1, 200) if (m + 1) ** 3 >= pieces)
    return {
        "units, deep": sum(layer.out_features for layer in linears(deep)[:-1]),
        "distinct weights and biases, deep": len(
            {round(v, 9) for p in deep.layers.parameters() for v in p.detach().flatten().tolist()}
        ),
        "bound at 129 pieces": least(pieces, 9),
        "one layer needs more than": pieces - 2,
        "three layers need at least, each": three,
    }


WIDTHS = st.lists(st.integers(0, 48).map(lambda step: step / 16), min_size=1, max_size=2)
DRAWN = {
    "folds": st.integers(2, FOLDS),
    "triangles": st.integers(0, 6),
    "widths": WIDTHS,
    "values": strategies.tensors(22, low=-4, high=4),
}

IDENTITY = Identity(
    id="D10",
    title="depth separation with an error, for any number of layers",
    source="Notes",
    place="Benefits of depth in neural networks",
    printed=r""""For any positive integer k, there exist neural networks with $\Theta(k^3)$ layers, $\Theta(1)$
nodes per layer, and $\Theta(1)$ distinct parameters which can not be approximated by networks with O(k) layers
unless they are exponentially large - they must possess $\Omega(2^k)$ nodes".""",
    precise=r"""For ReLU networks on the line, with all constants. Let $T_k$ be the $k$-fold tent (D03): $k$ layers
of two ReLUs with five distinct weights and biases. (a) A network with hidden layers of $m_1, ..., m_L$ ReLUs (of
real width $\gamma_l$: $m_l = \lceil\gamma_l\rceil$) has at most $\prod_l(m_l+1)$ linear pieces on a line. (b) If
$g$ has $P$ linear pieces, $\int_0^1|T_k - g| \geq \frac{1}{4}(1 - \frac{P-1}{2^{k-1}})$, where $\frac{1}{4}$ is the
error of the constant $\frac{1}{2}$. (c) If $g$ is also continuous, a threshold at $\frac{1}{2}$ gets at least the
share $\frac{1}{2} - P2^{-k}$ of the points $i2^{-k}$, $0 \leq i < 2^k$, wrong, which $T_k$ gets right: their labels
alternate. So with $L$ layers of $m$ units an error below $\frac{1}{8}$ needs $(m+1)^L > 2^{k-2}$, that is $m + 1 >
2^{(k-2)/L}$. For $k^3 + 2$ folds and at most $ck$ layers it needs $m + 1 > 2^{k^2/c}$, for large $k$ far more than
the printed $2^k$: $k^2 + 2$ folds would do for $c = 1$. The printed theorem also covers other units than ReLUs;
that part is not proven here.""",
    verdict=Verdict.HOLDS,
    proof=r"""(a) If all units of a layer are affine between the same $P$ intervals, the preactivations of the next
are, too, and each of its $m$ ReLUs adds at most one bend within each interval: $P(m+1)$ common intervals. (b) $T_k$
has $2^{k-1}$ triangles of base $2\delta$, $\delta = 2^{-k}$, and height 1. $g$ has at most $P-1$ bends (or jumps),
so at least $2^{k-1} - (P-1)$ triangles have none inside. There $g$ is affine; the error is convex in $g$ and does
not change when $g$ is mirrored at the middle, so the average of the two, a constant, is no worse; and the best
constant, the median $\frac{1}{2}$, has the error $\frac{\delta}{2}$. (c) The pairs $(2j, 2j+1)2^{-k}$ are disjoint
and have different labels: a pair is right only if $g - \frac{1}{2}$ changes sides within it, and a continuous $g$
does that at most once in each piece.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="pieces of deep networks of real width",
            check=by_counting,
            claim=product,
            wrong={
                "sum of the units": lambda widths: 1 + sum(ceil(width) for width in widths),
                "product of the units": lambda widths: prod(max(ceil(width), 1) for width in widths),
                "fractional units not counted": lambda widths: prod(int(width) + 1 for width in widths),
            },
            given={
                "widths": WIDTHS,
                "values": strategies.tensors(22, low=-4, high=4),
            },
            examples=15,
        ),
        Witness(
            name="mean error on the interval",
            check=by_error,
            claim=least,
            wrong={
                "a quarter, whatever the pieces": lambda pieces, folds: 0.25,
                "a half": lambda pieces, folds: 0.5,
                "four bends for a triangle": lambda pieces, folds: least(pieces, folds + 2),
            },
            given=DRAWN,
        ),
        Witness(
            name="share of wrong labels",
            check=by_labels,
            claim=lambda pieces, folds: 0.5 - pieces / 2**folds,
            wrong={
                "half, whatever the pieces": lambda pieces, folds: 0.5,
                "four pieces for an error": lambda pieces, folds: 0.5 - pieces / 2 ** (folds + 2),
            },
            given=DRAWN,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Nine folds: 18 units with the five numbers $1, 0, -1/2, 2, -4$. For 129 pieces the bound is
1/8; one layer has so many only with more than 127 units, three layers of $m$ only with $(m+1)^3 \geq 129$, that is
$m \geq 5$ (15 units): against a fixed number of layers the separation begins where $k$ is far above $L$.""",
            numbers={
                "units, deep": 18,
                "distinct weights and biases, deep": 5,
                "bound at 129 pieces": 0.125,
                "one layer needs more than": 127,
                "three layers need at least, each": 5,
            },
            compute=sizes,
        ),
    ),
    references=(
        "M. Telgarsky, Benefits of depth in neural networks, COLT 2016",
        "M. Telgarsky, Representation benefits of deep feedforward networks, arXiv 1509.08101, 2015",
    ),
    covers=("continuum.nn.mlp", "continuum.nn.prefix", "continuum.widths.interval"),
)
