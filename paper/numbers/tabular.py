"""learned_width_tabular: the estimators on tables, beside the best of a grid and methods of other packages."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from paper.number import MISSING, Number, count, fixed, interval, percent
from paper.results import Results

NAME = "learned_width_tabular"
#: Macro and name of each other method.
OTHERS = (
    ("First", "first_edition"),
    ("Mlp", "mlp"),
    ("Linear", "linear"),
    ("Boosting", "boosting"),
    ("Forest", "forest"),
    ("Real", "realmlp"),
)
#: Macro and words of a reading; scores and losses have three digits.
READINGS = (
    ("Elsewhere", "score less that of the net that is best on other folds"),
    ("Chosen", "score less the best of the grid, the same encoding"),
    ("Either", "score less the best of the grid, the better encoding"),
    ("WithinChosen", "share of tables within s.e. of it, the same encoding"),
    ("WithinEither", "share of tables within s.e. of it, the better encoding"),
    *((f"Score{macro}", f"score less that of {method}") for macro, method in OTHERS),
    *(
        (f"{macro}{other}", f"{words} of {method} less ours")
        for macro, words in (("Loss", "log-loss"), ("Calibration", "calibration error"))
        for other, method in OTHERS
    ),
    ("ParametersFirst", "parameters over those of first_edition"),
    ("ParametersReal", "parameters over those of realmlp"),
    ("Rounding", "loss that rounding costs, in standard errors"),
    ("TimeEngine", "median time of a fit over 64 units on the engine"),
    ("TimeTorch", "median time of a fit over a PyTorch loop"),
)
TASKS = ("digits", "airfoil", "concrete", "segment", "glass", "vehicle", "letter", "line", "noisy_line")
COLUMNS = (
    ("Score", "score", 3),
    ("Error", "s.e.", 3),
    ("Units", "units", 1),
    ("Parameters", "parameters", 0),
    ("Width", "width", 1),
    ("Seconds", "seconds", 2),
    ("Best", "best, either", 3),
)
METHODS = (("Ours", "ours"), *OTHERS)
PARTS = (
    ("Raw", "ours_raw"),
    ("Piecewise", "ours_piecewise"),
    ("ToWidth", "ours_rounded_to_width"),
    ("Graded", "ours_graded"),
    ("NoSkip", "ours_no_skip"),
    ("TwoLayers", "ours_two_layers"),
    ("PriceOne", "ours_price_1"),
    ("PriceFour", "ours_price_4"),
)
SPLITS = (("Concrete", "concrete"), ("Energy", "energy_heating"), ("Yacht", "yacht"))


def numbers(results: Results) -> Iterator[Number]:
    """Verdicts, readings with intervals, ranks, tables by name, parts and published splits."""
    yield from _verdicts(_table(results, "targets"))
    yield from _readings(_table(results, "readings"))
    yield from _ranks(_table(results, "ranks"))
    yield from _tasks(_table(results, "tasks"))
    yield from _parts(_table(results, "parts"))
    yield from _splits(_table(results, "splits"))


def _table(results: Results, name: str) -> pd.DataFrame:
    """Of the run; an empty one where there is none."""
    return results.table(NAME, name) if NAME in results.runs else pd.DataFrame()


def _row(table: pd.DataFrame, column: str, value: str) -> pd.Series | None:
    rows = table[table[column] == value] if len(table) else table
    return rows.iloc[0] if len(rows) else None


def _shown(row: pd.Series | None, column: str, digits: int) -> str:
    return MISSING if row is None or column not in row else fixed(float(row[column]), digits)


def _verdicts(targets: pd.DataFrame) -> Iterator[Number]:
    """How many targets were run, and missed; the row beside them is none."""
    source = f"{NAME}/targets.csv, column verdict"
    counted = targets[~targets["asked"].str.startswith("(beside")] if len(targets) else targets
    run = counted[counted["verdict"] != "not run"] if len(counted) else counted
    missed = int((run["verdict"] == "MISSED").sum()) if len(run) else 0
    yield Number("tablesTargets", count(len(run)) if len(run) else MISSING, source)
    yield Number("tablesTargetsMissed", count(missed) if len(run) else MISSING, source)


def _readings(readings: pd.DataFrame) -> Iterator[Number]:
    for macro, words in READINGS:
        row = _row(readings, "reading", words)
        source, digits = f"{NAME}/readings.csv, {words}", 2 if macro.startswith(("Time", "Within", "Rounding")) else 3
        name = f"tables{macro}"
        yield Number(name, _shown(row, "estimate", digits), source)
        ends = MISSING if row is None else interval(float(row["low"]), float(row["high"]), digits)
        yield Number(f"{name}Range", ends, source)
        yield Number(f"{name}Blind", _shown(row, "blind", digits), source)
        yield Number(f"{name}Power", _shown(row, "power", 2), source)
        yield Number(f"{name}Said", MISSING if row is None else str(row["outcome"]), source)


def _ranks(ranks: pd.DataFrame) -> Iterator[Number]:
    first = ranks.iloc[0] if len(ranks) else None
    source = f"{NAME}/ranks.csv"
    yield Number("tablesRanked", MISSING if first is None else count(first["tables"]), source)
    yield Number("tablesCritical", _shown(first, "critical difference", 2), source)
    for macro, method in METHODS:
        row = _row(ranks, "method", method)
        yield Number(f"tablesRank{macro}", _shown(row, "mean", 2), f"{source}, {method}, mean")
        yield Number(f"tablesMedianRank{macro}", _shown(row, "median", 1), f"{source}, {method}, median")


def _tasks(tasks: pd.DataFrame) -> Iterator[Number]:
    source = f"{NAME}/tasks.csv"
    yield Number("tablesCount", count(len(tasks)) if len(tasks) else MISSING, f"{source}, rows")
    fresh = int(tasks["tuned"].isna().sum()) if len(tasks) else 0
    yield Number(
        "tablesFresh", count(fresh) if len(tasks) else MISSING, f"{source}, rows of tables nothing was tried on"
    )
    share = float((tasks["piecewise"] > 0.5).mean()) if len(tasks) else np.nan
    yield Number("tablesPiecewise", percent(share), f"{source}, tables on which most folds chose piecewise")
    for name in TASKS:
        row = _row(tasks, "task", name)
        words = "".join(word.capitalize() for word in name.split("_"))
        for macro, column, digits in COLUMNS:
            yield Number(f"tables{words}{macro}", _shown(row, column, digits), f"{source}, {name}, {column}")


def _parts(parts: pd.DataFrame) -> Iterator[Number]:
    """What the default gains over each variant, as the table words it: estimate and interval."""
    for macro, variant in PARTS:
        row = _row(parts, "variant", variant)
        for suffix, column in (("Score", "default less it, score"), ("Loss", "it less default, loss")):
            text = MISSING if row is None else str(row[column]).replace("-", "$-$").replace("+", "")
            yield Number(f"tablesPart{macro}{suffix}", text, f"{NAME}/parts.csv, {variant}, {column}")


def _splits(splits: pd.DataFrame) -> Iterator[Number]:
    ours = splits[splits["source"].str.startswith("this run")] if len(splits) else splits
    for macro, task in SPLITS:
        row = _row(ours, "task", task)
        source = f"{NAME}/splits.csv, {task}, this run"
        for suffix, column, digits in (("", "rmse", 2), ("Error", "spread", 2), ("Units", "units", 1)):
            yield Number(f"tablesSplits{macro}{suffix}", _shown(row, column, digits), source)
