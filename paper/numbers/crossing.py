"""integer_crossing: predicted laws of a width in motion, and what was measured."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import chi2

from continuum.analysis.equivalence import LEVEL
from continuum.analysis.statistics import share_interval
from paper.number import MISSING, Number, count, fixed, percent, scientific
from paper.results import Results

NAME = "integer_crossing"
ORDERS = ("First", "Second", "Third", "Fourth")
COINS = ("fair coin at the 1st fresh integer", "fair coin at the 2nd", "fair coin at the 3rd")
GAINED = "frozen flow gains >= {n}:"
CURVED = "curved loss gains >= {n}:"
#: Macro, beginning of the claim, decimals.
MEASURED = (
    ("crossingCurvedOne", "curved loss gains >= 1", 4),
    ("crossingCrosses", "crosses a tile", 3),
    ("crossingLandingLaw", "a landing descends", 3),
    ("crossingUnpin", "un-pinning: n* / law", 3),
    ("crossingSoftUnpin", "soft un-pinning", 3),
)
#: Macro, part, setting, quantity, whether it is a share: laws without their assumptions.
DROPPED = (
    ("crossingLanding", "joint", "descent", "coin, at the landing", True),
    ("crossingJointDescent", "joint", "descent", "gained <= law, n = 1", True),
    ("crossingJointAdam", "joint", "adam", "gained <= law, n = 1", True),
    ("crossingOrderAdam", "unpin", "affine, fresh neuron, adam", "order in 1/eta", False),
    ("crossingOrderDescent", "unpin", "affine, fresh neuron", "order in 1/eta", False),
)
#: Macro and variant: how often a slope that was negative at the integer is not where the step lands.
TURNED = (("crossingTurned", "descent"), ("crossingTurnedFast", "fast gamma"))


def numbers(results: Results) -> Iterator[Number]:
    """Outcomes, the coin, the geometric law, the landing, and the laws of chatter."""
    claims = results.table(NAME, "predictions")
    yield from _outcomes(results, claims)
    yield from _identities(results)
    yield from _coin(results, claims)
    yield from _gained(results, claims)
    yield from _measured(results, claims)
    yield from _spread(results)
    yield from _dropped(results)
    yield from _turned(results)


def _outcomes(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    tests = results.table(NAME, "tests")
    source = results.source(NAME, "predictions", "column outcome")
    yield Number("crossingLevel", percent(LEVEL), "continuum/analysis/equivalence.py")
    yield Number("crossingClaims", count(len(claims)), source)
    for word in ("shown", "refuted", "undecided"):
        yield Number(f"crossing{word.title()}", count((claims["outcome"] == word).sum()), source)
    yield Number("crossingPowerLeast", fixed(float(claims["power"].min()), 2), source)
    source = results.source(NAME, "tests", "columns agrees, outcome, outside")
    yield Number("crossingRows", count(len(tests)), source)
    yield Number("crossingRowsAgree", count(tests["agrees"].sum()), source)
    for word in ("shown", "refuted", "undecided"):
        yield Number(f"crossingRows{word.title()}", count((tests["outcome"] == word).sum()), source)
    yield Number("crossingRowsOutside", count(tests["outside"].sum()), source)


def _identities(results: Results) -> Iterator[Number]:
    table, source = results.table(NAME, "identities"), results.source(NAME, "identities", "all rows")
    yield Number("crossingIdentities", count(len(table)), source)
    yield Number("crossingIdentityRows", count(table["settings"].sum()), source)
    yield Number("crossingIdentityExceptions", count(table["exceptions"].sum()), source)
    row = _row(table, "off neurons are untouched")
    shown = MISSING if row is None else percent(1 - row["exceptions"] / row["n"])
    yield Number("crossingUntouched", shown, results.source(NAME, "identities", "off neurons are untouched"))


def _coin(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    heads = arrivals = 0
    for order, claim in zip(ORDERS, COINS, strict=False):
        row = _row(claims, claim)
        yield from _ends(results, f"crossingCoin{order}", row, claim, 3)
        if row is not None:
            heads, arrivals = heads + round(row["measured"] * row["n"]), arrivals + int(row["n"])
    share = share_interval(heads, arrivals)
    source = results.source(NAME, "predictions", "fair coin, three claims together")
    yield Number("crossingCoin", fixed(share.mean, 4), source)
    yield Number("crossingCoinLow", fixed(share.low, 4), source)
    yield Number("crossingCoinHigh", fixed(share.high, 4), source)
    yield Number("crossingCoinArrivals", count(arrivals), source)


def _gained(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    for name, start in (("crossingGain", GAINED), ("crossingCurved", CURVED)):
        for n, word in enumerate(("One", "Two", "Three", "Four"), 1):
            if (name, n) != ("crossingCurved", 1):  # an equality, with its margin among the measured
                yield from _ends(results, name + word, _row(claims, start.format(n=n)), start.format(n=n), 3)


def _measured(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    for name, start, digits in MEASURED:
        row, source = _row(claims, start), results.source(NAME, "predictions", start)
        yield from _ends(results, name, row, start, digits)
        yield Number(f"{name}Predicted", MISSING if row is None else fixed(row["predicted"], digits), source)
        yield Number(f"{name}Count", MISSING if row is None else count(row["n"]), source)
    row = _row(claims, "rotation: share on")
    gap = MISSING if row is None else scientific(abs(row["measured"] - row["predicted"]))
    yield Number("crossingRotationGap", gap, results.source(NAME, "predictions", "rotation: share on"))


def _ends(results: Results, name: str, row: pd.Series | None, claim: str, digits: int) -> Iterator[Number]:
    """An estimate with its interval, the margin of the claim, and the power to show it."""
    source = results.source(NAME, "predictions", claim)
    for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high")):
        yield Number(name + suffix, MISSING if row is None else fixed(row[column], digits), source)
    yield Number(f"{name}Margin", MISSING if row is None else f"{row['margin']:g}", source)
    yield Number(f"{name}Power", MISSING if row is None else fixed(row["power"], 2), source)


def _spread(results: Results) -> Iterator[Number]:
    """Tasks and settings of the equality under curved losses: how many are shown, and their spread against chance."""
    tests = results.table(NAME, "tests")
    rows = tests[tests["claim"].str.startswith("curved loss gains >= 1")]
    source = results.source(NAME, "tests", "curved loss gains >= 1")
    squares = (rows["measured"] - rows["predicted"]) ** 2 * 4 * rows["n"]  # of the standard deviation of a fair coin
    yield Number("crossingCurvedRows", count(len(rows)), source)
    yield Number("crossingCurvedRowsShown", count((rows["outcome"] == "shown").sum()), source)
    yield Number("crossingCurvedSpread", fixed(float(squares.sum()), 1), source)
    yield Number("crossingCurvedSpreadChance", fixed(float(chi2.sf(squares.sum(), len(rows))), 2), source)


def _dropped(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "dropped")
    for name, part, setting, quantity, share in DROPPED:
        matching = table[(table["part"] == part) & (table["setting"] == setting) & (table["quantity"] == quantity)]
        source = results.source(NAME, "dropped", f"{part}: {setting}, {quantity}")
        for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high")):
            value = float(matching[column].iloc[0]) if len(matching) else None
            shown = MISSING if value is None else percent(value) if share else fixed(value, 2)
            yield Number(name + suffix, shown, source)


def _turned(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "landings").set_index("setting")
    for name, variant in TURNED:
        source = results.source(NAME, "landings", variant)
        for suffix, column in (("", "turned_share"), ("Low", "turned_low"), ("High", "turned_high")):
            value = float(table[column].get(variant, np.nan))
            yield Number(name + suffix, percent(value, 1), source)


def _row(table: pd.DataFrame, start: str) -> pd.Series | None:
    """The claim that begins so, if the run made it."""
    matching = table[table["claim"].str.startswith(start)]
    return matching.iloc[0] if len(matching) else None
