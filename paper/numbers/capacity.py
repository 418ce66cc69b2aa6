"""capacity_signal: orders, silence, what carries the signal, and who sees it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from paper.number import MISSING, Number, count, fixed, percent
from paper.results import Results
from paper.tex import escape

NAME = "capacity_signal"
ORDER = "order of C_T(k+a) - C_T(k), {}"
PARAMETRISATIONS = ("linear", "root", "penalty", "metric")
#: Macro, beginning of the claim, decimals: means over the tasks.
TESTED = (("capacityMoment", "E r^2 / (-2 decay s^2 V'(k+)), optimal readout", 3),)
OFFSET = "mirrored exact hypergradient / (2 kappa_T EDGE), linear"
VARIANTS = (("Relu", "relu"), ("Batch", "minibatches"), ("Adam", "adam"))
RANKED = (("Mean", "mean"), ("Square", "mean square"), ("Score", "|G_k|^2"))
LEAD = "rank correlation of the oracle width with learned gamma, linear"
#: Macro, parametrisation, method: share of integers whose gain has the sign that the method says.
RIGHT = (
    ("capacityRightUnrolled", "root", "unrolled"),
    ("capacityRightDirect", "root", "direct"),
    ("capacityRightDifference", "linear", "difference"),
)


def numbers(results: Results) -> Iterator[Number]:
    """What the tables of the report say, pooled over tasks."""
    tested, measured = results.table(NAME, "predictions"), results.table(NAME, "measured")
    yield from _verdicts(results, tested)
    for parametrisation in PARAMETRISATIONS:
        yield _mean(results, tested, f"capacityOrder{parametrisation.title()}", ORDER.format(parametrisation), 2)
    for name, claim, digits in TESTED:
        yield _mean(results, tested, name, claim, digits)
    yield from _coins(results, tested)
    for suffix, variant in VARIANTS:
        for parametrisation in ("linear", "root"):
            claim = f"median {ORDER.format(parametrisation).replace('(k)', '(k) of a start')}, {variant}"
            row = measured[measured["claim"] == claim]
            value = float(row["measured"].mean()) if len(row) else np.nan
            source = results.source(NAME, "measured", claim)
            yield Number(f"capacity{suffix}{parametrisation.title()}", fixed(value, 2), source)
    offset = measured[measured["claim"] == OFFSET]
    yield _mean(results, offset, "capacityOffset", OFFSET, 3)
    yield from _ranks(results, measured)
    yield from _seen(results)


def _verdicts(results: Results, tested: pd.DataFrame) -> Iterator[Number]:
    source = results.source(NAME, "predictions", "column verdict")
    yield Number("capacityTests", count(tested["p"].notna().sum()), source)
    yield Number("capacityHeld", count(tested["verdict"].str.startswith("held").sum()), source)
    failed = tested[tested["verdict"] == "failed"]
    names = [f"{claim} ({where})" for claim, where in zip(failed["claim"], failed["where"], strict=True)]
    yield Number("capacityFailed", count(len(failed)), source)
    yield Number("capacityFailedNames", escape("; ".join(names)) or "none", source)


def _coins(results: Results, tested: pd.DataFrame) -> Iterator[Number]:
    claim = "P(exact hypergradient < 0) at k+, linear mask, one start"
    rows = tested[tested["claim"] == claim]
    share = float((rows["measured"] * rows["n"]).sum() / rows["n"].sum()) if rows["n"].sum() else np.nan
    source = results.source(NAME, "predictions", claim)
    yield Number("capacityTotalCoin", percent(share), source)
    claim = "exact hypergradient at k+, mirrored / single, linear"
    value = float(tested.loc[tested["claim"] == claim, "measured"].abs().mean())
    power = rf"$10^{{{np.log10(value):.0f}}}$" if value > 0 else MISSING
    yield Number("capacitySilence", power, results.source(NAME, "predictions", claim))


def _ranks(results: Results, measured: pd.DataFrame) -> Iterator[Number]:
    claims = [
        (f"capacityRank{name}", f"rank correlation of less loss with the immediate gradient's {what}", "within tasks")
        for name, what in RANKED
    ]
    for name, claim, where in (*claims, ("capacityLead", LEAD, "all tasks")):
        rows = measured[(measured["claim"] == claim) & (measured["where"] == where)]
        for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high")):
            value = float(rows[column].iloc[0]) if len(rows) else np.nan
            yield Number(name + suffix, fixed(value, 2), results.source(NAME, "measured", claim))
    claim = "share of kappa_T not monotone in T"
    value = float(measured.loc[measured["claim"] == claim, "measured"].mean())
    yield Number("capacityNotMonotone", percent(value), results.source(NAME, "measured", claim))


def _seen(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "seen")
    for name, parametrisation, method in RIGHT:
        row = table[(table["geometry"] == parametrisation) & (table["method"] == method)]
        value = float(row["right"].iloc[0]) if len(row) else np.nan
        source = results.source(NAME, "seen", f"{parametrisation}, {method}")
        yield Number(name, percent(value), source)
    silent = table[(table["geometry"] == "linear") & (table["method"] == "unrolled")]["silent"]
    value = float(silent.iloc[0]) if len(silent) else np.nan
    yield Number("capacitySilentLinear", percent(value), results.source(NAME, "seen", "linear, unrolled"))


def _mean(results: Results, table: pd.DataFrame, name: str, claim: str, digits: int) -> Number:
    value = float(table.loc[table["claim"] == claim, "measured"].mean())
    return Number(name, fixed(value, digits), results.source(NAME, "predictions", f"{claim}, mean over tasks"))
