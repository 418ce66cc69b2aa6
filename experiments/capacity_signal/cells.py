"""How the work of capacity_signal is cut, and what a cell computes."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from continuum.data import Task, unchanged
from continuum.exp import Cell
from continuum.exp.experiment import Tables

from .config import Config
from .losses import VARIANTS, signal_tables, variant_table
from .oracle import oracle_table
from .readout import readout_table
from .rows import rows_of, task_of
from .scale_free import scale_free_tables

#: Fields whose values are spread over the cells.
SPREAD = ("tasks", "lead_tasks", "seeds", "widths")
#: Relative time of a cell that learns gamma.
LEAD_COST = 30_000.0
#: And of one that trains by Adam and signSGD.
SCALE_FREE_COST = 200_000.0

Settings = Mapping[str, Any]


def cells(config: Config) -> list[Cell]:
    """One cell per task, split and width; one per task and split for each other part."""
    shared = {name: value for name, value in config.configuration().items() if name not in SPREAD}
    return [*_signal_cells(config, shared), *_lead_cells(config, shared)]


def _signal_cells(config: Config, shared: Settings) -> Iterator[Cell]:
    """What is measured at the integers: the losses, the optimal readout, and the losses without an assumption."""
    middle = config.widths[len(config.widths) // 2]
    parts: dict[str, dict[str, Any]] = {f"width {k}": {"part": "signal", "width": k} for k in config.widths}
    parts["optimal readout"] = {"part": "readout", "widths": config.widths}
    scale_free = {"part": "scale_free", "widths": config.widths}
    parts["assumptions dropped"] = {"part": "dropped", "width": middle, "variants": list(VARIANTS)}
    for source in config.tasks:
        task = task_of(source)
        for seed in range(config.seeds):
            for name, part in parts.items():
                cost = (part.get("width", 0) + 2) * (min(task.n, config.rows) + 100) * (task.d + 20)
                yield _cell(name, task, source, seed, {**shared, **part}, cost)
        yield _cell("scale-free optimisers", task, source, 0, {**shared, **scale_free}, SCALE_FREE_COST)


def _lead_cells(config: Config, shared: Settings) -> Iterator[Cell]:
    """Learned widths beside oracle widths."""
    for source in config.lead_tasks:
        task = task_of(source)
        for seed in range(config.seeds):
            yield _cell("learned", task, source, seed, {**shared, "part": "lead"}, LEAD_COST)


def _cell(name: str, task: Task, source: str, seed: int, settings: Settings, cost: float) -> Cell:
    place: dict[str, Any] = {"task": source, "seed": seed, "data": {task.name: task.checksum}}
    return Cell(f"{source} seed {seed} {name}", {**settings, **place}, cost)


def run(cell: Cell) -> Tables:
    """Compute one cell."""
    settings: Settings = cell.settings
    task = unchanged(task_of(settings["task"]), settings["data"])
    head = {"task": task.name, "seed": settings["seed"]}
    return {name: table.assign(**head) for name, table in PARTS[settings["part"]](task, settings).items()}


def _signal(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    tables = signal_tables(rows_of(task, settings["seed"], settings["rows"]), settings)
    return {name: table.assign(width=settings["width"]) for name, table in tables.items()}


def _readout(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, settings["seed"], settings["rows"])
    frames = [readout_table(rows, {**settings, "width": width}).assign(width=width) for width in settings["widths"]]
    return {"results": pd.DataFrame(), "readout": pd.concat(frames, ignore_index=True)}


def _dropped(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, settings["seed"], settings["rows"])
    table = variant_table(rows, settings, settings["variants"])
    return {"results": pd.DataFrame(), "variants": table.assign(width=settings["width"])}


def _scale_free(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, settings["seed"], settings["rows"])
    return {"results": pd.DataFrame(), **scale_free_tables(rows, settings)}


def _lead(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return {"results": pd.DataFrame(), "lead": oracle_table(task, settings)}


#: What computes each part.
PARTS = {"signal": _signal, "readout": _readout, "dropped": _dropped, "scale_free": _scale_free, "lead": _lead}
