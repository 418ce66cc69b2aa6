"""The frontier of score against width from one falling price, as a lasso path."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum.errors import BadInput, Diverged
from continuum.learn.calibration import held_out_scores, mean_and_error, price_stages
from continuum.learn.rounding import rounded_copy
from continuum.learn.rows import TrainingRows
from continuum.learn.settings import checked_price, rounding_steps, steps_for
from continuum.learn.task import Task
from continuum.progress import Meter, Progress


@dataclass(frozen=True)
class WidthPath:
    """Points of the frontier, from the highest price (the narrowest network) to the lowest.

    Args:
        prices: nats of the whole training set per unit of width.
        widths: (points, layers).
        units: ceil(widths), at least 1.
        train_loss: of networks rounded to ``units``: their mean loss on the rows that trained, on at most 512.
        score: of these rounded networks, too, since a graded width is no number of units: minus the mean over the
            held-out rows of Brier's score of class probabilities, of half the squared error, or of a loss of your
            own. Greater is better.
        standard_error: of the score, over the held-out rows.
    """

    prices: tuple[float, ...]
    widths: Float[Tensor, "points layers"]
    units: tuple[tuple[int, ...], ...]
    train_loss: Float[Tensor, " points"]
    score: Float[Tensor, " points"]
    standard_error: Float[Tensor, " points"]

    def best(self) -> int:
        """The point of the highest held-out score; of equals that of the highest price."""
        return int(np.argmax(self.score.numpy()))

    def one_standard_error(self) -> int:
        """The fewest units whose score is within one standard error of the best one's; of equals the best score.

        See :func:`continuum.analysis.statistics.one_standard_error`.

        >>> score, error = torch.tensor([0.1, 0.5, 0.6]), torch.tensor([0.1, 0.2, 0.2])
        >>> units = ((1,), (2,), (5,))
        >>> WidthPath((9.0, 3.0, 1.0), torch.ones(3, 1), units, -score, score, error).one_standard_error()
        1
        """
        from continuum.analysis.statistics import one_standard_error  # brings pandas, which nothing else here needs

        sizes = [sum(units) for units in self.units]
        return one_standard_error(self.score.numpy(), self.standard_error.numpy(), sizes)


def checked_prices(prices: Iterable[float]) -> list[float]:
    """Positive and falling, or ``BadInput``."""
    try:
        candidates = list(prices)
    except TypeError as error:
        remedy = "give a tuple or an array of them"
        raise BadInput("prices", expected="falling prices", came=repr(prices), remedy=remedy) from error
    remedy = "without a price every unit is worth having"
    numbers = [checked_price(price, what="prices", remedy=remedy) for price in candidates]
    if not numbers or numbers != sorted(set(numbers), reverse=True):
        raise BadInput("prices", expected="falling prices", came=tuple(numbers), remedy="sort them, highest first")
    return numbers


def path_steps(task: Task, prices: int) -> tuple[int, int]:
    """Steps of the graded phase at each of so many prices, which share those of the task; and of the whole path."""
    stage = max(steps_for(task.config.steps, task.split()[0].total) // prices, 1)
    return stage, prices * (stage + rounding_steps(stage))


def frontier(task: Task, prices: list[float], progress: Progress | None = None) -> WidthPath:
    """The path over these prices, or over those before an answer to stop; each point is rounded in a copy."""
    rows, held_out = task.split()
    stage, total = path_steps(task, len(prices))
    run = task.graded_run(rows, stage, prices[0])
    widths: list[list[float]] = []
    units, losses, scores = [], [], []

    def progress_of_points(done: int, total: int, width: float) -> bool:
        return progress is not None and bool(progress(done, total, width)) and len(widths) > 0

    meter = Meter(progress_of_points, total)
    for _ in price_stages(run, prices, meter):
        whole = rounded_copy(run, meter)
        widths.append(run.widths())
        units.append(tuple(whole.pool.weights.units))
        losses.append(whole.loss())
        if not np.isfinite(losses[-1]):
            raise Diverged(f"the loss is {losses[-1]:g}")
        scores.append(held_out_scores(whole, held_out))
    if len(widths) < len(prices):
        meter.total = meter.done
        meter.report(sum(widths[-1]))
    return _path(prices, (widths, units), losses, (scores, held_out))


def _path(
    prices: list[float],
    sizes: tuple[list[list[float]], list[tuple[int, ...]]],
    losses: list[float],
    judgement: tuple[list[Float[np.ndarray, " rows"]], TrainingRows],
) -> WidthPath:
    widths, units = sizes
    scores, held_out = judgement
    mean, error = mean_and_error(np.stack(scores).astype(np.float64), held_out.weights())
    score, standard_error = torch.from_numpy(-mean).float(), torch.from_numpy(error).float()
    points = tuple(prices[: len(widths)])
    path = WidthPath(points, torch.tensor(widths), tuple(units), torch.tensor(losses), score, standard_error)
    for part in (path.widths, path.train_loss, path.score):
        if not bool(part.isfinite().all()):  # double precision holds what single precision, in which it is told, cannot
            raise Diverged("losses left the range of single precision; scale the targets to standard deviation 1")
    return path
