"""What a network with a linear readout that makes no error has done: its last hidden layer is linearly separable."""

from collections.abc import Callable
from itertools import combinations, permutations
from math import cos, pi, sin

import numpy as np
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
from proofs_checks.separation import separated
from proofs_checks.shipped import linears

ROWS, UNITS, CLASSES = 12, 3, 3

Separator = Callable[[Tensor, Tensor, int, int], tuple[Tensor, Tensor]]


def derive() -> list[Derivation]:
    """The order of two scores, with a softmax or without, is the sign of one affine function; its sides are convex."""
    i, j, p, q = (sp.Matrix(sp.symbols(f"{name}0:2", real=True)) for name in ("v", "w", "p", "q"))
    a, b, t = sp.symbols("a b t", real=True)
    margin = (i.T * p)[0] + a - (j.T * p)[0] - b
    gap = Derivation("difference of two scores", margin).rewrite(((i - j).T * p)[0] + (a - b), "linear in the weights")
    s, r = sp.symbols("s r", real=True)
    odds = Derivation("ratio of two softmax outputs", (sp.exp(s) / (sp.exp(s) + sp.exp(r))) / (
        sp.exp(r) / (sp.exp(s) + sp.exp(r))
    ))  # fmt: skip
    odds = odds.rewrite(sp.exp(s - r), "the normaliser cancels").apply(sp.log, s - r, "the logarithm is increasing",
        lambda left, right: bool(sp.simplify(sp.expand_log(left, force=True) - right) == 0))  # fmt: skip

    def score(x: sp.Matrix) -> sp.Expr:
        return ((i - j).T * x)[0] + (a - b)

    mixed = Derivation("margin of a mixture", score(t * p + (1 - t) * q))
    mixed = mixed.rewrite(t * score(p) + (1 - t) * score(q), "affine: positive where both are, for t in [0, 1]")
    return [
        gap.claims(((i - j).T * p)[0] + (a - b), {"one row alone": (i.T * p)[0] + a, "the sum": ((i + j).T * p)[0]}),
        odds.claims(s - r, {"one score alone": s}),
        mixed.claims(t * score(p) + (1 - t) * score(q), {"one of them": score(p)}),
    ]


