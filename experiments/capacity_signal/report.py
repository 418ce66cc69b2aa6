"""The tables of capacity_signal: predictions against measurements, and what no theorem predicts."""

from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, cell, terminal_table, write_tables
from continuum.exp.experiment import Tables

from .kinks import kink_summary, kinks
from .measurements import measurements
from .predictions import FAMILY, predictions
from .visibility import summary

#: Columns for a terminal; files hold the intervals, too.
SHORT_KINKS = "optimizer horizon integers base_rate balanced balanced_low balanced_high rank rank_k given_k".split()


def report(tables: Tables, config: Any) -> list[Table]:
    """Predictions with their verdicts, what was measured without one, and who sees capacity; one claim per line."""
    tested = predictions(tables)
    failed, count = int((tested["verdict"] == "failed").sum()), int(tested["p"].notna().sum())
    outside = int((tested["p"] < 0.05).sum())
    caption = f"{failed} of {count} failed (Holm, {FAMILY:.0%}); p < 0.05 in {outside}. A range is that of tasks."
    verdicts = _by_claim(tested).assign(held=_verdicts(tested))
    return [
        _wrapped(terminal_table("predictions under their assumptions", verdicts, caption)),
        _wrapped(terminal_table("measured without a theorem", _by_claim(measurements(tables)))),
        terminal_table("who sees capacity", summary(tables)),
        *_scale_free(tables),
    ]


def _scale_free(tables: Tables) -> list[Table]:
    """The slope at an integer under Adam and signSGD; older runs have none."""
    if "slopes" not in tables:
        return []
    seen = kink_summary(tables)[SHORT_KINKS]
    return [
        terminal_table("slope at an integer under scale-free optimisers", kinks(tables)),
        terminal_table("does that slope see capacity", seen),
    ]


def _wrapped(table: Table) -> Table:
    """Claims are sentences: they may take several lines."""
    table.columns[0].no_wrap = False
    return table


def _by_claim(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: what is predicted, and the range over tasks of what was measured, or its interval if alone."""
    rows = []
    for claim, part in frame.groupby("claim", sort=False):
        one, values = part.iloc[0], part["measured"]
        low, high = (one["low"], one["high"]) if len(part) == 1 else (values.min(), values.max())
        predicted = one["expected"] or cell(one["predicted"])
        measured = bounded(values.mean(), low, high)
        rows.append({"claim": claim, "predicted": predicted, "measured": measured, "tasks": len(part)})
    return pd.DataFrame(rows)


def _verdicts(tested: pd.DataFrame) -> list[str]:
    """How many tasks each claim held in, of how many it could be tested in."""
    groups = [part for _, part in tested.groupby("claim", sort=False)]
    return [f"{part['verdict'].str.startswith('held').sum()} of {part['p'].notna().sum()}" for part in groups]


def write(tables: Tables, folder: Path) -> list[Path]:
    """The same as CSV and Markdown."""
    frames = {"predictions": predictions(tables), "measured": measurements(tables), "seen": summary(tables)}
    if "slopes" in tables:
        frames |= {"kinks": kinks(tables), "kinks_seen": kink_summary(tables)}
    return write_tables(frames, folder)
