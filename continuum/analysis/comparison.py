r"""Several methods on several tasks: are their ranks alike, which differ, and how often is one ahead of another?

A task is one observation: an interval over the runs of one task says nothing of further tasks.

References: J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006); R. Agarwal et
al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS (2021).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import f, mannwhitneyu, rankdata, studentized_range, wilcoxon

from continuum.analysis.statistics import ConfidenceInterval, holm
from continuum.errors import BadInput


class RankTest(NamedTuple):
    """Mean ranks of the methods, 1 the best, and the test that they are alike."""

    ranks: pd.Series
    statistic: float
    p: float


def friedman(values: pd.DataFrame) -> RankTest:
    r"""Do k methods rank alike over N tasks? Friedman's statistic, by the F distribution of Iman and Davenport.

    .. math:: F = \frac{(N - 1)\chi^2}{N(k - 1) - \chi^2}, \qquad
        \chi^2 = \frac{(k - 1)\sum_j (R_j - N(k+1)/2)^2}{\sum_{ij} r_{ij}^2 - N k (k+1)^2/4}

    with ranks :math:`r_{ij}` within task i, ties at their mean, and their sums :math:`R_j`. Where every task ranks
    alike, F is infinite and p is 0.

    Args:
        values: (tasks, methods), less is better; no NaN.

    >>> values = pd.DataFrame({"a": [1, 1, 1, 2], "b": [2, 2, 2, 1], "c": [3, 3, 3, 3]})
    >>> test = friedman(values)
    >>> test.ranks.to_dict(), round(test.p, 3)
    ({'a': 1.25, 'b': 1.75, 'c': 3.0}, 0.007)
    """
    tasks, methods = _table(values).shape
    ranks = rankdata(values.to_numpy(float), axis=1)
    means = pd.Series(ranks.mean(axis=0), index=values.columns)
    spread = float((ranks**2).sum() - tasks * methods * (methods + 1) ** 2 / 4)
    if spread == 0:  # all are tied in every task
        return RankTest(means, 0.0, 1.0)
    chi = float((methods - 1) * ((ranks.sum(axis=0) - tasks * (methods + 1) / 2) ** 2).sum() / spread)
    room = tasks * (methods - 1) - chi
    if room <= 1e-9 * tasks:
        return RankTest(means, np.inf, 0.0)
    statistic = (tasks - 1) * chi / room
    return RankTest(means, statistic, float(f.sf(statistic, methods - 1, (methods - 1) * (tasks - 1))))


def critical_difference(methods: int, tasks: int, level: float = 0.05) -> float:
    r"""Mean ranks further apart than this differ, by Nemenyi's test: :math:`q \sqrt{k (k + 1) / 6 N}`.

    q is the upper quantile of the studentised range of k means and infinitely many degrees of freedom, over root 2.

    >>> round(critical_difference(methods=4, tasks=14), 2)  # Demsar's example
    1.25
    """
    if methods < 2 or tasks < 2:
        raise BadInput("tasks", expected="2 methods and 2 tasks, at least", came=(methods, tasks), remedy="add some")
    q = float(studentized_range.ppf(1 - level, methods, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * tasks)))


def cliques(ranks: pd.Series, difference: float) -> list[tuple[float, float]]:
    """Ends of the bars of a critical-difference figure: the longest runs of mean ranks no further apart than it.

    >>> cliques(pd.Series({"a": 1.0, "b": 1.8, "c": 2.5, "d": 4.0}), 1.0)
    [(1.0, 1.8), (1.8, 2.5)]
    """
    ordered = np.sort(ranks.to_numpy(float))
    ends = [(at, int(np.searchsorted(ordered, value + difference, "right")) - 1) for at, value in enumerate(ordered)]
    longest = [ends[0], *(after for before, after in pairwise(ends) if after[1] > before[1])]
    return [(float(ordered[first]), float(ordered[last])) for first, last in longest if last > first]


def wilcoxon_holm(values: pd.DataFrame, control: str) -> pd.DataFrame:
    """Each method against the control over tasks: Wilcoxon's signed ranks, p adjusted by Holm over the methods.

    Args:
        values: (tasks, methods), less is better.
        control: the column that the others are compared with.

    Returns:
        One row per other method: ``method``, ``difference`` (mean, method - control), ``wins`` and ``losses`` (tasks),
        ``p``, ``adjusted``. With n tasks no p is below 2^(1 - n).

    >>> values = pd.DataFrame({"random": [2.0, 3, 4, 5, 6], "good": [1.0, 1, 1, 1, 1]})
    >>> wilcoxon_holm(values, "random")[["method", "wins", "adjusted"]].to_dict("list")
    {'method': ['good'], 'wins': [5], 'adjusted': [0.0625]}
    """
    others = [name for name in _table(values).columns if name != control]
    rows = []
    for name in others:
        difference = (values[name] - values[control]).to_numpy(float)
        p = float(wilcoxon(difference).pvalue) if np.any(difference) else 1.0
        rows.append((name, difference.mean(), int((difference < 0).sum()), int((difference > 0).sum()), p))
    table = pd.DataFrame(rows, columns=["method", "difference", "wins", "losses", "p"])
    return table.assign(adjusted=holm(table["p"]))


def improvement(
    first: Mapping[str, ArrayLike], second: Mapping[str, ArrayLike], draws: int = 2000, seed: int = 0
) -> ConfidenceInterval:
    """Probability that a run of the first method ends below one of the second on the same task; a tie counts half.

    The mean over tasks, with the 95 % percentile interval of a bootstrap over tasks; no bounds for one task alone.

    Args:
        first: by task, the values of its runs.
        second: likewise, of the same tasks.
        draws: of the bootstrap.
        seed: of the draws.

    >>> improvement({"a": [1, 2], "b": [1, 1]}, {"a": [3, 4], "b": [1, 1]}).mean
    0.75
    """
    shares = [_below(np.asarray(first[task], float), np.asarray(second[task], float)) for task in first]
    return bootstrap_mean(shares, draws, seed)


def bootstrap_mean(values: ArrayLike, draws: int = 2000, seed: int = 0, level: float = 0.95) -> ConfidenceInterval:
    """Mean and percentile interval of a bootstrap over the values, which are what is drawn anew: runs, or tasks.

    >>> bootstrap_mean([1.0, 1.0, 1.0])
    ConfidenceInterval(mean=1.0, low=1.0, high=1.0)
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[~np.isnan(x)]
    if len(x) < 2:
        return ConfidenceInterval(float(x.mean()) if len(x) else np.nan, np.nan, np.nan)
    means = _resampled(x, draws, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return ConfidenceInterval(float(x.mean()), float(low), float(high))


def _below(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " m"]) -> float:
    """Share of pairs in which x is below y."""
    return 1 - float(mannwhitneyu(x, y, method="asymptotic").statistic) / (len(x) * len(y))


def _resampled(x: Float[np.ndarray, " n"], draws: int, seed: int) -> Float[np.ndarray, " draws"]:
    places = np.random.default_rng(seed).integers(len(x), size=(draws, len(x)))
    return np.asarray(x[places].mean(axis=1))


def _table(values: pd.DataFrame) -> pd.DataFrame:
    missing: Sequence[str] = [str(name) for name in values if values[name].isna().any()]
    if missing or values.shape[0] < 2 or values.shape[1] < 2:
        came = f"{values.shape[0]} tasks, {values.shape[1]} methods, NaN in {missing or 'none'}"
        remedy = "leave out what was not computed everywhere"
        raise BadInput("values", expected="2 tasks and 2 methods at least, and no NaN", came=came, remedy=remedy)
    return values
