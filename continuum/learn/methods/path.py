"""The width that held-out rows pick from a path of falling prices."""

from dataclasses import replace

from torch import Tensor

from continuum.learn.frontier import frontier, parted
from continuum.learn.progress import Progress
from continuum.learn.result import WidthResult, learned
from continuum.learn.settings import steps_for
from continuum.learn.task import Task
from continuum.learn.whole import rounding_steps

#: Nats of the whole training set per unit of width.
PRICES = (256.0, 128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0)


def path(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Method "path": the one-standard-error rule picks a price from a path, at which all rows train a graded run."""
    found = frontier(task, list(PRICES))
    price, spent = found.prices[found.one_standard_error()], _steps(task)

    def later(done: int, total: int, width: float) -> object:
        return progress is not None and progress(spent + done, spent + total, width)

    run = learned(replace(task, settings=replace(task.settings, price=price)), later, like)
    picked = f"the path of prices picked {price:g} nats per unit"
    return replace(run, steps=spent + run.steps, notes=(picked, *run.notes))


def _steps(task: Task) -> int:
    """Steps that the path takes, with the rounding of every point."""
    stage = max(steps_for(task.settings.steps, parted(task)[0].total) // len(PRICES), 1)
    return len(PRICES) * (stage + rounding_steps(stage))
