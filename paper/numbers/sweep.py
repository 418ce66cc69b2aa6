"""gamma_sweep: the staircase on digits, and the signs of the one-sided derivatives at integers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.analysis.statistics import share_interval
from paper.number import Number, count, percent
from paper.results import Results

TABLE = ("gamma_sweep", "results")
#: A unit counts among the first that matter if it brings at least this much accuracy.
WORTH = 0.01


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
    """Accuracy at k + 1/4 between that at k and at k + 1, for the first integers whose unit matters."""
    digits = table[table["task"] == "digits"].groupby("gamma")["test_score"].mean()
    whole = [float(k) for k in digits.index if k % 1 == 0 and k + 1 in digits.index]
    gains = [digits[k + 1] - digits[k] for k in whole]
    first = next((place for place, gain in enumerate(gains) if gain < WORTH), len(gains))
    shares = [(digits[k + 0.25] - digits[k]) / gain for k, gain in zip(whole[:first], gains[:first], strict=True)]
    source = results.source(*TABLE, "digits, mean test_score at k, k + 1/4, k + 1")
    yield Number("sweepQuarterUnits", count(len(shares)), source)
    for name, value in (("Low", np.min(shares, initial=np.inf)), ("High", np.max(shares, initial=-np.inf))):
        yield Number(f"sweepQuarter{name}", percent(float(value)), source)
