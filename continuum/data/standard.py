"""Standardising by the training part, the only part whose statistics a learner may see."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from continuum.data.splits import Split
from continuum.data.task import Task
from continuum.errors import BadInput

#: Rounding alone gives a constant column a spread of a few units in the last place.
ROUNDING = 10 * float(np.finfo(np.float64).eps)
#: Below it 1 / spread is infinite.
TINY = float(np.finfo(np.float64).tiny)
#: Spreads of the training rows that a standardised feature is away from their mean at most: what lies beyond counts as
#: so far. No row of training lies there unless there are 1e12 of them, and networks in single precision, which end at
#: 1e38, multiply such numbers a few times.
FARTHEST = 1e6
#: The same of a target, whose square must be a number in single precision; beyond it, it is refused.
FARTHEST_TARGET = 1e15


@dataclass(frozen=True, eq=False)
class Part:
    """Standardised features (n, d), complete, and targets (n,): class codes, or standardised values."""

    x: Float64[np.ndarray, "n d"]
    y: Int64[np.ndarray, " n"] | Float64[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The three parts, and the statistics of the training part that made them.

    A column without spread in the training part has ``feature_scale`` infinity: nothing can be learned about it,
    and it is 0 in every row. (The estimators of ``continuum.sklearn``, which multiply by a scale, too, have 0
    there.) An error in units of ``y`` times ``target_scale`` is in the target's own units; for
    classification mean and scale are 0 and 1.
    """

    train: Part
    validation: Part
    test: Part
    feature_mean: Float64[np.ndarray, " d"]
    feature_scale: Float64[np.ndarray, " d"]
    target_mean: float
    target_scale: float

    def transform(self, rows: Float64[np.ndarray, "m columns"]) -> Float64[np.ndarray, "m d"]:
        """Standardise new rows, NaN where missing, as the training rows were; ``BadInput`` for other widths."""
        return standardise(rows, self.feature_mean, self.feature_scale)


def prepare(task: Task, split: Split) -> Prepared:
    """Return the parts as (x - mean) / scale, with a missing value replaced by the mean, that is by 0.

    Mean and scale (root mean square deviation) are those of the present values of the training rows; a regression
    target is standardised likewise. A feature that hardly varies among these rows, and elsewhere does, is cut off at
    ``FARTHEST`` = 1e6 spreads from their mean, so that all numbers stay within single precision; a target that lies
    1e15 spreads away is refused by ``BadInput``.

    >>> from continuum.data import load, split
    >>> task = load("wine")
    >>> x = prepare(task, split(task, seed=0)).train.x
    >>> bool(abs(x.mean(axis=0)).max() < 1e-12), bool(abs(x.std(axis=0) - 1).max() < 1e-12)
    (True, True)
    """
    mean, scale = moments(task.features[split.train])
    target_mean, target_scale = 0.0, 1.0
    target = task.target
    if task.kind == "regression":
        centre, spread = moments(target[split.train, None])
        target_mean = float(centre[0])
        # A training target without spread keeps its units: there is nothing to divide by.
        target_scale = float(spread[0]) if np.isfinite(spread[0]) else 1.0
        with np.errstate(over="ignore"):
            target = (target - target_mean) / target_scale
        _check_target(task.name, target, target_scale)
    x = standardise(task.features, mean, scale)
    train, validation, test = (Part(x[rows], target[rows]) for rows in (split.train, split.validation, split.test))
    return Prepared(train, validation, test, mean, scale, target_mean, target_scale)


def _check_target(name: str, target: Float64[np.ndarray, " n"], scale: float) -> None:
    """Refuse a target that hardly varies in the training part, so that another part is beyond all measure."""
    farthest = float(np.abs(target).max(initial=0.0))
    if not farthest <= FARTHEST_TARGET:
        raise BadInput(
            f"target of {name}",
            expected=f"values within {FARTHEST_TARGET:g} of their spread in the training part, {scale:.3g}",
            came=f"one {farthest:.3g} spreads away",
            remedy="look for outliers, or rescale the target",
        )


def moments(
    rows: Float64[np.ndarray, "n d"], weight: Float64[np.ndarray, " n"] | None = None
) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Return mean and root mean square deviation of each column; infinity where it has no spread.

    Missing values (NaN) do not count; rows that are weighted are complete, and as good as absent where they weigh 0.

    >>> moments(np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan]]))
    (array([2., 5., 0.]), array([ 1., inf, inf]))
    >>> moments(np.array([[1.0], [3.0], [9.0]]), np.array([1.0, 1.0, 0.0]))
    (array([2.]), array([1.]))
    """
    if weight is not None and not weight.all():
        rows, weight = rows[weight > 0], weight[weight > 0]
    present = ~np.isnan(rows)
    filled = np.where(present, rows, 0.0)
    # Squares of 1e-200 or 1e200 are no doubles. In powers of two about the largest value they are, and no bit of other
    # columns changes.
    largest, unit = np.frexp(np.abs(filled).max(axis=0, initial=0.0))
    filled = np.ldexp(filled, -unit)
    mean = _mean(filled, present, weight)
    scale = np.sqrt(_mean(np.where(present, filled - mean, 0.0) ** 2, present, weight))
    spread = np.ldexp(np.where(scale > ROUNDING * largest, scale, 0.0), unit)
    return np.ldexp(mean, unit), np.where(spread < TINY, np.inf, spread)


def _mean(
    filled: Float64[np.ndarray, "n d"], present: Bool[np.ndarray, "n d"], weight: Float64[np.ndarray, " n"] | None
) -> Float64[np.ndarray, " d"]:
    if weight is not None:
        return np.asarray(np.average(filled, axis=0, weights=weight))
    return np.asarray(filled.sum(axis=0) / np.maximum(present.sum(axis=0), 1))


def standardise(
    rows: Float64[np.ndarray, "n columns"], mean: Float64[np.ndarray, " d"], scale: Float64[np.ndarray, " d"]
) -> Float64[np.ndarray, "n d"]:
    """Return (rows - mean) / scale, at most :data:`FARTHEST` in size, and 0 where a value is missing.

    >>> standardise(np.array([[3.0, 7.0], [np.nan, 5.0]]), np.array([1.0, 5.0]), np.array([2.0, np.inf]))
    array([[1., 0.],
           [0., 0.]])
    """
    if rows.ndim != 2 or rows.shape[1] != len(mean):
        raise BadInput(
            "rows", expected=f"shape (rows, {len(mean)})", came=rows.shape, remedy="give the task's own columns"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        z = (rows - mean) / scale
        if not np.isfinite(z).all():  # differences of the greatest doubles are none, those of halves are
            z = np.where(np.isfinite(z), z, (rows / 2 - mean / 2) / (scale / 2))
    return np.where(np.isnan(rows), 0.0, np.clip(z, -FARTHEST, FARTHEST))
