"""The stages of learned_width: settings of a cell in, tables out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.data import Task, unchanged
from continuum.errors import BadInput
from continuum.exp.experiment import Tables
from continuum.learn import LearnConfig, width_path

from .clock import timings
from .fits import FitOptions, Row, curve_rows, fixed_rows, learned_row, sklearn_rows
from .folds import Fold, folds_of, random_splits
from .peers import peer_row
from .tasks import TUNED, task_of

Settings = Mapping[str, Any]
#: Units of the fixed network beside the published ones of one hidden layer.
PUBLISHED_UNITS = 50
#: Columns of the table "results", and their types: a cell may have no row, and a method no value.
COLUMNS = {
    "task": "string",
    "kind": "string",
    "tuned": "boolean",
    "fold": "Int64",
    "seed": "Int64",
    "method": "string",
    **dict.fromkeys("start width units score rmse train_loss test_loss steps seconds".split(), "float64"),
    "saturated": "boolean",
    "outcome": "string",
    **dict.fromkeys("price gap graded_units train_rows test_rows".split(), "float64"),
}


def grid(settings: Settings) -> Tables:
    """Fixed widths, all folds and widths of a repetition at once."""
    folds = _folds(settings)
    members = [(place, units) for place in range(len(folds)) for units in settings["widths"]]
    return _tables(settings, fixed_rows(folds, members, _options(settings), "fixed"))


def graded(settings: Settings) -> Tables:
    """The graded method from every start; and fixed networks of exactly as many units, for as many steps."""
    folds, options = _folds(settings), _options(settings)
    rows, curves, members = [], [], []
    for place, fold in enumerate(folds):
        for start in settings["starts"]:
            row, result = learned_row(fold, options, start)
            rows.append(row)
            if result is None:
                raise BadInput("graded", expected="a learned width", came=row["outcome"], remedy="repair the method")
            members.append((place, row["units"]))
            named = {**row, "task": settings["task"], "graded_steps": fold.steps(options.steps)}
            curves += curve_rows(named, result)
    twins = fixed_rows(folds, members, options, "same_width")
    for twin, row in zip(twins, rows, strict=True):
        twin["start"] = row["start"]
    return _tables(settings, rows + twins, curves=pd.DataFrame(curves))


def other_method(settings: Settings) -> Tables:
    """Another method of the learner."""
    options, method = _options(settings), settings["method"]
    fits = [(fold, start) for fold in _folds(settings) for start in settings["starts"]]
    return _tables(settings, [learned_row(fold, options, start, method)[0] for fold, start in fits])


def sklearn(settings: Settings) -> Tables:
    """scikit-learn's perceptron."""
    options = _options(settings)
    return _tables(settings, [row for fold in _folds(settings) for row in sklearn_rows(fold, options)])


def peers(settings: Settings) -> Tables:
    """A package of others that learns its width; a row says so where it is not installed or fails."""
    options = _options(settings)
    return _tables(settings, [peer_row(settings["method"], fold, options) for fold in _folds(settings)])


def splits(settings: Settings) -> Tables:
    """The 20 published splits of regression tasks: the graded method, and a fixed network of the published width."""
    options, rows = _options(settings), []
    for fold in random_splits(_task(settings), settings["splits"]):
        rows.append(learned_row(fold, options, LearnConfig.start)[0])
        rows += fixed_rows([fold], [(0, PUBLISHED_UNITS)], options, "fixed")
    frame = _tables(settings, rows)["results"]
    return {"results": frame.iloc[:0], "splits": frame}


def clock(settings: Settings) -> Tables:
    """Wall times, on the first fold."""
    rows = timings(_folds(settings)[0], _options(settings))
    return {"results": _tables(settings, [])["results"], "clock": pd.DataFrame(rows).assign(task=settings["task"])}


def path(settings: Settings) -> Tables:
    """The frontier from one falling price, on every fold."""
    frames = [_frontier(fold, settings["steps"], settings["task"]) for fold in _folds(settings)]
    return {"results": _tables(settings, [])["results"], "path": pd.concat(frames, ignore_index=True)}


def _frontier(fold: Fold, steps: int | None, task: str) -> pd.DataFrame:
    frontier = width_path(*fold.tensors(), fold.loss, LearnConfig(steps=steps, seed=fold.number))
    units = np.array(frontier.units).sum(1)
    columns = {
        "price": frontier.prices,
        "width": frontier.widths.sum(1).numpy(),
        "units": units,
        "score": frontier.score.numpy(),
        "error": frontier.standard_error.numpy(),
        "train_loss": frontier.train_loss.numpy(),
        "chosen": np.arange(len(units)) == frontier.one_standard_error(),
    }
    return pd.DataFrame(columns).assign(task=task, fold=fold.fold, seed=fold.seed)


#: The stages by the name that a cell has in its settings; "ours" and "route" are names from earlier runs.
STAGES: dict[str, Callable[[Settings], Tables]] = {
    "grid": grid,
    "ours": graded,
    "route": other_method,
    "sklearn": sklearn,
    "peers": peers,
    "splits": splits,
    "clock": clock,
    "path": path,
}


def _tables(settings: Settings, rows: list[Row], **more: pd.DataFrame) -> Tables:
    """Rows with all columns, whatever a method has no value for missing; typed, for there may be none."""
    head = {"task": settings["task"], "kind": settings["kind"], "tuned": settings["task"] in TUNED}
    frame = pd.DataFrame([head | row for row in rows], columns=list(COLUMNS)).astype(COLUMNS)
    return {"results": frame, **more}


def _folds(settings: Settings) -> list[Fold]:
    return folds_of(_task(settings), settings["folds"], settings["seed"])


def _task(settings: Settings) -> Task:
    return unchanged(task_of(settings["task"], settings["rows"]), settings["data"])


def _options(settings: Settings) -> FitOptions:
    return FitOptions(settings["steps"], settings["batch"], settings["max_units"])
