"""What learned_width prints, and keeps as CSV and Markdown."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import RenderableType
from rich.text import Text

from continuum.analysis.tables import bounded, terminal_table, write_tables
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import NONE, given, judged

from .config import Config
from .peers import PEERS
from .perspective_claims import frames as perspective_frames
from .pool_claims import frames as pool_frames
from .published import earlier, splits_table
from .readings import readings
from .statistics import paired
from .tabular.report import frames as table_frames
from .tabular.report import in_short
from .targets import by_task, ratios, spread, targets
from .tasks import bayes_score, known_units


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    if "tabular" in tables:
        return table_frames(tables)
    if "perspective" in tables:
        return perspective_frames(tables)
    if "pool" in tables:
        return pool_frames(tables)
    results, clock = tables["results"], tables.get("clock")
    named = {
        "targets": targets(tables),
        "readings": readings(tables),
        "tasks": tasks(results, clock),
        "methods": methods(results),
    }
    if clock is not None:
        named["clock"] = clocks(clock)
    if "splits" in tables:
        named["splits"] = splits_table(tables["splits"])
    if results["method"].isin(list(PEERS)).any():
        named["peers"] = peers(results)
    failed = results[results["outcome"] != "ok"]
    if len(failed):
        named["failed"] = failed.groupby(["task", "method", "outcome"]).size().rename("rows").reset_index()
    return named


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: Config) -> Sequence[RenderableType]:
    """The tables, and which tasks are missing here."""
    shown = frames(tables)
    if config.judges_tables:  # what has too many columns for a terminal is in the files
        shown = in_short(shown)
    printed: list[RenderableType] = [terminal_table(name, given(_bare(frame), config)) for name, frame in shown.items()]
    if not judged(config):
        printed.insert(0, Text(NONE))
    run = next(tables[name] for name in ("tabular", "perspective", "pool", "results") if name in tables)
    asked = config.tables if config.judges_tables else config.tasks
    absent = [name for name in asked if name not in set(run["task"])]
    if absent:
        printed.append(Text(f"not run, for their data are missing here: {', '.join(absent)}"))
    return printed


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    """Details that are a list alone lose the colon before it."""
    return frame.assign(detail=frame["detail"].str.removeprefix(": ")) if "detail" in frame else frame


def tasks(results: pd.DataFrame, clock: pd.DataFrame | None) -> pd.DataFrame:
    """One row per task: the oracle, the width learned, its score beside the grid's and its twin's, and the time."""
    rows = []
    for name, (frame, best) in by_task(results).items():
        graded = frame[frame["method"] == "graded"]
        row: dict[str, Any] = {"task": name, "tuned": "tuned" if frame["tuned"].iloc[0] else ""}
        row["oracle"] = f"{best.width:g} [{best.low:g}, {best.high:g}]"
        row["width from starts"] = " / ".join(f"{width:.2f}" for width in graded.groupby("start")["width"].mean())
        row |= {"spread": f"{spread(frame):.1%}", "sd": graded.groupby("start")["width"].std().mean()}
        row |= {"units": graded["units"].mean(), "price": graded["price"].mean(), "score": graded["score"].mean()}
        row |= {"best - SE": best.enough, "margin": graded["score"].mean() - best.enough}
        gap = paired(graded, frame[frame["method"] == "same_width"])
        row["minus same width"] = bounded(*gap, "+.4f")
        row |= {"known units": known_units(name), "best possible": bayes_score(name)}
        row["saturated"] = float(graded["saturated"].mean())
        if clock is not None and name in set(clock["task"]):
            time = ratios(clock[clock["task"] == name], best.width)
            row |= {"time / 64 units": time["64 units"], "time / oracle": time["the oracle's width"]}
        rows.append(row)
    return pd.DataFrame(rows)


def methods(results: pd.DataFrame) -> pd.DataFrame:
    """One row per task, method and start: width, score, and that of the graded method minus it on the folds of both."""
    rows = []
    for name, frame in results[results["method"] != "fixed"].groupby("task", sort=False):
        graded = frame[frame["method"] == "graded"]
        for (method, start), fits in frame.groupby(["method", "start"], sort=False, dropna=False):
            sound = fits[fits["outcome"] == "ok"]
            row: dict[str, Any] = {"task": name, "method": method, "start": start}
            row |= {column: sound[column].mean() for column in ("width", "units", "score", "steps", "seconds")}
            row |= {"sd of width": sound["width"].std(), "rows": len(sound)}
            if method not in ("graded", "same_width") and len(sound):
                gap = paired(graded, sound)
                row["ours minus it"] = bounded(*gap, "+.4f")
            rows.append(row)
    return pd.DataFrame(rows)


def clocks(clock: pd.DataFrame) -> pd.DataFrame:
    """Medians of turns of wall clock and processor, one row per task and kind of training."""
    keys = ["task", "what", "units", "steps"]
    return clock.groupby(keys, sort=False)[["wall", "cpu"]].median().reset_index()


def peers(results: pd.DataFrame) -> pd.DataFrame:
    """Peers on the same folds, and as measured earlier elsewhere; ahead: we are, in accuracy at no more units."""
    rows = [row for name, frame in results.groupby("task", sort=False) for row in _peer_rows(str(name), frame)]
    table = pd.DataFrame(rows)
    reference = table["method"] == "ours"
    ours = table[reference].set_index("task")
    score, units = (table["task"].map(ours[column]) for column in ("score", "units"))
    table["ours ahead"] = np.where(reference, "", np.where(score > table["score"], "yes", "no"))
    table["at no more units"] = np.where(reference, "", np.where(units <= table["units"], "yes", "no"))
    return table


def _peer_rows(name: str, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    graded = frame[frame["method"] == "graded"]
    yield {"task": name, "method": "ours", "units": graded["units"].mean(), "score": graded["score"].mean()}
    for method in PEERS:
        fits = frame[(frame["method"] == method) & (frame["outcome"] == "ok")]
        if fits.empty:
            continue
        gap = paired(graded, fits)
        row = {"task": name, "method": method, "units": fits["units"].mean(), "score": fits["score"].mean()}
        row |= {"seconds": fits["seconds"].mean(), "from": f"this run, {len(fits)} folds"}
        yield row | {"ours minus it": bounded(*gap, "+.4f")}
    for method, (units, score) in earlier(name).items():
        yield {"task": name, "method": method, "units": units, "score": score, "from": "measured earlier"}
