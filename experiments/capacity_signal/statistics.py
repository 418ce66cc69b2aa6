"""Tests and intervals of capacity_signal, each giving one row of its table."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtr, stdtr
from scipy.stats import binomtest, chi2, rankdata

from continuum.analysis.statistics import mean_interval, share_interval

#: Draws of a bootstrap.
RESAMPLES = 1000


class Finding(NamedTuple):
    """A prediction and what was measured; ``p`` is NaN where nothing is tested, or where there are too few values."""

    claim: str
    where: str
    predicted: float
    measured: float
    low: float
    high: float
    n: int
    p: float = np.nan
    expected: str = ""
    """What else was said beforehand: "> 0", "< 0"."""


def near(claim: str, where: str, predicted: float, values: ArrayLike, margin: float) -> Finding:
    r"""The mean of independent normal values is within ``margin`` of what is predicted.

    The hypothesis is the whole range, p is the largest probability under it of a mean as far outside (Student):
    a systematic error below the margin, such as that of a finite difference, does not count against a prediction.

    >>> near("x", "", 2.0, [2.001, 2.002, 2.003], margin=0.01).p
    1.0
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[~np.isnan(x)]
    mean, low, high = mean_interval(x)
    excess = abs(mean - predicted) - margin
    if len(x) < 2 or np.isnan(mean):
        return Finding(claim, where, predicted, mean, low, high, len(x))
    if excess <= 0:
        return Finding(claim, where, predicted, mean, low, high, len(x), 1.0)
    error = x.std(ddof=1) / np.sqrt(len(x))
    p = 2 * float(stdtr(len(x) - 1, -excess / error)) if error else 0.0
    return Finding(claim, where, predicted, mean, low, high, len(x), min(1.0, p))


def positive(claim: str, where: str, values: ArrayLike) -> Finding:
    """The mean of independent normal values is at least 0; p is small if it is far below.

    >>> positive("x", "", [-1.0, -1.1, -0.9]).p < 0.01
    True
    """
    x = np.asarray(values, dtype=np.float64)
    mean, low, high = mean_interval(x)
    error = x.std(ddof=1) / np.sqrt(len(x)) if len(x) > 1 else 0.0
    p = float(stdtr(len(x) - 1, mean / error)) if error else float(mean >= 0)
    return Finding(claim, where, 0.0, mean, low, high, len(x), p, expected="> 0")


def coin(claim: str, where: str, heads: ArrayLike) -> Finding:
    """Independent fair coins: exact binomial test.

    >>> coin("x", "", [True] * 20).p < 1e-5
    True
    """
    x = np.asarray(heads, dtype=bool)
    share, low, high = share_interval(int(x.sum()), len(x))
    p = float(binomtest(int(x.sum()), len(x)).pvalue) if len(x) else np.nan
    return Finding(claim, where, 0.5, share, low, high, len(x), p)


def variance(claim: str, where: str, squares: float, freedom: int) -> Finding:
    """A sum of squares over its predicted scale is chi-squared: the ratio to its ``freedom`` is predicted to be 1.

    >>> variance("x", "", 100.0, 100).p > 0.9
    True
    """
    below = float(chdtr(freedom, squares))
    low, high = squares / chi2.ppf(0.975, freedom), squares / chi2.ppf(0.025, freedom)
    p = min(1.0, 2 * min(below, 1 - below))
    return Finding(claim, where, 1.0, squares / freedom, low, high, freedom, p)


def described(claim: str, where: str, values: ArrayLike, predicted: float = np.nan, expected: str = "") -> Finding:
    """A mean over seeds with its interval, and no test."""
    x = np.asarray(values, dtype=np.float64)
    return Finding(claim, where, predicted, *mean_interval(x), int((~np.isnan(x)).sum()), expected=expected)


def ranked(claim: str, where: str, x: ArrayLike, y: ArrayLike, clusters: ArrayLike, expected: str = "") -> Finding:
    """Spearman's rank correlation, with the percentile interval of a bootstrap that draws whole clusters.

    >>> ranked("x", "", [1, 2, 3, 4], [1, 4, 9, 16], [0, 1, 2, 3]).measured
    1.0
    """
    frame = pd.DataFrame({"x": np.asarray(x), "y": np.asarray(y), "cluster": np.asarray(clusters)}).dropna()
    groups = [group[["x", "y"]].to_numpy(dtype=np.float64) for _, group in frame.groupby("cluster")]
    random = np.random.default_rng(0)
    drawn = [
        spearman(np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))]))
        for _ in range(RESAMPLES if len(groups) > 1 else 0)
    ]
    low, high = np.nanquantile(drawn, (0.025, 0.975)) if np.isfinite(drawn).any() else (np.nan, np.nan)
    value = spearman(frame[["x", "y"]].to_numpy(dtype=np.float64))
    return Finding(claim, where, np.nan, value, float(low), float(high), len(groups), expected=expected)


def spearman(pairs: np.ndarray) -> float:
    """Correlation of the ranks of two columns; NaN where one of them is constant."""
    if len(pairs) < 3 or np.ptp(pairs[:, 0]) == 0 or np.ptp(pairs[:, 1]) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(pairs[:, 0]), rankdata(pairs[:, 1]))[0, 1])


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
