"""What is compared: one arm is one way to learn a width, from one start, on features of one kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

Method = Literal["linear", "decoupled", "square_root", "l2_penalty", "l2_metric", "shadow", "fixed"]
Optimizer = Literal["gd", "adam", "sign"]
Batch = Literal["minibatch", "full"]
Features = Literal["cold", "warm", "frozen"]

#: Learned widths, from the gate of the sources to the rule that trains a unit before it is there.
METHODS: tuple[Method, ...] = ("linear", "decoupled", "square_root", "l2_penalty", "l2_metric", "shadow")
#: Optimizers of the weights, with the learning rate of each.
LEARNING_RATES: dict[Optimizer, float] = {"gd": 0.2, "adam": 0.01, "sign": 0.003}
BATCHES: tuple[Batch, ...] = ("minibatch", "full")
FEATURES: tuple[Features, ...] = ("cold", "warm", "frozen")
#: Batch and features that are crossed.
SURROUNDINGS: tuple[tuple[Batch, Features], ...] = (
    *((batch, "cold") for batch in BATCHES),
    *(("full", features) for features in FEATURES[1:]),
)
#: Width at which a run from below begins.
BELOW = 1.5


@dataclass(frozen=True)
class Arm:
    """One member of a batch of networks.

    Attributes:
        method: how the width is learned. ``linear`` and ``square_root`` gates have Euclidean decay; ``decoupled`` is
            the linear gate whose decay bypasses the optimizer; ``l2_penalty`` is the linear gate with the penalty of
            L2(E), ``l2_metric`` also steps along the gradient density; ``shadow`` is the rule of ``shadow.py``; the
            width of a ``fixed`` one rests.
        optimizer: of the weights.
        gamma_lr: learning rate of gamma, which always descends plainly.
        batch: minibatches, or all rows in each step.
        features: ``cold`` incoming weights are drawn, ``warm`` ones were trained in another network, ``frozen`` ones
            are as the warm ones and rest.
        start: gamma before training.
        price: rho of a unit of width.
    """

    method: Method
    optimizer: Optimizer
    gamma_lr: float
    batch: Batch
    features: Features
    start: float
    price: float

    @property
    def l2(self) -> bool:
        """Whether outgoing weights are decayed by the norm of L2(E)."""
        return self.method in ("l2_penalty", "l2_metric", "shadow")

    @property
    def density(self) -> bool:
        """Whether outgoing weights step along the gradient density."""
        return self.method in ("l2_metric", "shadow")


def arms(
    methods: Sequence[Method],
    optimizers: Sequence[Optimizer],
    gamma_lr: Sequence[float],
    widths: Sequence[int],
    top: float,
    prices: Sequence[float],
) -> list[Arm]:
    """The fraction of all crossings that is run.

    From below, cold: every method, optimizer, learning rate of gamma and batch. Warm and frozen features: the same
    with all rows. From above (``top``): cold, the middle learning rate. All at the least price; the others with all
    rows and the middle learning rate, from below. Fixed widths: wherever one of these needs its grid. So contrasts of
    methods are matched in everything else, and batch is never crossed with warmth.
    """
    middle, (first, *dearer) = sorted(gamma_lr)[len(gamma_lr) // 2], sorted(prices)
    pairs = list(product(methods, optimizers))
    below = [Arm(*pair, lr, *where, BELOW, first) for pair, lr, where in product(pairs, gamma_lr, SURROUNDINGS)]
    above = [Arm(*pair, middle, batch, "cold", top, first) for pair, batch in product(pairs, BATCHES)]
    full = [where for where in SURROUNDINGS if where[0] == "full"]
    dear = [Arm(*pair, middle, *where, BELOW, price) for pair, where, price in product(pairs, full, dearer)]
    grid = product(optimizers, SURROUNDINGS, widths)
    fixed = [Arm("fixed", optimizer, 0.0, *where, float(width), 0.0) for optimizer, where, width in grid]
    return [*below, *above, *dear, *fixed]
