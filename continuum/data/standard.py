"""Standardising by the training part, the only part whose statistics a learner may see."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from continuum.data.splits import Split
from continuum.data.task import Task
from continuum.errors import BadInput

ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Part:
    """Standardised features (n, d), complete, and targets (n,): class codes, or standardised values."""

    x: Float64[np.ndarray, "n d"]
    y: Int64[np.ndarray, "n"] | Float64[np.ndarray, "n"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The three parts, and the statistics of the training part that made them.

    A column without spread in the training part has ``feature_scale`` infinity: nothing can be learned about it,
    and it is 0 in every row. An error in units of ``y`` times ``target_scale`` is in the target's own units; for
    classification mean and scale are 0 and 1.
    """

    train: Part
    validation: Part
    test: Part
    feature_mean: Float64[np.ndarray, "d"]
    feature_scale: Float64[np.ndarray, "d"]
    target_mean: float
    target_scale: float

    def transform(self, rows: Float64[np.ndarray, "m columns"]) -> Float64[np.ndarray, "m d"]:
        """Standardise new rows, NaN where missing, as the training rows were; ``BadInput`` for other widths."""
        return standardise(rows, self.feature_mean, self.feature_scale)


def prepare(task: Task, split: Split) -> Prepared:
    """Return the parts as (x - mean) / scale, with a missing value replaced by the mean, that is by 0.

    Mean and scale (root mean square deviation) are those of the present values of the training rows; a regression
    target is standardised likewise.

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
        target = (target - target_mean) / target_scale
    x = standardise(task.features, mean, scale)
    train, validation, test = (Part(x[rows], target[rows]) for rows in (split.train, split.validation, split.test))
    return Prepared(train, validation, test, mean, scale, target_mean, target_scale)


def moments(rows: Float64[np.ndarray, "n d"]) -> tuple[Float64[np.ndarray, "d"], Float64[np.ndarray, "d"]]:
    """Return mean and scale of the present values of each column; scale infinity where they have no spread.

    >>> moments(np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan]]))
    (array([2., 5., 0.]), array([ 1., inf, inf]))
    """
    present = ~np.isnan(rows)
    count = np.maximum(present.sum(axis=0), 1)
    filled = np.where(present, rows, 0.0)
    mean = filled.sum(axis=0) / count
    deviation = np.where(present, rows - mean, 0.0)
    scale = np.sqrt((deviation**2).sum(axis=0) / count)
    # Rounding alone gives a constant column a spread of a few units in the last place.
    flat = scale <= ROUNDING * np.abs(filled).max(axis=0, initial=0.0)
    return mean, np.where(flat, np.inf, scale)


def standardise(
    rows: Float64[np.ndarray, "n columns"], mean: Float64[np.ndarray, "d"], scale: Float64[np.ndarray, "d"]
) -> Float64[np.ndarray, "n d"]:
    """Return (rows - mean) / scale, 0 where a value is missing.

    >>> standardise(np.array([[3.0, 7.0], [np.nan, 5.0]]), np.array([1.0, 5.0]), np.array([2.0, np.inf]))
    array([[1., 0.],
           [0., 0.]])
    """
    if rows.ndim != 2 or rows.shape[1] != len(mean):
        raise BadInput(
            "rows", expected=f"shape (rows, {len(mean)})", came=rows.shape, remedy="give the task's own columns"
        )
    z = (rows - mean) / scale
    return np.where(np.isnan(rows), 0.0, z)
