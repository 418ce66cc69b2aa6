"""The tables of the preset ``tabular``."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.statistics import ConfidenceInterval
from continuum.analysis.tables import bounded
from continuum.exp.experiment import Tables

from .births_table import births_table
from .bootstrap import over_tables
from .calibration import calibration_table, errors_by_method
from .fits import FIXED
from .ranks import FIELD, ranking, ranks_table
from .readings import readings
from .rounding import rounding_table
from .standings import Standing, standings
from .targets import targets
from .turns_table import turns_table
from .variants import OURS, VARIANTS

#: Columns that a terminal has room for.
SHORT = {
    "readings": ("reading", "estimate", "low", "high", "outcome", "blind"),
    "tasks": ("task", "units", "score", "s.e.", "best - s.e., chosen", *FIELD[2:]),
    "parts": ("variant", "default less it, score", "default ahead", "behind"),
    "rounding": ("task", "units", "in standard errors", "to the width: in standard errors"),
    "ranks": ("method", "mean", "median", "first", "tables"),
}


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    rows, bins = tables["tabular"], tables.get("bins")
    judged = standings(rows)
    errors = errors_by_method(bins) if bins is not None else pd.DataFrame()
    named = {"targets": targets(tables), "readings": readings(tables), "ranks": ranks_table(ranking(judged))}
    named |= {"tasks": tasks_table(judged), "parts": parts_table(judged), "methods": methods_table(judged, errors)}
    named["rounding"] = rounding_table(judged)
    if bins is not None and len(errors):
        named["calibration"] = calibration_table(bins, rows)
    if "births" in tables:
        named["birth"] = births_table(tables["births"])
    if "turns" in tables:
        named["clock"] = turns_table(tables["turns"])
    if "published" in tables:
        named["splits"] = splits_table(tables["published"])
    failed = rows[rows["outcome"] != "ok"]
    if len(failed):
        named["failed"] = failed.groupby(["task", "method", "outcome"]).size().rename("rows").reset_index()
    return {name: frame for name, frame in named.items() if len(frame)}


def in_short(named: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What a terminal can show: of a table the columns that say most, and no table of every method."""
    return {
        name: frame[[column for column in SHORT.get(name, frame.columns) if column in frame]]
        for name, frame in named.items()
        if name not in ("methods", "birth", "clock")
    }


def tasks_table(judged: Mapping[str, Standing]) -> pd.DataFrame:
    """One row per table: ours, the best of the grid, and the score of every other method."""
    rows = []
    for name, table in judged.items():
        sizes = table.rows[["train_rows", "test_rows"]].iloc[0].sum()
        row: dict[str, Any] = {"task": name, "tuned": "tuned" if table.tuned else "", "rows": sizes}
        row |= {"piecewise": float((table.chosen == "piecewise").mean()), "width": table.mean(OURS, "width")}
        row |= {"units": table.mean(OURS, "units"), "parameters": table.mean(OURS, "parameters")}
        row |= {"score": table.mean(OURS), "s.e.": table.error(OURS), "seconds": table.mean(OURS, "seconds")}
        for bar, best in table.oracles.items():
            if bar in ("chosen", "either"):
                row |= {f"best, {bar}": best.best, f"best - s.e., {bar}": best.enough, f"units, {bar}": best.units}
        row |= {method: table.mean(method) for method in FIELD[1:]}
        rows.append(row)
    return pd.DataFrame(rows)


def methods_table(judged: Mapping[str, Standing], errors: pd.DataFrame) -> pd.DataFrame:
    """One row per table and method, and ours minus it on the same folds with the corrected interval."""
    rows = []
    for name, table in judged.items():
        for method in [m for m in dict.fromkeys(table.rows["method"]) if m != FIXED]:
            sound = table.of(method)
            row: dict[str, Any] = {"task": name, "method": method, "folds": len(sound)}
            for column in "score loss brier rmse width units parameters steps seconds".split():
                row[column] = sound[column].mean()
            if method in errors and name in errors.index:
                row["calibration error"] = errors.loc[name, method]
            if method != OURS and len(sound):
                row["ours minus it"] = signed(table.gap(OURS, method))
            rows.append(row)
    return pd.DataFrame(rows)


def parts_table(judged: Mapping[str, Standing]) -> pd.DataFrame:
    """One row per variant: what the default gains over it, with intervals over tables, and on how many."""
    rows = []
    for variant in [name for name in VARIANTS if name != OURS]:
        known = {name: table for name, table in judged.items() if len(table.of(variant)) and len(table.of(OURS))}
        if len(known) < 2:
            continue
        gaps = {name: table.gap(OURS, variant) for name, table in known.items()}
        losses = {name: -table.gap(OURS, variant, "loss").mean for name, table in known.items()}
        score, loss = over_tables({name: gap.mean for name, gap in gaps.items()}), over_tables(losses)
        row: dict[str, Any] = {"variant": variant, "default less it, score": signed(score)}
        row |= {"it less default, loss": signed(loss), "tables": len(known)}
        row |= {"default ahead": sum(gap.low > 0 for gap in gaps.values())}
        row |= {"behind": sum(gap.high < 0 for gap in gaps.values())}
        for column in ("parameters", "seconds"):
            logs = [np.log(t.mean(OURS, column) / t.mean(variant, column)) for t in known.values()]
            row[f"{column} of the default over its"] = float(np.exp(np.mean(logs)))
        rows.append(row)
    return pd.DataFrame(rows)


def splits_table(published: pd.DataFrame) -> pd.DataFrame:
    """Test RMSE on the published splits, above the published figures."""
    from ..published import splits_table as beside_published

    frame = published[published["outcome"] == "ok"].assign(method="estimator")
    return beside_published(frame)


def signed(interval: ConfidenceInterval) -> str:
    """A difference with its interval.

    >>> signed(ConfidenceInterval(0.01, -0.002, 0.022))
    '+0.0100 [-0.0020, +0.0220]'
    """
    return bounded(*interval, "+.4f")
