"""The loop that all laws share: Adam on weights and gates together, then the same rounding as of the graded method."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from continuum.errors import Diverged
from continuum.learn.loss import Objective, objective
from continuum.learn.methods.gated import Gated, newborn
from continuum.learn.methods.law import Gates, WidthMethod
from continuum.learn.methods.result import result
from continuum.learn.progress import Meter, Progress
from continuum.learn.result import WidthResult
from continuum.learn.rows import Rows
from continuum.learn.run import Curves
from continuum.learn.samples import outputs_of
from continuum.learn.settings import DEFAULT_PRICE, LearnConfig, activation_for, steps_for
from continuum.learn.task import Task
from continuum.learn.weights import activations
from continuum.learn.whole import rounding_steps

RECORDS = 100
#: Share of the steps before the widths move. What weights that are hardly trained say about width is noise, on which an
#: ordered law sinks to one unit; and one unit alone cannot tell what a second would be worth.
RESTING = 0.1
UNCALIBRATED = "the price is the default, which this method does not calibrate"

#: A law of so many units for a hidden layer, of this width at the start.
Build = Callable[[int, float], WidthMethod]


@dataclass
class Course:
    """A gated network in training.

    Args:
        gated: the network.
        laws: of its hidden layers.
        rows: that train.
        objective: the loss.
        settings: of the run.
        steps: in all.
        price: nats of all these rows per unit of width; 0 for none.
    """

    gated: Gated
    laws: list[WidthMethod]
    rows: Rows
    objective: Objective
    settings: LearnConfig
    steps: int
    price: float
    curves: Curves = field(default_factory=Curves)

    def __post_init__(self) -> None:
        self.faster = [1.0, *(faster for law in self.laws for faster in law.parameters.values())]
        moved = [[parameter] for law in self.laws for parameter in law.parameters]
        self.adam = torch.optim.Adam([{"params": group} for group in (self.gated.parameters, *moved)], fused=True)
        self.probe = self.rows.probe(self.settings.seed)

    def widths(self) -> list[float]:
        """Of every hidden layer."""
        return [law.width() for law in self.laws]

    def step(self, batch: Rows, rate: float, *, resting: bool) -> None:
        """One step on the weights and, unless they rest, on the gates."""
        gates = [law.gates() for law in self.laws]
        decay = self.settings.decay * self.objective.unit
        slopes = self.gated.differentiate(gates, batch, self.objective, decay, self.laws[0].l2)
        if not resting:
            self.pull(slopes)
        for group, faster in zip(self.adam.param_groups, self.faster, strict=True):
            group["lr"] = rate * faster
        self.adam.step()
        if self.gated.activation == "relu":
            self.gated.normalise(gates)

    def pull(self, slopes: list[Gates]) -> None:
        """Write the gradient in the laws' parameters, given the one in the gates."""
        if not all(np.isfinite(slope).all() for slope in slopes):
            raise Diverged("not all gradients are finite")  # of which laws would make no number of units
        price = self.rho()
        for law, slope in zip(self.laws, slopes, strict=True):
            law.pull(slope, price)

    def rho(self) -> float:
        """The price in units of the loss per row."""
        return self.price * self.objective.nat() / self.rows.total

    def record(self) -> None:
        """Write down a point of the curves."""
        network = self.gated.effective([law.expected() for law in self.laws])
        outputs = activations(network, self.probe.x, self.gated.activation)[-1]
        importance = 1.0 if self.probe.importance is None else self.probe.importance[:, 0]
        self.curves.widths.append(self.widths())
        self.curves.losses.append(float((self.objective.losses(outputs, self.probe.y) * importance).mean()))


#: A course, or one that moves its widths in another way.
AnyCourse = TypeVar("AnyCourse", bound=Course)


def train(course: Course, meter: Meter) -> None:
    """All steps, until the meter is answered that it is enough."""
    settings, steps = course.settings, course.steps
    batches = course.rows.batches(settings.batch, np.random.default_rng([settings.seed, 13]))
    every = max(steps // RECORDS, 1)
    for t in range(steps):
        for law in course.laws:
            law.prepare(t / steps)
        if t % every == 0:
            course.record()
            if meter.ask(sum(course.widths())):
                meter.total -= steps - t
                break
        rate = settings.learning_rate * (1 + math.cos(math.pi * t / steps)) / 2
        course.step(next(batches), rate, resting=t < RESTING * steps)
        meter.done += 1
    for law in course.laws:
        law.prepare(1.0)
    course.record()


def course_of(build: Build, task: Task, rows: Rows, price: float, kind: type[AnyCourse]) -> AnyCourse:
    """A newborn network with its laws."""
    settings, features = task.settings, rows.x.shape[1] - 1
    activation = activation_for(settings.activation, features)
    shape = features, settings.hidden_layers, outputs_of(rows, task.loss)
    gated = newborn(shape, settings.max_units, settings.start, activation, settings.seed, rows.x.dtype)
    laws = [build(settings.max_units, settings.start) for _ in range(settings.hidden_layers)]
    return kind(gated, laws, rows, objective(task.loss), settings, steps_for(settings.steps, rows.total), price)


def learned_by(build: Build, task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Learn gates and weights together at the price given, or at the default one, then round."""
    course = course_of(build, task, task.rows, task.settings.price or DEFAULT_PRICE, Course)
    meter = Meter(progress, course.steps + rounding_steps(course.steps))
    train(course, meter)
    return result(course, task, meter, like, (UNCALIBRATED,) if task.settings.price is None else ())
