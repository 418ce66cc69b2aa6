"""One run: a graded phase, in which the width is learned, and a rounding phase, which leaves whole units."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from continuum.train.width.descent import Penalty, gates, step, to_unit_length
from continuum.train.width.objective import Objective
from continuum.train.width.pool import Pool
from continuum.train.width.rounding import remove
from continuum.train.width.rows import Rows
from continuum.train.width.settings import Learning
from continuum.train.width.weights import Weights, activations, gradient

#: Called with (steps done, steps in all, width) now and then; a true answer stops the graded phase.
Progress = Callable[[int, int, float], object]

REPACK = 200  # steps between two repackings
LAST_FRESH = 0.7  # share of the graded phase after which no fresh directions are drawn
ROUNDING_RATE = 0.5  # of the learning rate
ROUNDING_DECAY = 1e-3  # of outgoing weights while rounding


@dataclass
class Curves:
    """What is written down on the way: width of every layer, and training loss on the probe rows."""

    widths: list[list[float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


@dataclass
class Run:
    """What a phase works on.

    Args:
        pool: the network.
        rows: the training rows.
        objective: the loss.
        settings: of the run.
        steps: of the graded phase.
        price: nats of all these rows per unit of width.
        records: points of the curves.
    """

    pool: Pool
    rows: Rows
    objective: Objective
    settings: Learning
    steps: int
    price: float
    records: int = 100
    curves: Curves = field(default_factory=Curves)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng([self.settings.seed, 13])
        self.probe = self.rows.probe(self.settings.seed)

    def penalty(self) -> Penalty:
        """The price in units of the loss per row."""
        return Penalty(self.settings.decay * self.objective.unit, self.price * self.objective.nat() / len(self.rows))

    def widths(self) -> list[float]:
        """Sum of the gates of every layer."""
        penalty = self.penalty()
        return [float(gates(block, penalty).sum()) for block in self.pool.weights.outgoing]

    def loss(self) -> float:
        """Mean loss on the probe rows."""
        outputs = activations(self.pool.weights, self.probe.x, self.pool.activation)[-1]
        losses = self.objective.losses(outputs, self.probe.y)
        importance = 1.0 if self.probe.importance is None else self.probe.importance[:, 0]
        return float((losses * importance).mean())

    def record(self) -> None:
        """Write down a point of the curves."""
        self.curves.widths.append(self.widths())
        self.curves.losses.append(self.loss())


def graded(run: Run, progress: Progress | None = None) -> int:
    """Learn the gates with the weights; the number of steps taken."""
    every = max(run.steps // run.records, 1)
    slope = run.pool.weights.like()
    batches = run.rows.batches(run.settings.batch, run.random)
    for t in range(run.steps):
        if t and t % REPACK == 0:
            run.pool.repack(reserve=t < LAST_FRESH * run.steps)
            slope = run.pool.weights.like()
        if t % every == 0:
            run.record()
            if progress is not None and progress(t, run.steps, sum(run.curves.widths[-1])):
                break
        rate = run.settings.learning_rate * (1 + math.cos(math.pi * t / run.steps)) / 2
        _step(run, next(batches), slope, rate, run.penalty())
    else:
        t = run.steps
    run.pool.repack(reserve=False)
    run.record()
    return t


def whole_units(widths: Sequence[float]) -> list[int]:
    """ceil(width), at least 1, of every layer.

    >>> whole_units([0.2, 3.0, 7.01])
    [1, 3, 8]
    """
    return [max(1, math.ceil(width - 1e-6)) for width in widths]


def rounded(run: Run, units: list[int]) -> int:
    """Remove units until so many are left, then anneal; the number of steps taken."""
    steps, pool = run.steps // 2, run.pool
    pool.memory = type(pool.memory).of(pool.weights)
    slope = pool.weights.like()
    batches = run.rows.batches(run.settings.batch, run.random)
    first, penalty = pool.weights.units, Penalty(ROUNDING_DECAY * run.objective.unit, 0.0, floor=run.penalty().slope)
    removing = max(steps // 2, 1)
    for t in range(steps):
        if t % max(removing // 10, 1) == 0 and pool.weights.units != units:
            left = max(1 - (t + 1) / removing, 0) if t else 0.9
            _shrink(run, [n + int(left * (m - n)) for n, m in zip(units, first, strict=True)])
            slope = pool.weights.like()
        late = max(t - removing, 0) / max(steps - removing, 1)
        rate = ROUNDING_RATE * run.settings.learning_rate * (1 + math.cos(math.pi * late)) / 2
        _step(run, next(batches), slope, rate, penalty)
    _shrink(run, units)
    return steps


def _shrink(run: Run, units: list[int]) -> None:
    for layer, keep in enumerate(units):
        if len(run.pool.weights.outgoing[layer]) > keep:
            h = activations(run.pool.weights, run.probe.x, run.pool.activation)[layer]
            run.pool.keep(layer, remove(run.pool.weights, layer, h, keep))


def _step(run: Run, batch: Rows, slope: Weights, rate: float, penalty: Penalty) -> None:
    weights, activation = run.pool.weights, run.pool.activation
    gradient(weights, batch.x, batch.y, batch.importance, activation, run.objective, slope)
    step(weights, slope, run.pool.memory, rate, penalty)
    if activation == "relu":
        to_unit_length(weights)
