"""What the methods that share weights have in common: marks at which they answer, and the retraining of the answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import torch
from torch import Tensor

from continuum import checks
from continuum.benchmark import BATCH, PRICE, SPACE, Objective, Point, Space, stream
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.search.shared.account import batches, validation
from continuum.search.shared.batches import Batches
from continuum.search.shared.descent import gradient
from continuum.search.shared.retraining import retrain, rows
from continuum.search.shared.supernet import Rows, Supernet
from continuum.search.shared.weights import Weights
from continuum.search.sharing import SharingMethod
from continuum.search.trace import Trace

#: Learning rate of the shared weights, and (or the nearest of the space) of a retraining where a method chooses none.
LR = 0.01
#: Purposes of the random numbers of a run.
_WEIGHTS, _TRAIN, _VALIDATION, _CHOICE = 11, 12, 13, 14


@dataclass(frozen=True)
class Choice:
    """What a method answers when it has spent ``cost`` epochs, the retraining to come included."""

    cost: int
    point: Point


@dataclass
class Ground:
    """What a run stands on: rows, shared weights, objective and random numbers.

    Args:
        stream: rows of the task.
        space: of points.
        objective: J on these rows.
        seed: of all that is random in the run.
    """

    stream: Stream
    space: Space
    objective: Objective
    seed: int
    net: Supernet = field(init=False)
    weights: Weights = field(init=False)
    train: Batches = field(init=False)
    validation: Batches = field(init=False)
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        if self.stream.validation is None:
            raise BadInput("stream", expected="validation rows", came="none", remedy="give the stream a part of them")
        self.net = Supernet.of(self.stream, self.space)
        self.generator = torch.Generator().manual_seed(self.seed * 1000 + _WEIGHTS)
        self.weights = Weights.of(self.net.initial(self.generator), self.net.decayed())
        self.train = Batches(self.stream.train, BATCH, [self.seed, _TRAIN])
        self.validation = Batches(self.stream.validation, BATCH, [self.seed, _VALIDATION])

    @property
    def choices(self) -> tuple[int, ...]:
        """How many depths and widths there are."""
        return len(self.space.depth), len(self.space.gamma)

    def decoded(self, depth: int, gamma: int) -> Point:
        """The point of an architecture by its places among depths and widths."""
        return self.space.nearest(Point(self.space.gamma[gamma], LR, 0.0, self.space.depth[depth]))

    def price(self, points: list[Point]) -> Tensor:
        """What the units of points cost, in J."""
        return torch.tensor([self.objective.cost(point) for point in points])

    def losses(self, weights: Tensor, rows: Rows, points: list[Point]) -> Tensor:
        """Losses of several points under shared weights."""
        return self.net.losses(weights, rows, self.net.gates([p.gamma for p in points]), [p.depth for p in points])

    def descend(self, weights: Weights, point: Point, lr: float = LR, weight_decay: float = 0.0) -> None:
        """One step of the shared weights on the loss of one point, on the next minibatch."""
        slope = gradient(self.net, weights.vector, self.train.next(), point)
        weights.step(torch.from_numpy(slope), lr, weight_decay)

    @torch.no_grad()
    def least(self, points: list[Point]) -> Point:
        """The point of the least J on all validation rows under the shared weights."""
        losses = self.losses(self.weights.vector, self.validation.rows, points).tolist()
        return min(zip(points, losses, strict=True), key=lambda pair: self.objective(pair[1], pair[0]))[0]

    def measuring(self, count: int) -> float:
        """What ``least`` of so many points costs."""
        return validation(self.stream, count, BATCH)


class Run(ABC):
    """One search under way.

    Attributes:
        cycle: what the next ``advance`` costs, in gradient steps.
        choosing: what ``choose`` costs, in gradient steps.
    """

    cycle: float
    choosing: float = 0.0

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    @abstractmethod
    def advance(self) -> None:
        """One round of training weights and whatever chooses."""

    @abstractmethod
    def choose(self, generator: np.random.Generator) -> Point:
        """The point to be retrained, were the search to end here; leaves the run as it is."""


class Shared(SharingMethod):
    """A method of shared weights, which answers at 1, 2, 4, 8, ... trainings and at its budget.

    The answer at a mark is what a search of that budget gives: shared weights and controller are trained until what is
    left pays for the choice and for the retraining of the chosen point. No schedule knows the budget, so that one run
    serves all marks, and each row's ``cost`` holds one retraining: its own.

    Args:
        space: where the chosen point lies.
        price: of 64 units, in J.
        split: seed of the inner split, for studies that let the method's seed vary on one split; None: the seed.
    """

    def __init__(self, space: Space = SPACE, price: float | None = None, split: int | None = None) -> None:
        super().__init__(space, price)
        self.split = split

    @abstractmethod
    def begin(self, ground: Ground) -> Run:
        """A run at its start."""

    def search(self, task: str, budget: int, seed: int) -> Trace:
        """See :class:`SharingMethod`; raises ``BadInput`` for a budget below one whole training."""
        split = seed if self.split is None else self.split
        data = stream(task, split)
        found = self.choices(data, budget, seed)
        curves = retrain([data] * len(found), [choice.point for choice in found], split, self.space.epochs)
        return Trace(self.name, task, seed, rows(found, curves, self.objective(data)))

    def objective(self, data: Stream) -> Objective:
        """J on these rows."""
        return Objective.of(data, PRICE if self.price is None else self.price)

    def choices(self, data: Stream, budget: int, seed: int) -> list[Choice]:
        """The answers at all marks, not yet retrained."""
        return [choice for _, choice in self.answers(data, budget, seed)]

    def answers(self, data: Stream, budget: int, seed: int) -> list[tuple[int, Choice]]:
        """Pairs of a mark (epochs) and the answer there, not yet retrained."""
        checks.whole("seed", seed, at_least=0)
        checks.whole("budget", budget, at_least=1)
        epochs, steps = self.space.epochs, batches(len(data.train.x), BATCH)
        if budget < epochs:
            raise BadInput("budget", expected=f"one training at least, {epochs} epochs", came=budget, remedy="raise it")
        run, spent, found = self.begin(Ground(data, self.space, self.objective(data), seed)), 0.0, []
        for mark in marks(budget, epochs):
            while spent + run.cycle + run.choosing <= (mark - epochs) * steps:
                spent += run.cycle
                run.advance()
            generator = np.random.default_rng([seed, _CHOICE, mark])
            # What cannot pay for a choice has learned nothing: the answer is a random point, as that of any policy.
            point = run.choose(generator) if spent else self.space.sample(np.random.default_rng([seed, _CHOICE]))
            cost = epochs + ceil((spent + run.choosing) / steps) if spent else epochs
            found.append((mark, Choice(cost, point)))
        return found


def marks(budget: int, epochs: int) -> list[int]:
    """1, 2, 4, ... trainings, and the budget.

    >>> marks(500, 100)
    [100, 200, 400, 500]
    """
    doubling, mark = [], epochs
    while mark < budget:
        doubling.append(mark)
        mark *= 2
    return [*doubling, budget]
