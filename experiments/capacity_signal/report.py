"""The tables of capacity_signal: predictions against measurements, and what no theorem predicts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import cell, write_tables

from .measurements import measurements
from .predictions import FAMILY, predictions
from .visibility import summary


def report(tables: Mapping[str, pd.DataFrame], config: Any) -> list[Table]:
    """Predictions with their verdicts, what was measured without one, and who sees capacity; one claim per line."""
    tested = predictions(tables)
    failed, count = int((tested["verdict"] == "failed").sum()), int(tested["p"].notna().sum())
    outside = int((tested["p"] < 0.05).sum())
    first = _table("predictions under their assumptions", _by_claim(tested).assign(held=_verdicts(tested)))
    first.caption = f"{failed} of {count} failed (Holm, {FAMILY:.0%}); p < 0.05 in {outside}. A range is that of tasks."
    return [
        first,
        _table("measured without a theorem", _by_claim(measurements(tables))),
        _table("who", summary(tables)),
    ]


def _by_claim(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: what is predicted, and the range over tasks of what was measured, or its interval if alone."""
    rows = []
    for claim, part in frame.groupby("claim", sort=False):
        one = part.iloc[0]
        low, high = (one["low"], one["high"]) if len(part) == 1 else (part["measured"].min(), part["measured"].max())
        predicted = one["expected"] or cell(one["predicted"])
        shown = f"{cell(part['measured'].mean())} [{cell(low)}, {cell(high)}]"
        rows.append({"claim": claim, "predicted": predicted, "measured": shown, "tasks": len(part)})
    return pd.DataFrame(rows)


def _verdicts(tested: pd.DataFrame) -> list[str]:
    """How many tasks each claim held in, of how many it could be tested in."""
    groups = [part for _, part in tested.groupby("claim", sort=False)]
    return [f"{part['verdict'].str.startswith('held').sum()} of {part['p'].notna().sum()}" for part in groups]


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """The same as CSV and Markdown."""
    frames = {"predictions": predictions(tables), "measured": measurements(tables), "seen": summary(tables)}
    return write_tables(frames, folder)


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(*map(str, frame.columns), title=title, title_justify="left")
    for row in frame.itertuples(index=False):
        table.add_row(*map(cell, row))
    return table
