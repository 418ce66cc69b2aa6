"""What integer_crossing prints, and keeps as CSV and Markdown: predictions against measurements."""

from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, terminal_table, write_tables
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given

from .predictions import confrontations, identities, landings, summary, without_assumptions

#: Quantities that only the files have, for there are finer or coarser ones beside them.
KEPT_IN_FILES = r"never, .*|steps / law, law = (250|500|1000)|\|drift\| .* h = 0\.(1|05)|.*n = 3"
#: Columns of the claims that the terminal shows.
PRINTED = ("claim", "n", "predicted", "measured", "low", "high", "margin", "power", "outcome", "rows_agree", "rows")
#: What is said of each variant's journeys.
JOURNEY = ("highest", "retreats", "up", "down", "near", "near_late", "chatters", "loss_end")


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """The tables of the report by name."""
    results = tables["results"]
    tests = confrontations(results)
    named = {"predictions": summary(results, tests), "tests": tests, "identities": identities(results)}
    named |= {"landings": landings(results), "dropped": without_assumptions(results)}
    if "journeys" in tables:
        named["journeys"] = tables["journeys"].groupby("setting", sort=False)[list(JOURNEY)].mean().reset_index()
    return named


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: Any) -> list[Table]:
    """Print the predictions, the laws without their assumptions, and the journeys of gamma."""
    named = frames(tables)
    printed = [_predictions(named["predictions"], config), _dropped(named["dropped"])]
    if "journeys" in named:
        printed.append(terminal_table("gamma under joint training, means over networks", named["journeys"]))
    return printed


def _predictions(claims: pd.DataFrame, config: Any) -> Table:
    """Claims with their margins, powers and outcomes, and how many tasks and settings agree by themselves."""
    counts = ", ".join(f"{number} {word}" for word, number in claims["outcome"].value_counts().items())
    title = counted("predictions under their assumptions", f"of {len(claims)} claims {counts}", config)
    caption = "power: of showing the claim if it is exactly right; rows: tasks and settings, those that agree first"
    return _table(title, given(claims[list(PRINTED)], config), caption)


def _dropped(dropped: pd.DataFrame) -> Table:
    """The laws without their assumptions, but for what only the files have."""
    shown = dropped[~dropped["quantity"].str.fullmatch(KEPT_IN_FILES)]
    law = shown["part"] + ": " + shown["setting"] + ", " + shown["quantity"]
    shown = shown.drop(columns=["part", "setting", "quantity"])
    shown.insert(0, "law", law)
    return _table("the same laws without their assumptions, tasks pooled", shown)


def _table(title: str, frame: pd.DataFrame, caption: str | None = None) -> Table:
    """A table whose means stand with their intervals."""
    means = zip(frame["measured"], frame["low"], frame["high"], strict=True)
    merged = frame.assign(measured=[bounded(*interval) for interval in means]).drop(columns=["low", "high"])
    return terminal_table(title, merged, caption)
