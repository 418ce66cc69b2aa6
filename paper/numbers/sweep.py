"""gamma_sweep: the staircase on digits, and the signs of the one-sided derivatives at integers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.analysis.ranks import cluster_interval
from continuum.analysis.statistics import share_interval
from paper.number import MISSING, Number, count, percent
from paper.results import Results

TABLE = ("gamma_sweep", "results")


def numbers(results: Results) -> Iterator[Number]:
    """Counts, shares of negative derivatives, and what a quarter of a unit brings."""
    table = results.table(*TABLE)
    for name, column in (("sweepTasks", "task"), ("sweepSeeds", "seed")):
        yield Number(name, count(table[column].nunique()), results.source(*TABLE, f"distinct {column}"))
    yield Number("sweepNetworks", count(len(table)), results.source(*TABLE, "all rows"))
    yield from _signs(results, table)
    yield from _quarters(results, table)


def _signs(results: Results, table: pd.DataFrame) -> Iterator[Number]:
    units = results.manifest(TABLE[0])["configuration"]["units"]
    inner = table[(table["gamma"] % 1 == 0) & (table["gamma"] > 0) & (table["gamma"] < units)]
    source = results.source(*TABLE, "rows at whole gamma")
    right, left = inner["train_dgamma_right"] < 0, inner["train_dgamma_left"] < 0
    share = share_interval(int(right.sum()), len(inner))
    yield Number("sweepRightCases", count(len(inner)), source)
    for name, value in (("Negative", share.mean), ("Low", share.low), ("High", share.high)):
        yield Number(f"sweepRight{name}", percent(value), f"{source}, train_dgamma_right < 0")
    yield Number("sweepLeftNegative", percent(float(left.mean())), f"{source}, train_dgamma_left < 0")


def _quarters(results: Results, table: pd.DataFrame) -> Iterator[Number]:
    """Accuracy gained from k to k + 1/4 over that from k to k + 1, on digits, over all integers together and each."""
    gains = _gains(table[table["task"] == "digits"])
    source = results.source(*TABLE, "digits, mean test_score at k, k + 1/4, k + 1, all integers")
    share = cluster_interval(gains, "seed", _share)
    for name, value in (("", share.mean), ("Low", share.low), ("High", share.high), ("Linear", 0.25)):
        yield Number(f"sweepQuarter{name}", percent(value), source)
    each = gains.groupby("k").sum()
    clear = each[_clear(gains)]
    shares = clear["quarter"] / clear["whole"]
    yield Number("sweepQuarterIntegers", count(len(each)), source)
    yield Number("sweepQuarterClear", count(len(clear)), source)
    ends = {"Least": shares.min(), "Most": shares.max()} if len(shares) else {"Least": np.nan, "Most": np.nan}
    for name, value in ends.items():
        yield Number(f"sweepQuarter{name}", percent(float(value)), source)
    worst = f"${shares.idxmin():.0f}$" if len(shares) else MISSING
    yield Number("sweepQuarterLeastAt", worst, source)


def _gains(table: pd.DataFrame) -> pd.DataFrame:
    """One row per seed and integer k: accuracy at k + 1/4 (quarter) and at k + 1 (whole), less that at k."""
    scores = table.pivot(index="seed", columns="gamma", values="test_score")
    widths = scores.columns.to_numpy(float)
    whole = [float(k) for k in widths if k % 1 == 0 and {k + 0.25, k + 1} <= set(widths)]
    rows = [
        pd.DataFrame({"k": k, "quarter": scores[k + 0.25] - scores[k], "whole": scores[k + 1] - scores[k]})
        for k in whole
    ]
    return pd.concat(rows).reset_index()


def _share(gains: pd.DataFrame) -> float:
    return float(gains["quarter"].sum() / gains["whole"].sum())


def _clear(gains: pd.DataFrame) -> pd.Series:
    """Whether the unit after each k brings accuracy, by two standard errors over seeds: else its share is noise."""
    whole = gains.groupby("k")["whole"]
    clear: pd.Series = whole.mean() > 2 * whole.sem()
    return clear
