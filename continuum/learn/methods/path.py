"""The width that held-out rows pick from a path of falling prices."""

from dataclasses import replace

from torch import Tensor

from continuum.learn.methods.graded import graded
from continuum.learn.path import frontier, path_steps
from continuum.learn.result import WidthResult
from continuum.learn.settings import PRICES, rounding_steps, steps_for
from continuum.learn.task import Task
from continuum.progress import Progress


def path(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Method "path": the one-standard-error rule picks a price from a path, at which all rows train a graded run."""
    steps, spent = steps_for(task.config.steps, task.rows.total), path_steps(task, len(PRICES))[1]

    def progress_on_path(done: int, total: int, width: float) -> object:
        nonlocal spent
        spent = total  # fewer than planned where an answer ended the path
        return progress is not None and progress(done, total + steps + rounding_steps(steps), width)

    points = frontier(task, list(PRICES), progress_on_path)
    price = points.prices[points.one_standard_error()]

    def progress_behind_path(done: int, total: int, width: float) -> object:
        return progress is not None and progress(spent + done, spent + total, width)

    result = graded(
        replace(task, config=replace(task.config, price=price, method="graded")), progress_behind_path, like
    )
    picked = f"the path of prices picked {price:g} nats per unit"
    return replace(result, steps=spent + result.steps, notes=(picked, *result.notes))
