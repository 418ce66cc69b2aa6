"""Means over seeds and shares of networks, with intervals; many tests at once; the smallest sufficient size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from scipy.stats import binomtest


class ConfidenceInterval(NamedTuple):
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float


def mean_interval(values: ArrayLike, level: float = 0.95) -> ConfidenceInterval:
    """Return the mean and its Student interval, for n independent normal values.

    ``mean -+ t * s / sqrt(n)`` with ``s^2 = sum (x_i - mean)^2 / (n - 1)`` and ``t`` the ``(1 + level) / 2`` quantile
    of Student's distribution with n - 1 degrees of freedom. NaN counts as missing. One value has no spread: its
    bounds are NaN; of no value all three are.

    Reference: Student, "The probable error of a mean", Biometrika 6 (1908).

    >>> [round(number, 4) for number in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.4841, 4.4841]
    """
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number in (0, 1), got {level}")
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[~np.isnan(x)]
    n = x.size
    mean = float(x.mean()) if n else np.nan
    if n < 2:
        return ConfidenceInterval(mean, np.nan, np.nan)
    half = float(stdtrit(n - 1, (1 + level) / 2) * x.std(ddof=1) / np.sqrt(n))
    return ConfidenceInterval(mean, mean - half, mean + half)


def share_interval(successes: int, trials: int, level: float = 0.95) -> ConfidenceInterval:
    """Return the share of successes and its exact interval, for independent trials of equal probability.

    Its coverage is at least ``level`` whatever the probability. Of no trial the share is NaN, its bounds 0 and 1.

    Reference: Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).

    >>> [round(number, 4) for number in share_interval(5, 10)]
    [0.5, 0.1871, 0.8129]
    """
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number in (0, 1), got {level}")
    if not 0 <= successes <= trials:
        raise ValueError(f"successes: expected 0 to {trials}, got {successes}")
    if not trials:
        return ConfidenceInterval(np.nan, 0.0, 1.0)
    bounds = binomtest(successes, trials).proportion_ci(level, method="exact")
    return ConfidenceInterval(successes / trials, float(bounds.low), float(bounds.high))


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted for testing them all: rejecting those <= q errs at all with probability <= q.

    The i-th smallest of n (i = 0, 1, ...) becomes ``(n - i) p``, at least what the smaller ones became, at most 1. No
    independence is needed.

    Reference: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)
    raised = np.maximum.accumulate((values.size - np.arange(values.size)) * values[order])
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted


def one_standard_error(scores: ArrayLike, errors: ArrayLike, sizes: ArrayLike) -> int:
    r"""Return the place of the smallest size whose score is within one standard error of the best score.

    .. math:: \min \{ n_i : s_i \ge s_* - e_* \}, \qquad s_* = \max_i s_i \text{ with its standard error } e_*

    Greater scores are better (give minus a loss). Of equal sizes the one of the best score is taken, of equal scores
    the first. A score that is NaN is not taken; a standard error that is NaN, as of a single seed, counts as 0.

    Args:
        scores: mean score of each size, (sizes,); compared in their own precision.
        errors: standard error of each score, (sizes,), or one number for all.
        sizes: what should be small, (sizes,): widths, units.

    Raises:
        ValueError: where no score is a number.

    Reference: Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees* (1984), section 3.4.3.

    >>> one_standard_error([0.5, 0.88, 0.9], [0.1, 0.02, 0.03], sizes=[1, 2, 4])
    1
    """
    score, size = np.asarray(scores), np.asarray(sizes)
    error = np.broadcast_to(np.asarray(errors), score.shape)
    best = int(np.nanargmax(score))
    margin = np.where(np.isnan(error[best]), 0, error[best])
    sufficient = np.flatnonzero(score >= score[best] - margin)
    return int(min(sufficient, key=lambda place: (size[place], -score[place])))


def summarise(frame: pd.DataFrame, by: str | Sequence[str], column: str, level: float = 0.95) -> pd.DataFrame:
    """Return ``mean``, ``low``, ``high`` and ``n`` of ``column`` for each group of ``by``, groups sorted.

    >>> runs = pd.DataFrame({"gamma": [1, 1, 2], "loss": [0.5, 1.5, 3.0]})
    >>> summarise(runs, "gamma", "loss")[["gamma", "mean", "n"]].to_dict("list")
    {'gamma': [1, 2], 'mean': [1.0, 3.0], 'n': [2, 1]}
    """
    keys = [by] if isinstance(by, str) else list(by)
    rows = [
        (*group, *mean_interval(values.to_numpy(), level), int(values.notna().sum()))
        for group, values in frame.groupby(keys, sort=True, dropna=False)[column]
    ]
    return pd.DataFrame(rows, columns=[*keys, *ConfidenceInterval._fields, "n"])
