"""Learn a width in one run, retrain it from scratch, and use what is left on other learning rates and prices."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import torch

from continuum import checks
from continuum.benchmark import BATCH, SPACE, Objective, Point, Space, stream
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.learn import LearnConfig, Likelihood, WidthResult, learn_width
from continuum.search.learned.ledger import RetrainingLedger
from continuum.search.learned.price import learner_price
from continuum.search.sharing import SharingMethod
from continuum.search.trace import Trace


@dataclass(frozen=True)
class Arm:
    """One run of a learner, and the learning rates at which its width is retrained.

    Args:
        lr: of the learner.
        factor: its price, in prices of the objective.
        start: units that are on when it starts.
        retrained: learning rates of the answers, each a whole training.
    """

    lr: float
    factor: float = 1.0
    start: float = 8.0
    retrained: tuple[float, ...] = (0.01,)


class LearnedWidth(SharingMethod):
    r"""A method whose answer is ceil(width) of one run that learns the width, retrained from scratch.

    A run takes the ``epochs`` of a plain training, its rounding included, on minibatches of the same size, at the price
    of the objective (:func:`~continuum.search.learned.price.learner_price`); so the least budget is two trainings. What
    is left is spent on the arms one after another, until one would not fit. The value of a row is what retraining
    came to on validation rows, not what the run believed.

    Raises ``BadInput`` for a budget below two trainings, and without a price, at which every unit is worth having.
    """

    #: What is tried, in the order in which a budget pays for it.
    arms: ClassVar[tuple[Arm, ...]]

    def __init__(self, space: Space = SPACE, price: float | None = None) -> None:
        super().__init__(space, None if price is None else checks.positive("price", price, remedy="0.1 is the table's"))

    @property
    def least(self) -> int:
        """The least budget, in epochs: one run that learns and one retraining."""
        return 2 * self.space.epochs

    def search(self, task: str, budget: int, seed: int) -> Trace:
        if checks.whole("budget", budget, at_least=1) < self.least:
            expected = f"one run and one retraining at least, {self.least} epochs"
            raise BadInput("budget", expected=expected, came=budget, remedy="raise it")
        rows = stream(task, seed)
        objective = Objective.of(rows) if self.price is None else Objective.of(rows, self.price)
        ledger = RetrainingLedger(self.space, objective, task, seed, budget)
        for arm in self.arms:
            if not ledger.affords(self.least):
                break
            width = self.learned(rows, objective, arm, seed)
            ledger.charge(self.space.epochs)
            for point in self._answers(width, arm):
                if ledger.affords(self.space.epochs):
                    ledger.retrain(point)
        return ledger.trace(self.name)

    @abstractmethod
    def learned(self, rows: Stream, objective: Objective, arm: Arm, seed: int) -> float:
        """The width that one run learns in the steps of a plain training."""

    def _answers(self, width: float, arm: Arm) -> Iterator[Point]:
        units = float(min(max(ceil(width - 1e-6), 1), int(self.space.gamma[-1])))
        for lr in arm.retrained:
            yield Point(units, self._nearest(lr), self.space.weight_decay[0], self.space.depth[0])

    def _nearest(self, lr: float) -> float:
        return self.space.nearest(Point(1.0, lr)).lr


class OneRun(LearnedWidth):
    """A method of :func:`continuum.learn.learn_width`."""

    #: Its name there.
    method: ClassVar[str]

    def learned(self, rows: Stream, objective: Objective, arm: Arm, seed: int) -> float:
        return self.run(rows, objective, arm, seed).widths[0]

    def run(self, rows: Stream, objective: Objective, arm: Arm, seed: int) -> WidthResult:
        """The run, whose graded phase and rounding take the steps of a plain training, one less at most."""
        train = rows.train
        steps = self.space.epochs * ceil(len(train.x) / BATCH)
        most = int(self.space.gamma[-1])
        config = LearnConfig(
            price=arm.factor * learner_price(objective, len(train.x)),
            activation="tanh",
            start=min(arm.start, most),
            max_units=most,
            steps=max((2 * steps + 1) // 3, 1),
            batch=BATCH,
            lr=arm.lr,
            seed=seed,
            method=self.method,
            resolution=self.resolution(rows),
        )
        x = torch.from_numpy(train.x).float()
        if rows.kind == "classification":
            return learn_width(x, torch.from_numpy(train.y), "cross_entropy", config, classes=rows.outputs)
        return learn_width(x, torch.from_numpy(train.y).float(), self.squared_error(), config)

    def resolution(self, rows: Stream) -> float:
        """Standard deviations of the target below which a residual counts as so many; of the graded method alone."""
        return 0.0

    def squared_error(self) -> str | Likelihood:
        """Half a squared error, a unit of which is a nat, since the price of the objective knows no noise."""
        return Likelihood(_half_square, outputs=1)


def _half_square(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return (outputs - targets.reshape_as(outputs)).square().mean() / 2
