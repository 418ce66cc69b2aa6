"""Correlations of ranks, what is left of them once something else is known, and intervals over whole clusters."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from continuum.analysis.statistics import ConfidenceInterval


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's correlation: Pearson's of the ranks, ties at their mean rank; NaN where one of them is constant.

    >>> spearman([1, 2, 3], [1, 4, 9])
    1.0
    """
    return _correlation(rankdata(np.asarray(x)), rankdata(np.asarray(y)))


def partial_spearman(x: ArrayLike, y: ArrayLike, given: ArrayLike) -> float:
    r"""Correlation of the ranks of x and y that is left when those of ``given`` are known.

    Ranks of x and of y are regressed on an intercept and the ranks of every column of ``given``; correlated is what
    remains. For one column :math:`(\rho_{xy} - \rho_{xz}\rho_{yz}) / \sqrt{(1 - \rho_{xz}^2)(1 - \rho_{yz}^2)}`.
    NaN where nothing remains of one of them.

    Args:
        x: values, (n,).
        y: values, (n,).
        given: what is known, (n,) or (n, columns).

    Reference: M. Kendall, "Partial rank correlation", Biometrika 32 (1942), of which this is Spearman's form.

    >>> k = [1, 2, 3, 4, 5, 6]
    >>> x, y = [2, 1, 4, 3, 6, 5], [1, 3, 2, 5, 4, 6]
    >>> round(spearman(x, y), 3), round(partial_spearman(x, y, k), 3)
    (0.486, -0.955)
    """
    known = np.asarray(given, dtype=np.float64)
    known = known[:, None] if known.ndim == 1 else known
    design = np.column_stack([np.ones(len(known)), *(rankdata(column) for column in known.T)])
    ranks = np.column_stack([rankdata(np.asarray(x)), rankdata(np.asarray(y))])
    left = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    left[:, np.abs(left).max(axis=0) < 1e-9 * len(left)] = 0  # what the regression explains, but for rounding
    return _correlation(*left.T)


def cluster_interval(
    frame: pd.DataFrame,
    cluster: str,
    statistic: Callable[[pd.DataFrame], float],
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> ConfidenceInterval:
    """The statistic of all rows, with the percentile interval of a bootstrap that draws whole clusters anew.

    This is an interval over what the clusters are drawn from: with tasks for clusters it speaks of further tasks, and
    more seeds of the same tasks do not shorten it. A cluster that is drawn twice counts twice, as two clusters: rows of
    a draw have their own numbers in the column ``cluster``. Bounds are NaN for one cluster alone.

    Args:
        frame: the rows.
        cluster: column that names the cluster of each row.
        statistic: from rows to a number; draws on which it is NaN are left out.
        draws: how many.
        level: coverage, of which as much is left out on either side.
        seed: of the draws.

    Reference: A. Davison & D. Hinkley, *Bootstrap Methods and their Application* (1997), section 3.8.

    >>> rows = pd.DataFrame({"task": ["a", "a", "b", "b"], "score": [1.0, 1.0, 3.0, 3.0]})
    >>> cluster_interval(rows, "task", lambda rows: float(rows["score"].mean()))
    ConfidenceInterval(mean=2.0, low=1.0, high=3.0)
    """
    groups = list(frame.groupby(cluster, sort=False).indices.values())
    random = np.random.default_rng(seed)
    places = random.integers(len(groups), size=(draws if len(groups) > 1 else 0, len(groups)))
    values = np.array([statistic(_together(frame, cluster, [groups[place] for place in row])) for row in places])
    values = values[~np.isnan(values)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) if len(values) else (np.nan, np.nan)
    return ConfidenceInterval(float(statistic(frame)), float(low), float(high))


def within(statistic: Callable[[pd.DataFrame], float], group: str, frame: pd.DataFrame) -> float:
    """Mean over groups of a statistic of each group's rows; groups where it is NaN are left out.

    >>> rows = pd.DataFrame({"task": list("aaabbb"), "x": [1, 2, 3, 1, 2, 3], "y": [1, 2, 3, 3, 2, 1]})
    >>> within(lambda rows: spearman(rows["x"], rows["y"]), "task", rows)
    0.0
    """
    values = [statistic(rows) for _, rows in frame.groupby(group, sort=False)]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def within_clusters(statistic: Callable[[pd.DataFrame], float], cluster: str) -> Callable[[pd.DataFrame], float]:
    """The mean of a statistic over the clusters, for ``cluster_interval``."""
    return partial(within, statistic, cluster)


def _together(frame: pd.DataFrame, cluster: str, groups: list[np.ndarray]) -> pd.DataFrame:
    """The rows of the drawn clusters, which are numbered anew."""
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    rows: pd.DataFrame = frame.take(np.concatenate(groups)).assign(**{cluster: numbers})
    return rows


def _correlation(x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> float:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
