"""capacity_signal: what ranks integers, and who sees that a unit would help, beside what looks at no gradient."""

from collections.abc import Iterator

import pandas as pd

from paper.number import Number, count, fixed, percent
from paper.numbers._row import value, with_interval
from paper.results import Results

NAME = "capacity_signal"
#: Ends of macros: what could tell.
TELLERS = {
    "Width": "-k",
    "Training": "training loss at k",
    "Validation": "validation loss at k",
    "Mean": "mean of r",
    "Square": "mean square of r",
    "Score": "|G|^2",
}
#: Beginnings of macros: tasks as they are, and harder ones.
SCOPES = {"capacityRank": "tasks as they are", "capacityHardRank": "with noise or few rows"}
GIVEN = {"": "rank", "GivenK": "given_k", "GivenLoss": "given_training", "GivenBoth": "given_both"}
GEOMETRIES = ("linear", "root")
METHODS = ("immediate", "difference", "direct", "unrolled", "implicit", "neumann", "self-tuning")
#: Ends of macros: answers that look at no gradient in the width.
BASELINES = {"Yes": "always yes", "Width": "fewer units", "Loss": "more training loss", "Gap": "smaller gap"}
#: Older names of shares of right signs.
RIGHT = (
    ("capacityRightUnrolled", "root", "unrolled"),
    ("capacityRightDirect", "root", "direct"),
    ("capacityRightDifference", "linear", "difference"),
)


def numbers(results: Results) -> Iterator[Number]:
    """Intervals are over data sources."""
    yield from _ranks(results)
    yield from _seen(results)


def _ranks(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "ranks")
    for begin, scope in SCOPES.items():
        for name, teller in TELLERS.items():
            row = table[(table["scope"] == scope) & (table["teller"] == teller)]
            source = results.source(NAME, "ranks", f"{teller}, {scope}")
            for given, column in GIVEN.items():
                yield from with_interval(f"{begin}{name}{given}", row, column, source)


def _seen(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "seen")
    yes = table[table["method"] == "always yes"]
    source = results.source(NAME, "seen", "always yes")
    yield Number("capacityIntegers", count(yes["integers"].sum()), source)
    sources = results.table(NAME, "kinks_seen")["data"].max()
    yield Number("capacitySources", count(sources), results.source(NAME, "kinks_seen", "column data"))
    yield Number("capacityHarmful", count(yes["harmful"].sum()), source)
    yield Number("capacityBaseRate", fixed(value(yes, "base_rate"), 2), source)
    yield Number("capacitySaysYes", fixed(value(yes, "right"), 2), source)
    yield from _methods(table, results)
    for name, method in BASELINES.items():
        row = table[table["method"] == method]
        yield from with_interval(f"capacityArea{name}", row, "separated", results.source(NAME, "seen", method))
    for name, geometry, method in RIGHT:
        row = table[(table["geometry"] == geometry) & (table["method"] == method)]
        yield Number(name, percent(value(row, "right")), results.source(NAME, "seen", f"{geometry}, {method}"))
    row = table[(table["geometry"] == "linear") & (table["method"] == "unrolled")]
    yield Number(
        "capacitySilentLinear", percent(value(row, "silent")), results.source(NAME, "seen", "linear, unrolled")
    )


def _methods(table: pd.DataFrame, results: Results) -> Iterator[Number]:
    """One set per gate and method."""
    for geometry in GEOMETRIES:
        for method in METHODS:
            row = table[(table["geometry"] == geometry) & (table["method"] == method)]
            source = results.source(NAME, "seen", f"{geometry}, {method}")
            name = geometry.title() + method.title().replace("-", "")
            yield from with_interval(f"capacityBalanced{name}", row, "balanced", source)
            yield from with_interval(f"capacityArea{name}", row, "separated", source)
            yield Number(f"capacityHarmSeen{name}", percent(value(row, "right_harmful")), source)
