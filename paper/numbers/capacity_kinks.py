"""capacity_signal: the slope at an integer under Adam and signSGD, as computed and as measured, and what it tells."""

from collections.abc import Iterator

import pandas as pd

from paper.number import Number, count, fixed
from paper.numbers._row import value, with_interval
from paper.results import Results

NAME = "capacity_signal"
OPTIMIZERS = {"Adam": "adam", "Sign": "sign"}
#: Ends of macros, and the horizon; None is the longest.
HORIZONS: dict[str, int | None] = {"One": 1, "Five": 5, "Twenty": 20, "Last": None}
#: Beginnings of macros, columns with an interval.
SCORES = {
    "capacityKinkBalanced": "balanced",
    "capacityKinkArea": "separated",
    "capacityKinkRank": "rank",
    "capacityKinkGivenK": "given_k",
    "capacityKinkGivenLoss": "given_training",
}
#: The same without.
PLAIN = {
    "capacityKinkBase": "base_rate",
    "capacityKinkAreaGap": "separated_gap",
    "capacityKinkAreaWidth": "separated_k",
    "capacityKinkSingle": "single_right",
}


def numbers(results: Results) -> Iterator[Number]:
    """One set per optimiser and horizon; intervals are over data sources."""
    factors, seen = results.table(NAME, "kinks"), results.table(NAME, "kinks_seen")
    for optimizer, called in OPTIMIZERS.items():
        for horizon, steps in HORIZONS.items():
            end = f"{optimizer}{horizon}"
            exact = _row(factors[factors["eps"] == 0], called, steps)
            source = results.source(NAME, "kinks", f"{called}, T = {steps or 'the last'}")
            for suffix, column in (("", "factor"), ("Low", "low"), ("High", "high"), ("Direct", "direct_factor")):
                yield Number(f"capacityKinkFactor{end}{suffix}", fixed(value(exact, column), 4), source)
            row, source = _row(seen, called, steps), source.replace("kinks", "kinks_seen")
            for begin, column in SCORES.items():
                yield from with_interval(f"{begin}{end}", row, column, source)
            for begin, column in PLAIN.items():
                yield Number(f"{begin}{end}", fixed(value(row, column), 2), source)
    verdicts = factors.loc[factors["eps"] > 0, "verdict"]
    source = results.source(NAME, "kinks", "eps > 0, column verdict")
    yield Number("capacityKinkEpsilonTests", count(len(verdicts)), source)
    for verdict in ("shown", "refuted", "undecided"):
        yield Number(f"capacityKinkEpsilon{verdict.title()}", count((verdicts == verdict).sum()), source)


def _row(table: pd.DataFrame, optimizer: str, steps: int | None) -> pd.DataFrame:
    last = table["horizon"].max() if steps is None else steps
    return table[(table["optimizer"] == optimizer) & (table["horizon"] == last)]
