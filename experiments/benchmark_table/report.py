"""What benchmark_table prints, and keeps as CSV and Markdown."""

from typing import Any

import pandas as pd

from continuum.analysis.sheet import Sheet
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given

from .predictions import verdicts
from .statistics import by_task


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    tasks = by_task(tables)
    return {"predictions": verdicts(tasks, tuple(tables["results"]["gamma"].unique())), "tasks": tasks}


def report(tables: Tables, config: Any) -> list[Sheet]:
    """The predictions; the best point of each task; what the test column and interpolation are worth."""
    named = frames(tables)
    results, tasks = tables["results"], named["tasks"]
    diverged = int(results["diverged"].sum())
    predicted = _sheet(counted("predictions", "", config), given(named["predictions"], config))
    predicted.caption = f"{len(results)} networks, {diverged} diverged; the table lies with the figures"
    best = tasks[["task", "best_gamma", "best_lr", "best_weight_decay", "best_depth", "best_J", "mean_J"]]
    spread = tasks[["task", "gammas_of_seeds", "over_points", "over_seeds"]]
    worth = tasks[["task", "exhaustive", "constant", "missed_most", "missed_at", "missed_median"]]
    return [
        predicted,
        _sheet("best point (validation, mean over seeds)", best),
        _sheet("best width of each seed; deviation of J over points and over seeds", spread),
        _sheet("test regret, 1 the average point; error of interpolating a width, in (mean - best)", worth),
    ]


def _sheet(title: str, frame: pd.DataFrame) -> Sheet:
    sheet = Sheet(*(name.replace("_", " ") for name in frame), title=title, title_justify="left")
    for row in frame.itertuples(index=False):
        sheet.add_row(*(f"{value:.3g}" if isinstance(value, float) else str(value) for value in row))
    return sheet
