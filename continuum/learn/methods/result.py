"""From a gated network to what a run returns, by the rounding of the graded method."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from continuum.learn.loss import Objective
from continuum.learn.methods.gated import Gated, plain
from continuum.learn.methods.law import WidthMethod
from continuum.learn.network import sequential
from continuum.learn.optimizer import Memory
from continuum.learn.pool import Pool
from continuum.learn.progress import Meter
from continuum.learn.result import WidthResult
from continuum.learn.run import Curves, Run
from continuum.learn.samples import too_light
from continuum.learn.settings import DEFAULT_PRICE
from continuum.learn.task import Task
from continuum.learn.whole import rounded, whole_units

#: A width above this share of ``max_units`` may have been held back by them.
FULL = 0.95


class Found(Protocol):
    """A gated network after its training."""

    gated: Gated
    laws: list[WidthMethod]
    objective: Objective
    steps: int
    price: float
    curves: Curves

    def widths(self) -> list[float]:
        """Of every hidden layer."""


@dataclass
class Rounding(Run):
    """A run that is to be rounded; its widths are those that the law found."""

    found: tuple[float, ...] = ()

    def widths(self) -> list[float]:
        return list(self.found)


def result(course: Found, task: Task, meter: Meter, like: Tensor, notes: tuple[str, ...] = ()) -> WidthResult:
    """Round the network to ceil(width) units on all training rows; ``like`` has the device and type of the results."""
    settings, widths = task.settings, course.widths()
    units = whole_units(widths)
    weights = plain(course.gated, [law.expected() for law in course.laws], units)
    random = np.random.default_rng([settings.seed, 29])
    pool = Pool(weights, Memory.of(weights), course.gated.activation, settings.max_units, random)
    price = course.price or DEFAULT_PRICE  # sets the scale of its steps, nothing else
    run = Rounding(pool, task.rows, course.objective, settings, course.steps, price, found=tuple(widths))

    def network() -> nn.Sequential:
        return sequential(run.pool.weights, run.pool.activation).to(like.device)

    before, graded = run.loss(), network()
    rounded(run, units, meter)
    full = max(widths) >= FULL * settings.max_units
    limit = f"a width near max_units={settings.max_units}: it may be too small" if full else None
    light = too_light(task.rows.total, len(task.rows)) if course.price else None
    return WidthResult(
        network=network(),
        widths=tuple(widths),
        units=tuple(units),
        width_curve=torch.tensor(course.curves.widths, dtype=like.dtype),
        loss_curve=torch.tensor(course.curves.losses, dtype=like.dtype),
        steps=meter.done,
        graded=graded,
        rounding_gap=run.loss() - before,
        saturated=full,
        notes=(*filter(None, (light, limit)), *notes),
        price=course.price,
        activation=run.pool.activation,
    )
