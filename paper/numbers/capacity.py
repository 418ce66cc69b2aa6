"""capacity_signal: verdicts, coins, orders and silence, and the learned width beside the oracle's."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from paper.number import MISSING, Number, count, fixed, percent
from paper.results import Results

NAME = "capacity_signal"
ORDER = "order of C_T(k+a) - C_T(k), {}"
PARAMETRISATIONS = ("linear", "root", "penalty", "metric")
#: Macro, claim, decimals: means over the tasks of what the code gives.
IDENTITIES = (
    ("capacityMoment", "E r^2 / (-2 decay s^2 V'(k+)), optimal readout", 3),
    ("capacityOffset", "mirrored exact hypergradient / (2 kappa_T EDGE), linear", 3),
    *((f"capacityOrder{name.title()}", ORDER.format(name), 2) for name in PARAMETRISATIONS),
)
VARIANTS = (("Relu", "relu"), ("Batch", "minibatches"), ("Adam", "adam"))
COINS = {
    "capacityTotalCoin": "P(exact hypergradient < 0) at k+, linear gate, one start",
    "capacityImmediateCoin": "P(immediate gradient < 0) at k+, one start",
}
ORACLE = "rank correlation of the oracle width"
#: Macro, claim: rank correlations about the oracle width.
LEADS = (
    ("capacityLead", "rank correlation of the oracle width with learned gamma, linear"),
    ("capacityLeadRoot", "rank correlation of the oracle width with learned gamma, root"),
    (
        "capacityLeadGiven",
        "rank correlation of the oracle width with learned gamma given the number of outputs, linear",
    ),
    ("capacityLeadOutputs", f"{ORACLE} with the number of outputs"),
    ("capacityLeadStart", "rank correlation of learned gamma with its start, linear"),
)
ENDS = (("", "measured"), ("Low", "low"), ("High", "high"))


def numbers(results: Results) -> Iterator[Number]:
    """What the tables of the report say; intervals are over data sources."""
    tested, measured = results.table(NAME, "predictions"), results.table(NAME, "measured")
    yield from _verdicts(results, tested)
    yield from _coins(results, tested)
    for name, claim, digits in IDENTITIES:
        yield _measured(results, measured, name, claim, digits)
    for suffix, variant in VARIANTS:
        for parametrisation in ("linear", "root"):
            claim = f"median {ORDER.format(parametrisation).replace('(k)', '(k) of a start')}, {variant}"
            yield _measured(results, measured, f"capacity{suffix}{parametrisation.title()}", claim, 2)
    claim = "share of kappa_T not monotone in T"
    value = float(measured.loc[measured["claim"] == claim, "measured"].mean())
    yield Number("capacityNotMonotone", percent(value), results.source(NAME, "measured", claim))
    claim = "exact hypergradient at k+, mirrored / single, linear"
    value = float(measured.loc[measured["claim"] == claim, "measured"].abs().mean())
    power = rf"$10^{{{np.log10(value):.0f}}}$" if value > 0 else MISSING
    yield Number("capacitySilence", power, results.source(NAME, "measured", claim))
    for name, claim in LEADS:
        row = measured[measured["claim"] == claim]
        for suffix, column in ENDS:
            value = float(row[column].iloc[0]) if len(row) else np.nan
            yield Number(name + suffix, fixed(value, 2), results.source(NAME, "measured", claim))


def _verdicts(results: Results, tested: pd.DataFrame) -> Iterator[Number]:
    source = results.source(NAME, "predictions", "column verdict")
    yield Number("capacityTests", count(tested["p_within"].notna().sum()), source)
    yield Number("capacityClose", count(tested["close"].sum()), results.source(NAME, "predictions", "column close"))
    for word in ("shown", "refuted", "undecided"):
        yield Number(f"capacity{word.title()}", count((tested["verdict"] == word).sum()), source)


def _coins(results: Results, tested: pd.DataFrame) -> Iterator[Number]:
    for name, claim in COINS.items():
        row = tested[tested["claim"] == claim]
        source = results.source(NAME, "predictions", claim)
        for suffix, column in ENDS:
            value = float(row[column].iloc[0]) if len(row) else np.nan
            yield Number(name + suffix, f"{100 * value:.1f}\\,\\%" if value == value else MISSING, source)
        yield Number(f"{name}Starts", count(row["n"].sum()), source)


def _measured(results: Results, table: pd.DataFrame, name: str, claim: str, digits: int) -> Number:
    value = float(table.loc[table["claim"] == claim, "measured"].mean())
    return Number(name, fixed(value, digits), results.source(NAME, "measured", claim))
