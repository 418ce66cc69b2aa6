"""The tables of capacity_signal: predictions against measurements, and what no theorem predicts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from experiments.capacity_measured import measurements
from experiments.capacity_predictions import FAMILY, predictions
from experiments.capacity_seen import who_sees


def report(tables: Mapping[str, pd.DataFrame], config: Any) -> list[Table]:
    """Predictions with their verdicts, what was measured without one, and who sees capacity; a claim a line."""
    tested = predictions(tables)
    failed, count = int((tested["verdict"] == "failed").sum()), int(tested["p"].notna().sum())
    outside = int((tested["p"] < 0.05).sum())
    first = _table("predictions under their assumptions", _by_claim(tested).assign(held=_verdicts(tested)))
    first.caption = f"{failed} of {count} failed (Holm, {FAMILY:.0%}); p < 0.05 in {outside}. A range is that of tasks."
    return [
        first,
        _table("measured without a theorem", _by_claim(measurements(tables))),
        _table("who", who_sees(tables)),
    ]


def _by_claim(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a claim: what is predicted, and the range over tasks of what was measured, or its interval if alone."""
    rows = []
    for claim, part in frame.groupby("claim", sort=False):
        one = part.iloc[0]
        low, high = (one["low"], one["high"]) if len(part) == 1 else (part["measured"].min(), part["measured"].max())
        said = one["expected"] or _cell(one["predicted"])
        shown = f"{_cell(part['measured'].mean())} [{_cell(low)}, {_cell(high)}]"
        rows.append({"claim": claim, "predicted": said, "measured": shown, "tasks": len(part)})
    return pd.DataFrame(rows)


def _verdicts(tested: pd.DataFrame) -> list[str]:
    """How many tasks each claim held in, of how many it could be tested in."""
    groups = [part for _, part in tested.groupby("claim", sort=False)]
    return [f"{part['verdict'].str.startswith('held').sum()} of {part['p'].notna().sum()}" for part in groups]


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """The same as CSV and Markdown."""
    paths = []
    frames = {"predictions": predictions(tables), "measured": measurements(tables), "seen": who_sees(tables)}
    for name, frame in frames.items():
        paths += [folder / f"{name}.csv", folder / f"{name}.md"]
        frame.to_csv(paths[-2], index=False)
        paths[-1].write_text(markdown(frame))
    return paths


def markdown(frame: pd.DataFrame) -> str:
    """A frame as a Markdown table, numbers to four digits.

    >>> print(markdown(pd.DataFrame({"x": [0.123456], "y": ["a|b"]})))
    | x | y |
    | --- | --- |
    | 0.1235 | a\\|b |
    <BLANKLINE>
    """
    # Bars would end a cell.
    lines = [list(frame.columns), ["---"] * frame.shape[1], *frame.itertuples(index=False)]
    return "".join("| " + " | ".join(_cell(value).replace("|", "\\|") for value in line) + " |\n" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4g}"
    return str(value)


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(*map(str, frame.columns), title=title, title_justify="left")
    for row in frame.itertuples(index=False):
        table.add_row(*map(_cell, row))
    return table
