"""The points of a frontier: one network at a falling price, each point rounded apart."""

from collections.abc import Iterable

import numpy as np
import torch

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.calibration import falling, scores
from continuum.learn.moments import mean_and_error
from continuum.learn.path import WidthPath
from continuum.learn.progress import Meter, Progress
from continuum.learn.rows import Rows
from continuum.learn.settings import steps_for
from continuum.learn.task import Task
from continuum.learn.whole import rounded_copy, rounding_steps, whole_units

HELD_SHARE = 5  # one row in so many is held out without rows of its own for that


def prices_of(prices: Iterable[float]) -> list[float]:
    """Positive and falling, or ``BadInput``."""
    try:
        given = list(prices)
    except TypeError as error:
        remedy = "give a tuple or an array of them"
        raise BadInput("prices", expected="falling prices", came=repr(prices), remedy=remedy) from error
    found = [checks.positive("prices", price, remedy="without a price every unit is worth having") for price in given]
    if not found or found != sorted(set(found), reverse=True):
        raise BadInput("prices", expected="falling prices", came=tuple(found), remedy="sort them, highest first")
    return found


def parted(task: Task) -> tuple[Rows, Rows]:
    """Rows to train on, and rows held out."""
    if task.held is not None:
        return task.rows, task.held
    if len(task.rows) < 2:
        raise BadInput("x", expected="at least 2 rows to hold one out", came=len(task.rows), remedy="give validation")
    order = np.random.default_rng([task.settings.seed, 19]).permutation(len(task.rows))
    cut = max(len(order) // HELD_SHARE, 1)
    return task.rows.part(order[cut:]), task.rows.part(order[:cut])


def frontier(task: Task, prices: list[float], progress: Progress | None = None) -> WidthPath:
    """The path over these prices, which share the steps of the settings, or over those before an answer to stop."""
    rows, held = parted(task)
    steps = max(steps_for(task.settings.steps, rows.total) // len(prices), 1)
    run = task.run(rows, steps, prices[0])
    widths: list[list[float]] = []
    losses, table = [], []

    def tell(done: int, total: int, width: float) -> bool:
        return progress is not None and bool(progress(done, total, width)) and len(widths) > 0

    meter = Meter(tell, len(prices) * (steps + rounding_steps(steps)))
    for _ in falling(run, prices, meter):
        whole = rounded_copy(run, meter)
        widths.append(run.widths())
        losses.append(whole.loss())
        table.append(scores(whole, held))
    if meter.done < meter.total:
        meter.total = meter.done
        meter.ask(sum(widths[-1]))
    return _path(prices, widths, losses, (table, held))


def _path(
    prices: list[float], widths: list[list[float]], losses: list[float], judged: tuple[list[np.ndarray], Rows]
) -> WidthPath:
    table, held = judged
    mean, error = mean_and_error(np.stack(table).astype(np.float64), held.weights())
    units = tuple(tuple(whole_units(width)) for width in widths)
    score, spread = torch.from_numpy(-mean).float(), torch.from_numpy(error).float()
    return WidthPath(tuple(prices[: len(widths)]), torch.tensor(widths), units, torch.tensor(losses), score, spread)
