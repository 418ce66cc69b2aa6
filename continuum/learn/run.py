"""One run, and its graded phase, in which the width is learned."""

import math
from dataclasses import dataclass, field

import numpy as np

from continuum.learn.loss import Objective
from continuum.learn.optimizer import Penalty, gates, step, to_unit_length
from continuum.learn.pool import Pool
from continuum.learn.progress import Meter
from continuum.learn.rows import Rows
from continuum.learn.settings import LearnConfig
from continuum.learn.weights import Weights, activations, gradient

REPACK = 200  # steps between two repackings
LAST_FRESH = 0.7  # share of the graded phase after which no fresh directions are drawn


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
        price: nats of all these rows, each counted by its weight, per unit of width.
        records: points of the curves.
    """

    pool: Pool
    rows: Rows
    objective: Objective
    settings: LearnConfig
    steps: int
    price: float
    records: int = 100
    curves: Curves = field(default_factory=Curves)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng([self.settings.seed, 13])
        self.probe = self.rows.probe(self.settings.seed)

    def penalty(self) -> Penalty:
        """The price in units of the loss per row; of weighted rows, per unit of weight."""
        return Penalty(self.settings.decay * self.objective.unit, self.price * self.objective.nat() / self.rows.total)

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

    def step(self, batch: Rows, slope: Weights, rate: float, penalty: Penalty) -> None:
        """One step on a minibatch; ``slope`` has the shape of the weights, and is overwritten."""
        weights, activation = self.pool.weights, self.pool.activation
        gradient(weights, batch.x, batch.y, batch.importance, activation, self.objective, slope)
        step(weights, slope, self.pool.memory, rate, penalty)
        if activation == "relu":
            to_unit_length(weights)


def graded(run: Run, meter: Meter) -> None:
    """Learn the gates with the weights, until the meter is answered that it is enough."""
    every = max(run.steps // run.records, 1)
    slope = run.pool.weights.like()
    batches = run.rows.batches(run.settings.batch, run.random)
    for t in range(run.steps):
        if t and t % REPACK == 0:
            run.pool.repack(reserve=t < LAST_FRESH * run.steps)
            slope = run.pool.weights.like()
        if t % every == 0:
            run.record()
            if meter.ask(sum(run.curves.widths[-1])):
                meter.total -= run.steps - t
                break
        rate = run.settings.learning_rate * (1 + math.cos(math.pi * t / run.steps)) / 2
        run.step(next(batches), slope, rate, run.penalty())
        meter.done += 1
    run.pool.repack(reserve=False)
    run.record()
