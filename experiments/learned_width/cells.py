"""The kinds of cells of learned_width: settings in, tables out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.data import Task, unchanged
from continuum.errors import BadInput
from continuum.learn import LearnConfig, width_path

from .clock import timed
from .fits import Asked, Row, curve, fixed, learned, sklearns
from .folds import Fold, folds_of, random_splits
from .peers import peer
from .tasks import TUNED, task_of

Settings = Mapping[str, Any]
Tables = dict[str, pd.DataFrame]
#: Units of the fixed network beside the published ones of one hidden layer.
PUBLISHED_UNITS = 50


def grid(settings: Settings) -> Tables:
    """Fixed widths, all folds and widths of a repetition at once."""
    folds, asked = _folds(settings), _asked(settings)
    members = [(place, units) for place in range(len(folds)) for units in settings["widths"]]
    return _tables(settings, fixed(folds, members, asked, "fixed"))


def ours(settings: Settings) -> Tables:
    """Learned from every start; and fixed networks of exactly as many units, for as many steps."""
    folds, asked = _folds(settings), _asked(settings)
    rows, curves, members = [], [], []
    for place, fold in enumerate(folds):
        for start in settings["starts"]:
            row, found = learned(fold, asked, start)
            rows.append(row)
            if found is None:
                raise BadInput("graded", expected="a learned width", came=row["outcome"], remedy="repair the method")
            members.append((place, row["units"]))
            named = {**row, "task": settings["task"], "graded_steps": fold.steps(asked.steps)}
            curves += curve(named, found)
    twins = fixed(folds, members, asked, "same_width")
    for twin, row in zip(twins, rows, strict=True):
        twin["start"] = row["start"]
    return _tables(settings, rows + twins, curves=pd.DataFrame(curves))


def route(settings: Settings) -> Tables:
    """Another way to learn the width."""
    asked = _asked(settings)
    rows = [
        learned(fold, asked, start, settings["method"])[0] for fold in _folds(settings) for start in settings["starts"]
    ]
    return _tables(settings, rows)


def sklearn(settings: Settings) -> Tables:
    """scikit-learn's perceptron."""
    return _tables(settings, [row for fold in _folds(settings) for row in sklearns(fold, _asked(settings))])


def peers(settings: Settings) -> Tables:
    """A package of others that learns its width; a row says so where it is not installed or fails."""
    asked = _asked(settings)
    return _tables(settings, [peer(settings["method"], fold, asked) for fold in _folds(settings)])


def splits(settings: Settings) -> Tables:
    """The 20 published splits of regression tasks: ours, and a fixed network of the published width."""
    asked = _asked(settings)
    rows = []
    for fold in random_splits(_task(settings), settings["splits"]):
        rows += [learned(fold, asked, LearnConfig.start)[0], *fixed([fold], [(0, PUBLISHED_UNITS)], asked, "fixed")]
    found = _tables(settings, rows)["results"]
    return {"results": found.iloc[:0], "splits": found}


def clock(settings: Settings) -> Tables:
    """Wall times, on the first fold."""
    rows = timed(_folds(settings)[0], _asked(settings))
    return {"results": _tables(settings, [])["results"], "clock": pd.DataFrame(rows).assign(task=settings["task"])}


def path(settings: Settings) -> Tables:
    """The frontier from one falling price, on every fold."""
    frames = []
    for fold in _folds(settings):
        found = width_path(*fold.tensors(), fold.loss, LearnConfig(steps=settings["steps"], seed=fold.number))
        score, error, units = found.score.numpy(), found.standard_error.numpy(), np.array(found.units).sum(1)
        own = {"price": found.prices, "width": found.widths.sum(1).numpy(), "units": units, "score": score}
        chosen = np.arange(len(units)) == found.one_standard_error()
        own |= {"error": error, "train_loss": found.train_loss.numpy(), "chosen": chosen}
        frames.append(pd.DataFrame(own).assign(task=settings["task"], fold=fold.fold, seed=fold.seed))
    return {"results": _tables(settings, [])["results"], "path": pd.concat(frames, ignore_index=True)}


COMPUTE: dict[str, Callable[[Settings], Tables]] = {
    function.__name__: function for function in (grid, ours, route, sklearn, peers, splits, clock, path)
}
COLUMNS = {"task": "string", "kind": "string", "tuned": "boolean", "fold": "Int64", "seed": "Int64", "method": "string"}
COLUMNS |= dict.fromkeys("start width units score rmse train_loss test_loss steps seconds".split(), "float64")
COLUMNS |= {"saturated": "boolean", "outcome": "string"}
COLUMNS |= dict.fromkeys("price gap graded_units train_rows test_rows".split(), "float64")


def _tables(settings: Settings, rows: list[Row], **more: pd.DataFrame) -> Tables:
    """Rows with all columns, whatever a method has no value for missing; typed, for there may be none."""
    head = {"task": settings["task"], "kind": settings["kind"], "tuned": settings["task"] in TUNED}
    frame = pd.DataFrame([head | row for row in rows], columns=list(COLUMNS)).astype(COLUMNS)
    return {"results": frame, **more}


def _folds(settings: Settings) -> list[Fold]:
    return folds_of(_task(settings), settings["folds"], settings["seed"])


def _task(settings: Settings) -> Task:
    return unchanged(task_of(settings["task"], settings["rows"]), settings["data"])


def _asked(settings: Settings) -> Asked:
    return Asked(settings["steps"], settings["batch"], settings["max_units"])
