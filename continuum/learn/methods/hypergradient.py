"""The interval law whose width follows the hypergradient of a held-out loss."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from continuum.learn.frontier import parted
from continuum.learn.methods.interval import IntervalLaw
from continuum.learn.methods.law import Gates
from continuum.learn.methods.lookahead import Lookahead
from continuum.learn.methods.result import result
from continuum.learn.methods.training import Course, course_of, train
from continuum.learn.progress import Meter, Progress
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.learn.weights import Weights
from continuum.learn.whole import rounding_steps

#: Steps of the weights between two moves of the width, and rows on either side that a move sees.
BETWEEN, SEEN = 10, 256
#: Size of a move over that of a step of the weights.
FASTER = 30.0
#: Derivative of the held-out loss in the widths, of these active units; None where it could not be had.
Ahead = Callable[[Weights, list[float]], list[Tensor] | None]
FREE = "no price: the held-out loss alone moved the width"


@dataclass
class Following(Course):
    """A course in which training rows move the weights, and held-out rows the widths."""

    ahead: Ahead | None = None
    passed: int = 0

    def pull(self, slopes: list[Gates]) -> None:
        self.passed += 1
        for law in self.laws:
            for parameter in law.parameters:
                parameter.grad = None  # Adam leaves it where it is
        if self.ahead is None or self.passed % BETWEEN:
            return
        part = self.gated.part(self.gated.weights, [law.gates() for law in self.laws])
        found = self.ahead(part, self.widths())
        for law, slope in zip(self.laws, found or [], strict=found is not None):
            (gamma,) = law.parameters
            gamma.grad = slope.to(gamma) + self.rho()


def hypergradient(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Method "hypergradient": square-root gates of an interval, moved by direct term and response.

    A price is added to the held-out loss where one is given. Without rows held out a fifth of them is; rounding, at
    which the width is settled, trains on all.
    """
    rows, held = parted(task)
    price = task.settings.price or 0.0
    course = course_of(lambda units, start: IntervalLaw(units, start, 0.5, FASTER), task, rows, price, Following)
    lookahead = Lookahead(task.loss, course.gated.activation, task.settings.decay * course.objective.unit)
    random = np.random.default_rng([task.settings.seed, 23])
    seen, judging = rows.batches(SEEN, random), held.batches(SEEN, random)
    course.ahead = lambda weights, widths: lookahead(weights, widths, next(seen), next(judging))
    meter = Meter(progress, course.steps + rounding_steps(course.steps))
    train(course, meter)
    return result(course, task, meter, like, () if price else (FREE,))
