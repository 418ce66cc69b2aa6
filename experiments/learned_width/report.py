"""What learned_width prints, and keeps as CSV and Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from continuum.analysis.tables import cell, write_tables

from .peers import PEERS
from .published import earlier, splits_table
from .statistics import paired
from .targets import by_task, ratios, spread, targets
from .tasks import bayes_score, known_units

Tables = Mapping[str, pd.DataFrame]


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    results, clock = tables["results"], tables.get("clock")
    found = {"targets": targets(tables), "tasks": tasks(results, clock), "methods": methods(results)}
    if clock is not None:
        found["clock"] = clocks(clock)
    if "splits" in tables:
        found["splits"] = splits_table(tables["splits"])
    if results["method"].isin(list(PEERS)).any():
        found["peers"] = peers(results)
    failed = results[results["outcome"] != "ok"]
    if len(failed):
        found["failed"] = failed.groupby(["task", "method", "outcome"]).size().rename("rows").reset_index()
    return found


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: Any) -> Sequence[RenderableType]:
    """The tables, and which tasks could not be had."""
    printed: list[RenderableType] = [_table(name, frame) for name, frame in frames(tables).items()]
    absent = [name for name in config.tasks if name not in set(tables["results"]["task"])]
    if absent:
        printed.append(Text(f"not run, for these could not be had here: {', '.join(absent)}"))
    return printed


def tasks(results: pd.DataFrame, clock: pd.DataFrame | None) -> pd.DataFrame:
    """A row a task: the oracle, the width learned, its score beside the grid's and its twin's, and the time."""
    rows = []
    for name, (frame, best) in by_task(results).items():
        ours = frame[frame["method"] == "graded"]
        row: dict[str, Any] = {"task": name, "tuned": "tuned" if frame["tuned"].iloc[0] else ""}
        row["oracle"] = f"{best.width:g} [{best.low:g}, {best.high:g}]"
        row["width from starts"] = " / ".join(f"{width:.2f}" for width in ours.groupby("start")["width"].mean())
        row |= {"spread": f"{spread(frame):.1%}", "sd": ours.groupby("start")["width"].std().mean()}
        row |= {"units": ours["units"].mean(), "price": ours["price"].mean(), "score": ours["score"].mean()}
        row |= {"best - SE": best.enough, "margin": ours["score"].mean() - best.enough}
        gap = paired(ours, frame[frame["method"] == "same_width"])
        row["minus same width"] = f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
        row |= {"known units": known_units(name), "best possible": bayes_score(name)}
        row["saturated"] = float(ours["saturated"].mean())
        if clock is not None and name in set(clock["task"]):
            found = ratios(clock[clock["task"] == name], best.width)
            row |= {"time / 64 units": found["64 units"], "time / oracle": found["the oracle's width"]}
        rows.append(row)
    return pd.DataFrame(rows)


def methods(results: pd.DataFrame) -> pd.DataFrame:
    """A row a task, method and start: width, score, and ours minus it on the folds of both (starts averaged)."""
    rows = []
    for name, frame in results[results["method"] != "fixed"].groupby("task", sort=False):
        ours = frame[frame["method"] == "graded"]
        for (method, start), own in frame.groupby(["method", "start"], sort=False, dropna=False):
            sound = own[own["outcome"] == "ok"]
            row: dict[str, Any] = {"task": name, "method": method, "start": start}
            row |= {column: sound[column].mean() for column in ("width", "units", "score", "steps", "seconds")}
            row |= {"sd of width": sound["width"].std(), "rows": len(sound)}
            if method not in ("graded", "same_width") and len(sound):
                gap = paired(ours, sound)
                row["ours minus it"] = f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
            rows.append(row)
    return pd.DataFrame(rows)


def clocks(clock: pd.DataFrame) -> pd.DataFrame:
    """Medians of turns of wall clock and processor, a row a task and kind of training."""
    keys = ["task", "what", "units", "steps"]
    return clock.groupby(keys, sort=False)[["wall", "cpu"]].median().reset_index()


def peers(results: pd.DataFrame) -> pd.DataFrame:
    """Peers on the same folds, and as measured earlier elsewhere; ahead: we are, in accuracy at no more units."""
    rows = []
    for name, frame in results.groupby("task", sort=False):
        ours = frame[frame["method"] == "graded"]
        rows.append({"task": name, "method": "ours", "units": ours["units"].mean(), "score": ours["score"].mean()})
        for method in PEERS:
            own = frame[(frame["method"] == method) & (frame["outcome"] == "ok")]
            if own.empty:
                continue
            gap = paired(ours, own)
            row = {"task": name, "method": method, "units": own["units"].mean(), "score": own["score"].mean()}
            row |= {"seconds": own["seconds"].mean(), "from": f"this run, {len(own)} folds"}
            row["ours minus it"] = f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
            rows.append(row)
        for method, (units, score) in earlier(str(name)).items():
            rows.append({"task": name, "method": method, "units": units, "score": score, "from": "measured earlier"})
    found = pd.DataFrame(rows)
    mine = found[found["method"] == "ours"].set_index("task")
    score, units = (found["task"].map(mine[column]) for column in ("score", "units"))
    found["ours ahead"] = np.where(found["method"] == "ours", "", np.where(score > found["score"], "yes", "no"))
    found["at no more units"] = np.where(found["method"] == "ours", "", np.where(units <= found["units"], "yes", "no"))
    return found


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(title=title, title_justify="left", padding=(0, 0), box=SIMPLE)
    for place, name in enumerate(frame.columns):
        table.add_column(str(name), no_wrap=place == 0)
    for row in frame.to_numpy():
        table.add_row(*(cell(value) for value in row))
    return table
