"""Ranks of methods over tables: are they all alike, and which differ?"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from .opponents import BOOSTING, FOREST, LINEAR, MLP, REALMLP
from .standings import Standing
from .variants import FIRST, OURS

#: Methods that are ranked; a method that was not run on any table is left out.
FIELD = (OURS, FIRST, MLP, LINEAR, BOOSTING, FOREST, REALMLP)
LEVEL = 0.05


class Ranking(NamedTuple):
    """Ranks (tables, methods), 1 the best; p of the hypothesis that all are alike; how far mean ranks must differ."""

    ranks: pd.DataFrame
    p: float
    critical: float


def ranking(tables: Mapping[str, Standing], methods: Sequence[str] = FIELD) -> Ranking:
    """Ranks of the mean scores over the folds that all methods share, on tables where all were run."""
    run = [method for method in methods if any(len(table.of(method)) for table in tables.values())]
    rows = {}
    for name, table in tables.items():
        scores = pd.DataFrame({method: table.by_fold(method) for method in run}).dropna()
        if len(scores):
            rows[name] = rankdata(-scores.mean().to_numpy())
    ranks = pd.DataFrame.from_dict(rows, orient="index", columns=run)
    return Ranking(ranks, friedman(ranks), critical_difference(*ranks.shape))


def friedman(ranks: pd.DataFrame) -> float:
    """p of Friedman's test that all methods are alike; NaN for fewer than three methods or tables."""
    if min(ranks.shape) < 3 or ranks.nunique(axis=1).max() == 1:
        return float("nan")
    return float(friedmanchisquare(*(ranks[name] for name in ranks))[1])


def critical_difference(tables: int, methods: int, level: float = LEVEL) -> float:
    r"""How far two mean ranks must differ: :math:`q_\alpha \sqrt{k (k + 1) / (6 N)}`.

    Reference: J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006).

    >>> round(critical_difference(14, 4), 2)  # his table of four methods: q = 2.569
    1.25
    """
    if tables < 1 or methods < 2:
        return float("nan")
    quantile = float(studentized_range.ppf(1 - level, methods, np.inf)) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * tables)))


def cliques(means: pd.Series, critical: float) -> list[tuple[float, float]]:
    """Ends of the longest runs of mean ranks that do not differ by the critical difference.

    >>> cliques(pd.Series([1.0, 1.5, 3.0, 3.2]), 1.0)
    [(1.0, 1.5), (3.0, 3.2)]
    """
    sorted_ = np.sort(means.to_numpy(float))
    runs = [(low, float(sorted_[sorted_ <= low + critical].max())) for low in map(float, sorted_)]
    longest: list[tuple[float, float]] = []
    for low, high in runs:
        if high > low and not (longest and high <= longest[-1][1]):
            longest.append((low, high))
    return longest


def ranks_table(found: Ranking) -> pd.DataFrame:
    """Mean and median rank of each method, the best first."""
    frame = found.ranks.agg(["mean", "median", "std"]).T.rename(columns={"std": "sd"})
    frame["first"] = (found.ranks == 1).sum()
    frame["tables"] = len(found.ranks)
    frame["critical difference"], frame["p, all alike"] = found.critical, found.p
    return frame.sort_values("mean").rename_axis("method").reset_index()
