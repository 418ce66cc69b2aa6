"""One run that learns the width: the loop that all methods share, and the run of the graded method."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np

from continuum.learn.loss import Objective
from continuum.learn.network import NetworkWeights, activations, gradient
from continuum.learn.optimizer import Penalty, gates, step, to_unit_length
from continuum.learn.pool import Pool
from continuum.learn.rows import TrainingRows
from continuum.learn.settings import LearnConfig
from continuum.progress import Meter

#: Steps between two repackings.
REPACK = 200
#: Share of the graded phase after which no fresh directions are drawn.
LAST_FRESH = 0.7


@dataclass
class Curves:
    """What is recorded on the way: width of every layer, and training loss on the probe rows."""

    widths: list[list[float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


@dataclass
class Run(ABC):
    """A network in training, and what it is trained on.

    Args:
        rows: the training rows.
        objective: the loss.
        config: how the width is learned.
        steps: of the phase that learns the width.
        price: nats of all these rows, each counted by its weight, per unit of width; 0 for none.
        records: points of the curves.
    """

    rows: TrainingRows
    objective: Objective
    config: LearnConfig
    steps: int
    price: float
    records: int = field(default=100, kw_only=True)
    curves: Curves = field(default_factory=Curves, kw_only=True)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng([self.config.seed, 13])
        self.probe = self.rows.probe(self.config.seed)

    @property
    @abstractmethod
    def activation(self) -> str:
        """tanh or relu."""

    @abstractmethod
    def network(self) -> NetworkWeights:
        """The plain network that computes the same."""

    @abstractmethod
    def widths(self) -> list[float]:
        """The width of every hidden layer."""

    @abstractmethod
    def saturation(self) -> str | None:
        """What a user should know where ``max_units`` may have held a width back, else None."""

    @abstractmethod
    def prepare(self, done: int) -> None:
        """Between two steps, of which so many are done: tidy up."""

    @abstractmethod
    def step(self, batch: TrainingRows, lr: float, done: int) -> None:
        """One step on weights and width, after so many."""

    @abstractmethod
    def finish(self) -> None:
        """Behind the last step: tidy up."""

    def price_per_row(self) -> float:
        """The price in units of the loss per row; of weighted rows, per unit of weight."""
        nat = max(self.objective.nat(), self.config.resolution**2)
        return self.price * nat / self.rows.total

    def decay(self) -> float:
        """The decay in units of the loss."""
        return self.config.decay * self.objective.unit

    def loss(self) -> float:
        """Mean loss on the probe rows."""
        outputs = activations(self.network(), self.probe.x, self.activation)[-1]
        losses = self.objective.losses(outputs, self.probe.y)
        importance = 1.0 if self.probe.importance is None else self.probe.importance[:, 0]
        return float((losses * importance).mean())

    def record(self) -> None:
        """Add a point to the curves."""
        self.curves.widths.append(self.widths())
        self.curves.losses.append(self.loss())


def train(run: Run, meter: Meter) -> None:
    """All steps, with a learning rate that falls along a cosine, until the meter is answered that it is enough."""
    every = max(run.steps // run.records, 1)
    batches = run.rows.batches(run.config.batch, run.random)
    for t in range(run.steps):
        run.prepare(t)
        if t % every == 0:
            run.record()
            if meter.report(sum(run.curves.widths[-1]), run.curves.losses[-1]):
                meter.total -= run.steps - t
                break
        run.step(next(batches), run.config.lr * (1 + math.cos(math.pi * t / run.steps)) / 2, t)
        meter.done += 1
    run.finish()
    run.record()


@dataclass
class GradedRun(Run):
    """A run whose units have graded gates, which a penalty on the outgoing weights has eliminated.

    Args:
        pool: the network.
    """

    pool: Pool

    def __post_init__(self) -> None:
        super().__post_init__()
        self._slope = self.pool.weights.zeros()

    @property
    def activation(self) -> str:
        return self.pool.activation

    def network(self) -> NetworkWeights:
        return self.pool.weights

    def penalty(self) -> Penalty:
        """The penalty of a block by now."""
        largest, power = self.config.largest_gate, self.config.power
        return Penalty(self.decay(), self.price_per_row(), largest=largest, power=power)

    def straight(self, penalty: Penalty) -> Penalty:
        """The penalty of a column of the skip, where units have this one."""
        return replace(penalty, price=penalty.price * (self.config.skip or 1.0))

    def widths(self) -> list[float]:
        """Sum of the gates of every layer."""
        penalty = self.penalty()
        return [float(gates(block, penalty).sum()) for block in self.pool.weights.outgoing]

    def saturation(self) -> str | None:
        most = self.config.max_units
        full = max(self.pool.counts()) >= most
        return f"all of max_units={most} were on: the width may be too small" if full else None

    def prepare(self, done: int) -> None:
        if done and done % REPACK == 0:
            self.pool.repack(reserve=done < LAST_FRESH * self.steps)

    def step(self, batch: TrainingRows, lr: float, done: int) -> None:
        self.descend(batch, lr, self.penalty())

    def descend(self, batch: TrainingRows, lr: float, penalty: Penalty) -> None:
        """One step on a minibatch under this penalty."""
        weights = self.pool.weights
        if self._slope.units != weights.units:
            self._slope = weights.zeros()
        gradient(weights, batch.x, batch.y, batch.importance, self.activation, self.objective, self._slope)
        step(weights, self._slope, self.pool.memory, lr, penalty, self.straight(penalty))
        if self.activation == "relu":
            to_unit_length(weights)

    def finish(self) -> None:
        self.pool.repack(reserve=False)
