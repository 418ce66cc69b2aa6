"""learned_width_pool: what units at birth, start and directions do to the learned width."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from paper.number import MISSING, Number, count, fixed, interval
from paper.results import Results

NAME = "learned_width_pool"
ARMS, KINDS = ("default", "mended"), ("classes", "values")
#: Macro and the words by which a claim of the run begins, or what it is about.
CLAIMS = (
    ("Whole", "width from a pool of 512 over one of 9"),
    ("Upper", "width from a pool of 512 over one of 32"),
    ("Start", "width from a start of 64 over one of 1, pool 128"),
    ("SmallStart", "width from a start of 64 over one of 1, pool 9"),
    ("Score", "score from a pool of 512 less one of 9"),
)
COST, START = "score, mended less default, pool 128", "mended: width from a start of 64 over one of 1, pool 128"
OVER = (
    ("Pool", "pool"),
    ("Start", "start, pool 128"),
    ("SmallStart", "start, pool 9"),
    ("Directions", "directions"),
    ("Tasks", "tasks"),
)
TASKS = ("digits", "concrete", "energy_heating", "airfoil", "yacht", "teacher_4")
POOLS = (("Nine", 9), ("ThirtyTwo", 32), ("Own", 128), ("Most", 512))


def numbers(results: Results) -> Iterator[Number]:
    """Claims, deviations, the parts of the effect, and the widths of some tasks."""
    tables = _tables(results)
    yield from _claims(tables["pool_claims"])
    yield from _margins(tables["pool_claims"])
    yield from _deviations(tables["pool_spread"])
    yield from _parts(tables["pool_parts"])
    yield from _widths(tables["pool_widths"])


def _tables(results: Results) -> dict[str, pd.DataFrame]:
    """Those of the run; empty ones in a quick build."""
    names = ("pool_claims", "pool_spread", "pool_parts", "pool_widths")
    run = NAME in results.runs
    return {name: results.table(NAME, name) if run else pd.DataFrame() for name in names}


def _row(table: pd.DataFrame, **where: str) -> pd.Series | None:
    """The only row that has these values, if there is one."""
    if table.empty:
        return None
    rows = table.loc[np.logical_and.reduce([table[name] == value for name, value in where.items()])]
    return rows.iloc[0] if len(rows) == 1 else None


def _claims(table: pd.DataFrame) -> Iterator[Number]:
    named = [
        (f"pool{arm.capitalize()}{kind.capitalize()}{macro}", kind, f"{arm}: {words}")
        for arm in ARMS
        for kind in KINDS
        for macro, words in CLAIMS
        if (kind, macro) != ("classes", "Upper")
    ]
    named += [(f"pool{kind.capitalize()}Cost", kind, COST) for kind in KINDS]
    for macro, kind, claim in named:
        row = _row(table, **{"claim": claim, "tasks of": kind})
        source, digits = f"{NAME}/pool_claims.csv, {claim}, {kind}", 3 if "score" in claim else 2
        yield Number(macro, MISSING if row is None else fixed(row["estimate"], digits), source)
        yield Number(f"{macro}Range", MISSING if row is None else interval(row["low"], row["high"], digits), source)
        yield Number(f"{macro}Said", MISSING if row is None else str(row["outcome"]), source)
        yield Number(f"{macro}Power", MISSING if row is None else fixed(row["power"], 2), source)


def _margins(table: pd.DataFrame) -> Iterator[Number]:
    """The margins, which are the same for all claims of a sort, and the tasks of each kind."""
    for macro, words in (
        ("Width", "mended: width from a pool of 512 over one of 9"),
        ("Start", START),
        ("Score", COST),
    ):
        row = _row(table, **{"claim": words, "tasks of": "values"})
        source = f"{NAME}/pool_claims.csv, {words}, margin"
        yield Number(f"poolMargin{macro}", MISSING if row is None else fixed(row["margin"], 2), source)
    for kind in KINDS:
        row = _row(table, **{"claim": COST, "tasks of": kind})
        source = f"{NAME}/pool_claims.csv, {COST}, {kind}, tasks"
        yield Number(f"pool{kind.capitalize()}Tasks", MISSING if row is None else count(row["tasks"]), source)


def _deviations(table: pd.DataFrame) -> Iterator[Number]:
    for kind, value in zip(KINDS, ("classification", "regression"), strict=True):
        for arm in ARMS:
            for macro, over in OVER:
                row = _row(table, kind=value, arm=arm, over=over)
                source = f"{NAME}/pool_spread.csv, {value}, {arm}, {over}"
                name = f"poolSd{arm.capitalize()}{kind.capitalize()}{macro}"
                yield Number(name, MISSING if row is None else fixed(row["sd"], 3), source)
                shown = MISSING if row is None else interval(row["low"], row["high"], 3)
                yield Number(f"{name}Range", shown, source)


def _parts(table: pd.DataFrame) -> Iterator[Number]:
    """Geometric means over tasks of values of the factors whose product is the ratio of widths."""
    columns = (("Width", "width"), ("Length", "length"), ("Unit", "1 / whole unit"), ("Bound", "bound"))
    for arm in ("default", "unbounded", "held_out", "mended"):
        rows = table[table["arm"] == arm] if len(table) else table
        for macro, column in columns:
            source = f"{NAME}/pool_parts.csv, {arm}, {column}, geometric mean over tasks"
            name = "pool" + "".join(word.capitalize() for word in ("part", *arm.split("_"))) + macro
            yield Number(name, _geometric(rows[column]) if len(rows) else MISSING, source)


def _geometric(values: Sequence[float] | pd.Series) -> str:
    return fixed(float(np.exp(np.log(np.asarray(values, dtype=float)).mean())), 2)


def _widths(table: pd.DataFrame) -> Iterator[Number]:
    for task in TASKS:
        for arm in ARMS:
            row = _row(table, task=task, arm=arm)
            words = [{"4": "Four"}.get(word, word.capitalize()) for word in task.split("_")]
            for macro, pool in POOLS:
                source = f"{NAME}/pool_widths.csv, {task}, {arm}, pool {pool}"
                value = MISSING if row is None else fixed(row[f"width at {pool}"], 1)
                yield Number(f"pool{arm.capitalize()}{''.join(words)}{macro}", value, source)