def difference(weight: Tensor, bias: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
    """(w_i - w_j) . h + (b_i - b_j)."""
    return weight[i] - weight[j], bias[i] - bias[j]


def by_readout(formula: Separator, x: Tensor, values: Tensor, gamma: float) -> None:
    """Rows labelled by what a shipped network says of them, so that it makes no error; a pair of classes each."""
    network = MLP(2, CLASSES, [Interval(UNITS, gamma)]).double()
    with torch.no_grad():
        hidden, readout = linears(network)
        hidden.weight.copy_(values[: 2 * UNITS].reshape(UNITS, 2))
        readout.weight.copy_(values[2 * UNITS : (2 + CLASSES) * UNITS].reshape(CLASSES, UNITS))
        readout.bias.copy_(values[-CLASSES:])
        scores = network(x)
        embedding = network.sequential()[:-1](x)
    best = scores.topk(2).values
    decided = best[:, 0] - best[:, 1] > 1e-9
    labels = scores.argmax(-1)
    for i, j in permutations(range(CLASSES), 2):
        direction, offset = formula(readout.weight.detach(), readout.bias.detach(), i, j)
        sides = embedding @ direction + offset
        require(bool((sides[decided & (labels == i)] > 0).all()), f"a row of class {i} on the side of {j}")
        require(bool((sides[decided & (labels == j)] < 0).all()), f"a row of class {j} on the side of {i}")


def of_classes(formula: Callable[[int], tuple[bool, bool]], centres: list[int]) -> None:
    """Points on a line in as many classes: whether some scores separate them, and each class from all the rest."""
    places = np.array(centres, dtype=np.float64)[:, None]
    classes = np.arange(len(places))
    jointly = separated(places, classes)
    each = all(separated(places, (classes == c).astype(np.int64)) for c in classes)
    assert_close((jointly, each), formula(len(classes)), rtol=0, atol=0)


def examples() -> dict[str, float]:
    """Three places on a line; three bars in a pinwheel; two inputs on one embedding."""
    line = np.array([[-1.0], [0.0], [1.0]])
    wheel = np.concatenate([_turned(np.array([[-1.0, 1.0], [4.0, 1.0]]), 2 * pi * k / 3) for k in range(3)])
    bars = np.repeat(np.arange(3), 2)
    pairs = [np.isin(bars, pair) for pair in combinations(range(3), 2)]
    network = MLP(1, 1, [Interval(2, 2.0)], activation="relu").double()
    with torch.no_grad():
        first, last = linears(network)
        first.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        first.bias.zero_()
        last.weight.fill_(1.0)
        last.bias.fill_(-0.5)
        scores = network(torch.from_numpy(line)).squeeze(-1)
    inputs = separated(line, np.array([1, 0, 1]))
    return {
        "line, jointly": separated(line, np.arange(3)),
        "line, the middle against the rest": inputs,
        "pinwheel, pairs": sum(separated(wheel[pair], np.unique(bars[pair], return_inverse=True)[1]) for pair in pairs),
        "pinwheel, jointly": separated(wheel, bars),
        **{f"score at {float(x)}": float(s) for x, s in zip(line[:, 0], scores, strict=True)},
    }


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    turned: np.ndarray = points @ np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
    return turned


IDENTITY = Identity(
    id="D06",
    title="no error means a separable embedding",
    source="Notes",
    place="Perceptrons are Linear Separators; the question after it",
    printed=r""""If the network can achieve 100% accuracy and the final layer is a linear separator (ala a
perceptron), what does that imply about the embedding layer?" [...] "In the case of classification, the NN tries to
learn linearly separable features".""",
    precise=r"""Let $h(x)$ be the last hidden layer (gates and all), let the scores be $s_c = w_c\cdot h + b_c$, and
let every row of a finite data set have its largest score, without ties, at its label. Then for each pair of classes
$(w_i - w_j)\cdot h + b_i - b_j$ is positive on the rows of class $i$ and negative on those of class $j$: the
embeddings of any two classes are strictly linearly separable, their convex hulls are disjoint, and each class lies
in a convex cell. A softmax changes nothing, and if ties go to the lower index the hulls are still disjoint. For two
classes this is separability by one line; a threshold does the same. Three things are *not* implied: that a class is
separable from all others together; conversely, that classes that are separable in pairs have a linear readout
without error (for more than two); and anything about the input space, which is the point of the slide. Nor does a
separable embedding imply that training finds the readout.""",
    verdict=Verdict.HOLDS,
    proof=r"""The largest score at the label says $s_i > s_j$ for all $j$, and $s_i - s_j$ is affine in $h$. The
ratio of two softmax outputs is $e^{s_i - s_j}$. An affine function that is positive at points is positive on their
convex hull, so the hulls lie in the two open half-spaces. With ties to the lower index, say $i < j$, rows of $i$
have $s_i - s_j \geq 0$ and rows of $j$ have $s_i - s_j < 0$: convex sets that do not meet, and so are the hulls of
finitely many points in them, which are compact and can be separated strictly.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="readout of a perceptron of real width",
            check=by_readout,
            claim=difference,
            wrong={
                "one row": lambda weight, bias, i, j: (weight[i], bias[i]),
                "no biases": lambda weight, bias, i, j: (weight[i] - weight[j], torch.zeros(())),
                "the sum": lambda weight, bias, i, j: (weight[i] + weight[j], bias[i] + bias[j]),
            },
            given={
                "x": strategies.tensors(ROWS, 2),
                "values": strategies.tensors(2 * UNITS + CLASSES * UNITS + CLASSES),
                "gamma": strategies.gammas(UNITS),
            },
        ),
        Witness(
            name="classes on a line, jointly and each against the rest (mathematics alone)",
            check=of_classes,
            claim=lambda classes: (True, classes < 3),
            wrong={
                "each against the rest, always": lambda classes: (True, True),
                "two classes at most": lambda classes: (classes < 3, classes < 3),
            },
            given={"centres": st.lists(st.integers(-8, 8), min_size=2, max_size=4, unique=True)},
            examples=10,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Three classes at $-1, 0, 1$ on a line: scores separate them (1), but the middle one is not
separable from the rest (0). Three bars in a pinwheel, from $(-1, 1)$ to $(4, 1)$ and the same turned by a third: 3
pairs of 3 are separable, and no linear readout separates all (0). Inputs $-1, 0, 1$ with the middle one as a class
of its own, not separable, and two ReLUs: the scores $|x| - 1/2$ are $1/2, -1/2, 1/2$, no error.""",
            numbers={
                "line, jointly": 1,
                "line, the middle against the rest": 0,
                "pinwheel, pairs": 3,
                "pinwheel, jointly": 0,
                "score at -1.0": 0.5,
                "score at 0.0": -0.5,
                "score at 1.0": 0.5,
            },
            compute=examples,
        ),
    ),
    covers=("continuum.nn.mlp", "continuum.nn.gate"),
)
