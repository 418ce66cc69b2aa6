"""What integer_crossing prints, and keeps as CSV and Markdown: predictions against measurements."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import cell, write_tables

from .claims import FAMILY_LEVEL
from .predictions import confrontations, summary, without_assumptions

Tables = Mapping[str, pd.DataFrame]
#: Quantities that only the files have, for there are finer or coarser ones beside them.
KEPT_IN_FILES = r"never, .*|steps / law, law = (250|500|1000)|\|drift\| .* h = 0\.(1|05)|.*n = 3"
JOURNEY = ("highest", "retreats", "up", "down", "near", "near_late", "chatters", "loss_end")


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """The tables of the report by name."""
    results = tables["results"]
    tests = confrontations(results)
    found = {"predictions": summary(results, tests), "tests": tests, "dropped": without_assumptions(results)}
    if "journeys" in tables:
        found["journeys"] = tables["journeys"].groupby("setting", sort=False)[list(JOURNEY)].mean().reset_index()
    return found


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: Any) -> list[Table]:
    """Print the predictions, the laws without their assumptions, and the journeys of gamma."""
    found = frames(tables)
    tests, printed = found["tests"], []
    failed, outside = int((tests["verdict"] != "held").sum()), int(tests["outside"].sum())
    title = f"predictions under their assumptions: {len(tests)} tests, {failed} rejected by Holm at {FAMILY_LEVEL:.0%}"
    printed.append(_table(title, found["predictions"]))
    exact = tests["quantity"].isin(["trained while off", "outside the circle", "before the lower bound"])
    printed[
        -1
    ].caption = (
        f"{outside} of {len(tests)} tests lie outside their plain 95 % interval; {int((~exact).sum())} could by chance"
    )
    shown = ~found["dropped"]["quantity"].str.fullmatch(KEPT_IN_FILES)
    dropped = found["dropped"][shown]
    law = dropped["part"] + ": " + dropped["setting"] + ", " + dropped["quantity"]
    dropped = dropped.drop(columns=["part", "setting", "quantity"])
    dropped.insert(0, "law", law)
    printed.append(_table("the same laws without their assumptions, tasks pooled", dropped))
    if "journeys" in found:
        printed.append(_table("gamma under joint training, means over networks", found["journeys"]))
    return printed


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(title=title, title_justify="left")
    merged = frame.copy()
    if "low" in merged:
        merged["measured"] = [
            f"{m:.4g} [{low:.4g}, {high:.4g}]"
            for m, low, high in zip(frame["measured"], frame["low"], frame["high"], strict=True)
        ]
        merged = merged.drop(columns=["low", "high"])
    for name in merged.columns:
        table.add_column(str(name).replace("_", " "))
    for row in merged.to_numpy():
        table.add_row(*(cell(value) for value in row))
    return table
