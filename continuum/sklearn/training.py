"""From checked rows to a learned network: hold out, merge, standardise, learn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from continuum.errors import BadInput
from continuum.learn import LearnConfig, WidthPath, WidthResult, learn_width, width_path
from continuum.learn.descent import TableResult, learn_table
from continuum.learn.descent.settings import batch_for
from continuum.sklearn.inputs import scales_of
from continuum.sklearn.parameters import EstimatorOptions
from continuum.sklearn.progress import listening
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Scales, StandardisedRows
from continuum.sklearn.start import AFRESH, Start
from continuum.sklearn.stopping import held_out_loss, stopped_early


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned on standardised rows, and how they were standardised."""

    result: WidthResult
    scales: Scales
    rows: float
    validation_losses: tuple[float, ...] = ()


def fit_rows(rows: EstimatorRows, options: EstimatorOptions, loss: str, start: Start = AFRESH) -> Fitted:
    """Learn from these rows, of which the graded method, and early stopping of the others, hold some out."""
    if options.config.method == "graded":
        return _fit_graded(rows, options, loss, start)
    if not options.early_stopping:
        scales, training, config = _prepared(rows, options, loss, start)
        return Fitted(_learn(training, config, options, loss, start), scales, training.total)
    rows, held_out = _held_out(rows, options, loss)
    scales, training, config = _prepared(rows, options, loss, start)
    validation = scales(held_out)
    result, losses = stopped_early(
        lambda shorter: _learn(training, shorter, options, loss, start),
        config,
        training.total,
        lambda network: held_out_loss(network, validation, loss),
    )
    return Fitted(result, scales, training.total, losses)


def _fit_graded(rows: EstimatorRows, options: EstimatorOptions, loss: str, start: Start) -> Fitted:
    """Learn by a price that falls, from the inputs that held-out rows choose."""
    if options.full_batch:
        rows = rows.merged()
    by_name = {"raw": start.scales} if start.scales else scales_of(rows, loss, options.encoding)
    prepared = {name: scales(rows) for name, scales in by_name.items()}
    first = next(iter(prepared.values()))
    batch = len(rows) if options.full_batch else options.batch or batch_for(len(rows))
    config, descent = replace(options.config, batch=batch, price=None, steps=None), options.descent
    if start.network is not None:
        descent = replace(descent, price=options.config.price, steps=options.config.steps)
    with listening("width", shown=options.verbose, callbacks=options.callbacks) as progress:
        result: TableResult = learn_table(
            {name: part.x for name, part in prepared.items()},
            first.y,
            loss,
            config,
            descent,
            sample_weight=first.weight,
            progress=progress,
            initial=start.network,
            classes=start.classes,
        )
    losses = tuple(result.held_out_scores.get(result.candidate, np.zeros(0)).tolist())
    return Fitted(result, by_name[result.candidate], first.total, losses)


def path_of_rows(rows: EstimatorRows, options: EstimatorOptions, loss: str, prices: Iterable[float]) -> WidthPath:
    """The frontier of held-out score against width."""
    rows, held_out = _held_out(rows, options, loss)
    scales, training, config = _prepared(rows, options, loss)
    scored = scales(held_out)
    validation = (scored.x, scored.y) if scored.weight is None else (scored.x, scored.y, scored.weight)
    arguments, weight = (training.x, training.y, loss, config, prices), training.weight
    with listening("path", shown=options.verbose, callbacks=options.callbacks) as progress:
        return width_path(*arguments, sample_weight=weight, validation=validation, progress=progress)


def _prepared(
    rows: EstimatorRows, options: EstimatorOptions, loss: str, start: Start = AFRESH
) -> tuple[Scales, StandardisedRows, LearnConfig]:
    """Scales, rows and configuration of a run; a full batch takes all rows, equal ones merged."""
    if options.full_batch:
        rows = rows.merged()
    scales = start.scales or Scales.of_loss(rows, loss)
    config = replace(options.config, batch=len(rows)) if options.full_batch else options.config
    return scales, scales(rows), config


def _learn(
    training: StandardisedRows, config: LearnConfig, options: EstimatorOptions, loss: str, start: Start
) -> WidthResult:
    x, y, weight = training.x, training.y, training.weight
    with listening("width", shown=options.verbose, callbacks=options.callbacks) as progress:
        more = {"progress": progress, "initial": start.network, "classes": start.classes}
        return learn_width(x, y, loss, config, sample_weight=weight, **more)  # type: ignore[arg-type]  # of many types


def _held_out(rows: EstimatorRows, options: EstimatorOptions, loss: str) -> tuple[EstimatorRows, EstimatorRows]:
    """Rows to train on, and rows held out."""
    classes, fraction = loss == "cross_entropy", options.validation_fraction
    counts = np.unique(rows.y, return_counts=True)[1] if classes else np.array([len(rows)])
    try:
        kept, held_out = rows.held_out(fraction, options.config.seed, stratify=classes)
    except ValueError as error:
        raise _no_two_parts(counts, fraction) from error
    if classes and len(np.unique(kept.y)) < (count := len(counts)):
        expected, came = f"rows of all {count} classes to train on", f"{len(kept)} rows without one of them"
        raise BadInput("validation_fraction", expected=expected, came=came, remedy="hold out fewer rows")
    return kept, held_out


def _no_two_parts(counts: Int[np.ndarray, " classes"], fraction: float) -> BadInput:
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
