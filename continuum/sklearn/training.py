"""From checked rows to a learned network: hold out, merge, standardise, learn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from continuum.errors import BadInput
from continuum.learn.learning import LearnConfig, WidthPath, WidthResult, learn_width, width_path
from continuum.sklearn.parameters import Parameters
from continuum.sklearn.progress import progress_bar
from continuum.sklearn.rows import Rows
from continuum.sklearn.scales import Scales, Seen
from continuum.sklearn.stopping import held_out_loss, stopped_early


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned on standardised rows, and how they were standardised."""

    learned: WidthResult
    scales: Scales
    validation_losses: tuple[float, ...] = ()


def train(rows: Rows, given: Parameters, loss: str) -> Fitted:
    """Learn from these rows, of which early stopping holds some out."""
    if not given.early_stopping:
        scales, seen, settings = _prepared(rows, given, loss)
        return Fitted(_learned(seen, settings, given, loss), scales)
    kept, held = _parted(rows, given, loss)
    scales, seen, settings = _prepared(kept, given, loss)
    validation = scales(held)
    found, losses = stopped_early(
        lambda shorter: _learned(seen, shorter, given, loss),
        settings,
        seen.total,
        lambda network: held_out_loss(network, validation),
    )
    return Fitted(found, scales, losses)


def frontier(rows: Rows, given: Parameters, loss: str, prices: Iterable[float]) -> WidthPath:
    """The frontier of held-out score against width."""
    kept, held = _parted(rows, given, loss)
    scales, seen, settings = _prepared(kept, given, loss)
    judge = scales(held)
    validation = (judge.x, judge.y) if judge.weight is None else (judge.x, judge.y, judge.weight)
    asked, weight = (seen.x, seen.y, loss, settings, prices), seen.weight
    with progress_bar("path", shown=given.verbose) as progress:
        return width_path(*asked, sample_weight=weight, validation=validation, progress=progress)


def _prepared(rows: Rows, given: Parameters, loss: str) -> tuple[Scales, Seen, LearnConfig]:
    """Scales, rows and settings of a run; a full batch takes all rows, equal ones merged."""
    if given.full_batch:
        rows = rows.merged()
    scales = Scales.of(rows, classes=loss == "cross_entropy")
    settings = replace(given.learning, batch=len(rows.x)) if given.full_batch else given.learning
    return scales, scales(rows), settings


def _learned(seen: Seen, settings: LearnConfig, given: Parameters, loss: str) -> WidthResult:
    with progress_bar("width", shown=given.verbose) as progress:
        return learn_width(seen.x, seen.y, loss, settings, sample_weight=seen.weight, progress=progress)


def _parted(rows: Rows, given: Parameters, loss: str) -> tuple[Rows, Rows]:
    classes = loss == "cross_entropy"
    counts = np.unique(rows.y, return_counts=True)[1] if classes else np.array([len(rows.x)])
    try:
        kept, held = rows.held_out(given.validation_fraction, given.learning.seed, stratify=classes)
    except ValueError as error:
        raise _unparted(counts, given.validation_fraction) from error
    if classes and len(np.unique(kept.y)) < (count := len(counts)):
        expected, came = f"rows of all {count} classes to train on", f"{len(kept.x)} rows without one of them"
        raise BadInput("validation_fraction", expected=expected, came=came, remedy="hold out fewer rows")
    return kept, held


def _unparted(counts: Int[np.ndarray, " classes"], fraction: float) -> BadInput:
    """What is wrong with a fraction, or with classes of so many rows, of which no two parts can be made."""
    classes, came = len(counts), f"{fraction:g} of {counts.sum()} rows"
    if classes == 1:
        expected, remedy = "a row or more in both parts", "hold out a share that leaves some to train on"
    else:
        expected, remedy = "a row of every class in both parts", f"hold out {classes} rows or more, and leave as many"
        came += f" of {classes} classes"
    if counts.min() < 2:
        came += ", one of which has a single row"
        remedy = "give every class two rows or more, or leave it out"
    return BadInput("validation_fraction", expected=expected, came=came, remedy=remedy)
