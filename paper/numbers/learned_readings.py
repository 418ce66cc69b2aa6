"""learned_width, read as estimates: intervals over tasks, margins, and the number of a rule that looks at nothing."""

import math
from collections.abc import Iterator

import pandas as pd

from paper.number import MISSING, Number, fixed, interval
from paper.results import Results
from paper.tex import escape

NAME, PEERS = "learned_width", "learned_width_peers"
#: Macro, reading, digits after the point.
READINGS = (
    ("TwinGap", "score less that of a fixed network of the same width and steps", 3),
    ("BestGap", "score less that of the best grid width", 3),
    ("GoodShare", "share of tasks with a score >= best - SE", 2),
    ("OracleRatio", "width over the oracle's", 2),
    ("OracleError", "typical factor between width and oracle", 1),
    ("OracleRank", "rank correlation of width and oracle", 2),
    ("StartClasses", "width from the last start over the first, one pool, classification", 3),
    ("StartValues", "width from the last start over the first, one pool, regression", 3),
    ("DigitsAbove", "digits: accuracy less 0.975", 3),
    ("SpiralsAbove", "two_spirals: accuracy less 0.995", 3),
    ("NoisyFirstRatio", "noisy_3: width over the oracle's", 2),
    ("NoisyFirstGap", "noisy_3: score less that of the best grid width", 3),
    ("NoisySecondRatio", "noisy_4: width over the oracle's", 2),
    ("NoisySecondGap", "noisy_4: score less that of the best grid width", 3),
    ("TeacherSmallRatio", "teacher_4: width over its units", 1),
    ("TeacherLargeRatio", "teacher_16: width over its units", 1),
    ("WideTime", "wall time over a fixed training of 64 units", 2),
    ("OracleTime", "wall time over a fixed training of the oracle's width", 2),
)
RIVALS = (
    ("Digits", "digits", "Tiny", "gromo"),
    ("Digits", "digits", "Gal", "gal"),
    ("Spirals", "two_spirals", "Tiny", "gromo"),
    ("Spirals", "two_spirals", "Gal", "gal"),
)


def numbers(results: Results) -> Iterator[Number]:
    """Estimate, interval and verdict of each reading; margin, blind rule and power where there is one."""
    table = results.table(NAME, "readings").set_index("reading")
    for macro, reading, digits in READINGS:
        source = results.source(NAME, "readings", reading)
        yield from shown(f"learned{macro}", table, reading, digits, source)
    peers = results.table(PEERS, "readings").set_index("reading") if PEERS in results.runs else table.iloc[:0]
    for task_name, task, rival_name, rival in RIVALS:
        source = f"{PEERS}/readings.csv, {task}, {rival}"
        yield from shown(f"learned{task_name}{rival_name}", peers, f"{task}: accuracy less that of {rival}", 3, source)
        yield from shown(f"learned{task_name}{rival_name}Units", peers, f"{task}: fewer units than {rival}", 2, source)


def shown(macro: str, table: pd.DataFrame, reading: str, digits: int, source: str) -> Iterator[Number]:
    """``macro``, with Range and Said behind it, and Blind, Rule, Margin and Power where the row has them."""
    entries = dict(table.loc[reading]) if reading in table.index else {}
    known = {
        name: float(entries.get(name, math.nan)) for name in ("estimate", "low", "high", "blind", "margin", "power")
    }
    texts = {name: entries.get(name) for name in ("outcome", "rule")}
    yield Number(macro, fixed(known["estimate"], digits), source)
    yield Number(f"{macro}Range", interval(known["low"], known["high"], digits), source)
    yield Number(f"{macro}Said", _text(texts["outcome"]), source)
    yield Number(f"{macro}Blind", fixed(known["blind"], digits), source)
    yield Number(f"{macro}Rule", _text(texts["rule"]), source)
    yield Number(f"{macro}Margin", fixed(known["margin"], 2), source)
    yield Number(f"{macro}Power", fixed(known["power"], 2), source)


def _text(value: object) -> str:
    return escape(value) if isinstance(value, str) and value else MISSING
