"""integer_crossing: predicted laws of a width in motion, and what was measured."""

from collections.abc import Iterator

import pandas as pd
from continuum_experiments.integer_crossing.claims import FAMILY_LEVEL

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
    ("crossingCrosses", "crosses a tile", 3),
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


def numbers(results: Results) -> Iterator[Number]:
    """Verdicts, the coin, the geometric law, and the laws of chatter."""
    claims = results.table(NAME, "predictions")
    yield from _verdicts(results, claims)
    yield from _coin(results, claims)
    yield from _gained(results, claims)
    yield from _measured(results, claims)
    yield from _dropped(results)


def _verdicts(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    tests = results.table(NAME, "tests")
    passed = tests["verdict"] == "held"
    source = results.source(NAME, "tests", "column verdict")
    yield Number("crossingFamily", percent(FAMILY_LEVEL), "experiments/integer_crossing/claims.py")
    yield Number("crossingTests", count(len(tests)), source)
    yield Number("crossingTestsHeld", count(passed.sum()), source)
    yield Number("crossingTestsFailed", count((~passed).sum()), source)
    yield Number("crossingOutside", count(tests["outside"].sum()), results.source(NAME, "tests", "column outside"))
    source = results.source(NAME, "predictions", "column verdict")
    yield Number("crossingClaims", count(len(claims)), source)
    yield Number("crossingClaimsHeld", count((claims["verdict"] == "held").sum()), source)


def _coin(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    heads = arrivals = 0
    for order, claim in zip(ORDERS, COINS, strict=False):
        row = _row(claims, claim)
        shown = MISSING if row is None else fixed(row["measured"], 3)
        yield Number(f"crossingCoin{order}", shown, results.source(NAME, "predictions", claim))
        if row is not None:
            heads, arrivals = heads + round(row["measured"] * row["n"]), arrivals + int(row["n"])
    share = share_interval(heads, arrivals)
    source = results.source(NAME, "predictions", "fair coin, three claims together")
    yield Number("crossingCoin", fixed(share.mean, 4), source)
    yield Number("crossingCoinLow", fixed(share.low, 4), source)
    yield Number("crossingCoinHigh", fixed(share.high, 4), source)
    yield Number("crossingCoinArrivals", count(arrivals), source)
    row = _row(claims, "off neurons are untouched")
    shown = MISSING if row is None else percent(1 - row["measured"])
    yield Number("crossingUntouched", shown, results.source(NAME, "predictions", "off neurons are untouched"))


def _gained(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    for name, start in (("crossingGain", GAINED), ("crossingCurved", CURVED)):
        for n, word in enumerate(("One", "Two", "Three", "Four"), 1):
            row = _row(claims, start.format(n=n))
            shown = MISSING if row is None else fixed(row["measured"], 3)
            yield Number(name + word, shown, results.source(NAME, "predictions", start.format(n=n)))


def _measured(results: Results, claims: pd.DataFrame) -> Iterator[Number]:
    for name, start, digits in MEASURED:
        row, source = _row(claims, start), results.source(NAME, "predictions", start)
        for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high"), ("Predicted", "predicted")):
            yield Number(name + suffix, MISSING if row is None else fixed(row[column], digits), source)
    row = _row(claims, "rotation: share on")
    gap = MISSING if row is None else scientific(abs(row["measured"] - row["predicted"]))
    yield Number("crossingRotationGap", gap, results.source(NAME, "predictions", "rotation: share on"))


def _dropped(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "dropped")
    for name, part, setting, quantity, share in DROPPED:
        matching = table[(table["part"] == part) & (table["setting"] == setting) & (table["quantity"] == quantity)]
        source = results.source(NAME, "dropped", f"{part}: {setting}, {quantity}")
        for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high")):
            value = float(matching[column].iloc[0]) if len(matching) else None
            shown = MISSING if value is None else percent(value) if share else fixed(value, 2)
            yield Number(name + suffix, shown, source)


def _row(table: pd.DataFrame, start: str) -> pd.Series | None:
    """The claim that begins so, if the run made it."""
    matching = table[table["claim"].str.startswith(start)]
    return matching.iloc[0] if len(matching) else None
