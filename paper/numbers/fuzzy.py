"""soft_vs_fuzzy: where the laws of width stop."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from continuum_experiments.soft_vs_fuzzy.report import BELOW, by_law

from paper.number import Number, count, fixed, percent
from paper.results import Results

NAME = "soft_vs_fuzzy"
#: Rules whose units are ordered, and grades that are free, in the geometry in which the theorems hold.
ORDERED, FREE, SAMPLED = ("interval", "soft", "annealed"), ("fuzzy/l2", "fuzzy/root"), ("bernoulli/l2", "systematic/l2")


def numbers(results: Results) -> Iterator[Number]:
    """Verdicts, shares and ratios."""
    tested = results.table(NAME, "predictions")
    source = results.source(NAME, "predictions", "column verdict")
    yield Number("fuzzyTests", count(len(tested)), source)
    yield Number("fuzzyHeld", count((tested["verdict"] == "held").sum()), source)
    for name, laws in (("fuzzyGradesPredicted", FREE), ("fuzzySampledPredicted", SAMPLED)):
        rows = tested[tested["law"].isin(laws)]
        share = float((rows["measured"] * rows["n"]).sum() / rows["n"].sum()) if len(rows) else np.nan
        yield _share(results, name, share, "predictions", f"{', '.join(laws)}: share within 1/2")
    yield from _readouts(results)
    yield from _networks(results)


def _readouts(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "readouts")
    table = table[table["optimizer"] == "gd"]
    rule = table["law"].str.partition("/")[0]
    below = table[rule.isin(ORDERED) & (table["order"] == "shuffled") & (table["start"] < BELOW)]
    yield _share(results, "fuzzyOrderedShuffled", float(below["found"].mean()), "readouts", "ordered, shuffled, below")
    free = table[table["law"].isin(FREE) & (table["price"] == table["price"].max())]
    for name, column in (("fuzzyEffective", "width"), ("fuzzyLive", "live")):
        ratio = float((free[column] / free["needed"]).mean())
        yield _share(results, name, ratio, "readouts", f"{', '.join(FREE)}: {column} / needed, higher price")


def _networks(results: Results) -> Iterator[Number]:
    laws = by_law(results.table(NAME, "networks"))
    below: pd.Series = laws["below"]
    source = results.source(NAME, "networks", "width / needed from below, geometric mean of each law")
    yield Number("fuzzyNetworkLow", fixed(float(below.min()), 2), source)
    yield Number("fuzzyNetworkHigh", fixed(float(below.max()), 2), source)


def _share(results: Results, name: str, value: float, table: str, row: str) -> Number:
    return Number(name, percent(value), results.source(NAME, table, row))
