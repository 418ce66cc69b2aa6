"""The learned width under the decay of other powers than 2: widths and scores beside those of L2(E)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from paper.number import MISSING, Number, count, fixed, interval, percent
from paper.results import Results

RUN = "learned_width_perspective"
POWERS = {"FourThirds": 4 / 3, "ThreeHalves": 1.5, "Three": 3.0}
#: What a measure is called, and its digits.
MEASURES = {"width": ("Width", 3), "graded_score": ("Graded", 4), "score": ("Score", 4)}
KINDS = {"Classes": "classification", "Values": "regression"}


def numbers(results: Results) -> Iterator[Number]:
    """Every claim with its interval over tasks and its outcome, the base rate, and how many units are whole."""
    recorded = RUN in results.runs
    claims = results.table(RUN, "perspective_claims") if recorded else pd.DataFrame()
    tasks = results.table(RUN, "perspective_tasks") if recorded else pd.DataFrame()
    yield Number("perspectiveTasks", count(tasks["task"].nunique()) if recorded else MISSING, f"{RUN}, tasks")
    for held in ("price", "length"):
        for measure in MEASURES:
            for name, power in POWERS.items():
                yield from _claim(claims, held, measure, name, power)
    for measure in MEASURES:
        yield from _base(claims, measure)
    yield from _by_kind(tasks)
    for name, kind in KINDS.items():
        yield Number(
            f"perspectiveWhole{name}", _whole(tasks, kind), f"{RUN}/perspective_tasks.csv, whole / graded_units"
        )


def _claim(claims: pd.DataFrame, held: str, measure: str, name: str, power: float) -> Iterator[Number]:
    label, digits = MEASURES[measure]
    stem = f"perspective{held.title()}{label}{name}"
    row = _row(claims, held, measure, power)
    source = f"{RUN}/perspective_claims.csv, {held}, {measure}, q = {power:.3g}"
    yield Number(stem, MISSING if row is None else fixed(row["estimate"], digits), source)
    yield Number(f"{stem}Interval", MISSING if row is None else interval(row["low"], row["high"], digits), source)
    yield Number(f"{stem}Outcome", MISSING if row is None else str(row["outcome"]), source)


def _base(claims: pd.DataFrame, measure: str) -> Iterator[Number]:
    label, digits = MEASURES[measure]
    row = None if claims.empty else claims[claims["measure"] == measure].iloc[0]
    source = f"{RUN}/perspective_claims.csv, base, {measure}"
    yield Number(f"perspectiveBase{label}", MISSING if row is None else fixed(row["base"], digits), source)
    shown = MISSING if row is None else interval(row["base low"], row["base high"], digits)
    yield Number(f"perspectiveBase{label}Interval", shown, source)


def _by_kind(tasks: pd.DataFrame) -> Iterator[Number]:
    """Ratios of widths with the price held, by kind of task: seen after the run, and not predicted apart."""
    for name, kind in KINDS.items():
        for label, power in POWERS.items():
            source = f"{RUN}/perspective_tasks.csv, width ratio, price, {kind}, q = {power:.3g}"
            shown = MISSING, MISSING
            if len(tasks):
                near = (tasks["power"] - power).abs() < 1e-9
                rows = tasks[(tasks["kind"] == kind) & (tasks["arm"] == "price") & near]["width ratio"]
                shown = fixed(float(np.exp(np.log(rows).mean())), 3), interval(rows.min(), rows.max(), 3)
            yield Number(f"perspectivePriceWidth{label}{name}", shown[0], f"{source}, geometric mean")
            yield Number(f"perspectivePriceWidth{label}{name}Range", shown[1], f"{source}, least and largest")


def _row(claims: pd.DataFrame, held: str, measure: str, power: float) -> pd.Series | None:
    if claims.empty:
        return None
    near = (claims["q"] - power).abs() < 1e-9
    rows = claims[(claims["held"] == held) & (claims["measure"] == measure) & near]
    return rows.iloc[0] if len(rows) else None


def _whole(tasks: pd.DataFrame, kind: str) -> str:
    """Share of units that are whole, at power 2, over all tasks of a kind."""
    if tasks.empty:
        return MISSING
    rows = tasks[(tasks["kind"] == kind) & (tasks["power"] == 2) & (tasks["arm"] == "price")]
    return percent(rows["whole"].sum() / rows["graded_units"].sum(), 1)
