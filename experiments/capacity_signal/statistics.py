"""Findings of capacity_signal: estimates with intervals, and tests that what was predicted is within a margin."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from continuum.analysis.equivalence import Equivalence, mean_equivalence, share_equivalence
from continuum.analysis.ranks import cluster_interval
from continuum.analysis.statistics import mean_interval

#: Draws of a bootstrap.
RESAMPLES = 400
Statistic = Callable[[pd.DataFrame], float]


class Finding(NamedTuple):
    """What was measured, and how it compares with what was predicted; no p where nothing was predicted."""

    claim: str
    where: str
    predicted: float
    measured: float
    low: float
    high: float
    n: int
    margin: float = np.nan
    p_within: float = np.nan
    p_beyond: float = np.nan
    power: float = np.nan
    expected: str = ""
    """What was said beforehand without a number: "> 0", "< 0"."""


def near(claim: str, where: str, predicted: float, values: ArrayLike, margin: float) -> Finding:
    """The mean of independent values, one per data source, is within ``margin`` of what is predicted.

    >>> near("x", "", 2.0, [2.001, 2.002, 2.003], margin=0.01).p_within < 0.05
    True
    """
    return _tested(claim, where, predicted, margin, mean_equivalence(values, predicted, margin))


def coin(claim: str, where: str, heads: ArrayLike, margin: float) -> Finding:
    """Independent coins are fair to within ``margin``.

    >>> coin("x", "", [True, False] * 10, margin=0.05).p_within > 0.05  # too few to show anything
    True
    """
    x = np.asarray(heads, dtype=bool)
    return _tested(claim, where, 0.5, margin, share_equivalence(int(x.sum()), len(x), 0.5, margin))


def clustered(
    claim: str, where: str, predicted: float, frame: pd.DataFrame, statistic: Statistic, margin: float
) -> Finding:
    """A statistic of all rows is within ``margin`` of what is predicted; independent are the data sources alone."""
    values = pseudo_values(frame, "data", statistic)
    return _tested(claim, where, predicted, margin, mean_equivalence(values, predicted, margin))


def _tested(claim: str, where: str, predicted: float, margin: float, test: Equivalence) -> Finding:
    return Finding(
        claim,
        where,
        predicted,
        test.estimate,
        test.low,
        test.high,
        test.n,
        margin,
        test.p_within,
        test.p_beyond,
        test.power,
    )


def pseudo_values(frame: pd.DataFrame, cluster: str, statistic: Statistic) -> np.ndarray:
    r"""Pseudo-values :math:`n\theta - (n - 1)\theta_{-i}` of a statistic, one per cluster that is left out.

    Their mean is the statistic without its bias of order 1/n, and they are nearly independent, so that Student's
    methods apply to them.

    Reference: J. Tukey, "Bias and confidence in not quite large samples", Ann. Math. Statist. 29 (1958).

    >>> rows = pd.DataFrame({"task": ["a", "b", "b"], "x": [1.0, 2.0, 2.0]})
    >>> pseudo_values(rows, "task", lambda rows: float(rows.groupby("task")["x"].mean().mean())).tolist()
    [1.0, 2.0]
    """
    names = frame[cluster].unique()
    whole = statistic(frame)
    if len(names) < 2:
        return np.array([whole])
    without = [statistic(frame[frame[cluster] != name]) for name in names]
    return np.asarray(len(names) * whole - (len(names) - 1) * np.array(without))


def described(claim: str, where: str, values: ArrayLike, predicted: float = np.nan, expected: str = "") -> Finding:
    """A mean of independent values with its interval, and no test."""
    x = np.asarray(values, dtype=np.float64)
    return Finding(claim, where, predicted, *mean_interval(x), int((~np.isnan(x)).sum()), expected=expected)


def resampled(claim: str, where: str, frame: pd.DataFrame, statistic: Statistic, expected: str = "") -> Finding:
    """A statistic of all rows with the interval of a bootstrap that draws whole data sources, and no test."""
    ends = cluster_interval(frame, "data", statistic, draws=RESAMPLES)
    return Finding(claim, where, np.nan, *ends, frame["data"].nunique(), expected=expected)


def separation(helpful: ArrayLike, estimate: ArrayLike) -> float:
    r"""P(the estimate of a helpful case is below that of a harmful one), ties counted half: 1/2 knows nothing.

    The area under the curve of Mann and Whitney; no threshold enters it. NaN where all cases are of one kind.

    >>> separation([True, True, False], [-2.0, -1.0, 3.0])
    1.0
    """
    value = np.asarray(estimate, dtype=np.float64)
    helps = np.asarray(helpful, dtype=bool)[~np.isnan(value)]
    few, many = int((~helps).sum()), int(helps.sum())
    if not few or not many:
        return float("nan")
    ranks = rankdata(value[~np.isnan(value)])
    return float((ranks[~helps].sum() - few * (few + 1) / 2) / (few * many))


def proportion(measured: ArrayLike, claimed: ArrayLike) -> float:
    """Slope of the line through the origin that fits best: 1 where a closed form is right.

    >>> round(proportion([2.0, 4.0], [1.0, 2.0]), 12)
    2.0
    """
    x, y = np.asarray(claimed, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    return float(x @ y / (x @ x)) if np.any(x) else float("nan")


def order(a: ArrayLike, values: ArrayLike) -> float:
    """Exponent of a power law, by least squares in logarithms.

    >>> round(order([0.1, 0.2, 0.4], [0.03, 0.12, 0.48]), 12)
    2.0
    """
    size = np.abs(np.asarray(values, dtype=np.float64))
    return float(np.polyfit(np.log(np.asarray(a, dtype=np.float64)), np.log(size), 1)[0]) if size.all() else np.nan
