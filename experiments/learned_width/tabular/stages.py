"""The parts of the preset ``tabular``: settings of a cell in, tables out."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from continuum.data import Task, unchanged
from continuum.exp.experiment import Tables

from ..fits import FitOptions
from ..stages import COLUMNS as RESULTS
from .births import birth_rows
from .catalogue import TRIED, table_of
from .fits import Row, estimator_row, first_edition_row, grid_rows
from .opponents import opponent_row
from .parts import TableFold, published_folds, table_folds
from .turns import turn_rows
from .variants import OURS

Settings = Mapping[str, Any]
#: What says whose a row is.
HEAD = {"task": "string", "kind": "string", "tuned": "boolean", "seed": "Int64", "fold": "Int64", "method": "string"}
NUMBERS = "score loss loss_error brier rmse width units parameters steps seconds price gap temperature"
#: Columns of each table, and their types: a cell may have no row, and a method no value.
TABLES: dict[str, dict[str, str]] = {
    "tabular": {
        **HEAD,
        **dict.fromkeys(NUMBERS.split(), "float64"),
        **dict.fromkeys("train_rows test_rows".split(), "float64"),
        **dict.fromkeys("encoding notes outcome".split(), "string"),
    },
    "bins": {**HEAD, "bin": "Int64", "rows": "Int64", "confidence": "float64", "right": "Int64"},
    "curves": {**{name: HEAD[name] for name in ("task", "seed", "fold")}, "share": "float64", "width": "float64"},
    "births": {
        **{name: HEAD[name] for name in ("task", "kind", "tuned", "seed", "fold")},
        **dict.fromkeys("pool start directions width settled units price seconds".split(), "float64"),
        **dict.fromkeys(("encoding", "outcome"), "string"),
    },
    "turns": {
        **{name: HEAD[name] for name in ("task", "kind")},
        "what": "string",
        **dict.fromkeys("units steps turn wall cpu".split(), "float64"),
    },
}
TABLES["published"] = TABLES["tabular"]


def tabular(settings: Settings) -> Tables:
    """One part of one table."""
    return PARTS[str(settings["part"])](settings)


def estimator(settings: Settings) -> Tables:
    """A variant of the estimator on all folds; of the defaults the width while it was learned, too."""
    curves: list[Row] | None = [] if settings["method"] == OURS else None
    fits = [estimator_row(part, settings["method"], settings["steps"], curves) for part in _folds(settings)]
    return _tables(settings, tabular=_rows(fits), bins=_bins(fits), curves=curves or [])


def first_edition(settings: Settings) -> Tables:
    """The learner of the first edition."""
    fits = [first_edition_row(part, _options(settings)) for part in _folds(settings)]
    return _tables(settings, tabular=_rows(fits), bins=_bins(fits))


def opponent(settings: Settings) -> Tables:
    """A method of another package."""
    fits = [opponent_row(part, settings["method"], _options(settings)) for part in _folds(settings)]
    return _tables(settings, tabular=_rows(fits), bins=_bins(fits))


def grid(settings: Settings) -> Tables:
    """Fixed widths with one encoding, all folds at once."""
    rows = grid_rows(_folds(settings), settings["widths"], _options(settings), settings["encoding"])
    return _tables(settings, tabular=rows)


def births(settings: Settings) -> Tables:
    """The width from several starts, pools at birth and directions, on the first fold."""
    return _tables(settings, births=birth_rows(_folds(settings)[0], settings))


def turns(settings: Settings) -> Tables:
    """Seconds of a whole fit beside those of one training of a fixed net, on the first fold."""
    return _tables(settings, turns=turn_rows(_folds(settings)[0], _options(settings)))


def published(settings: Settings) -> Tables:
    """The published splits of a table of values."""
    parts = published_folds(_task(settings), settings["splits"])
    fits = [estimator_row(part, settings["method"], settings["steps"]) for part in parts]
    return _tables(settings, published=_rows(fits))


#: The parts by the name that a cell has in its settings.
PARTS: dict[str, Callable[[Settings], Tables]] = {
    "estimator": estimator,
    "first_edition": first_edition,
    "opponent": opponent,
    "grid": grid,
    "births": births,
    "turns": turns,
    "published": published,
}


def _rows(fits: list[tuple[Row, list[Row]]]) -> list[Row]:
    return [row for row, _ in fits]


def _bins(fits: list[tuple[Row, list[Row]]]) -> list[Row]:
    return [line for _, bins in fits for line in bins]


def _tables(settings: Settings, **rows: list[Row]) -> Tables:
    """Typed tables; that of the other presets is empty."""
    head = {"task": settings["task"], "kind": settings["kind"], "tuned": _tried(settings)}
    frames = {
        name: pd.DataFrame([head | row for row in lines], columns=list(TABLES[name])).astype(TABLES[name])
        for name, lines in rows.items()
    }
    return {"results": pd.DataFrame(columns=list(RESULTS)).astype(RESULTS), **frames}


def _tried(settings: Settings) -> bool:
    """Whether defaults were tried on this table; one of a folder may have the name of another."""
    return settings["task"] in TRIED and "file" not in settings


def _folds(settings: Settings) -> list[TableFold]:
    return table_folds(_task(settings), settings["folds"], settings["seed"])


def _task(settings: Settings) -> Task:
    return unchanged(table_of(settings["task"], settings["rows"], settings.get("file")), settings["data"])


def _options(settings: Settings) -> FitOptions:
    return FitOptions(settings["steps"], settings["batch"], settings["max_units"])
