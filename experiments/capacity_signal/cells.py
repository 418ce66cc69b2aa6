"""How the work of capacity_signal is cut, and what a cell computes."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from continuum.data import Task, unchanged
from continuum.exp import Cell
from continuum.exp.experiment import Tables

from .config import Config
from .integers import integer_tables
from .losses import VARIANTS, estimate_tables, rise_tables, variant_table
from .oracle import oracle_table
from .readout import readout_table
from .rows import rows_of, task_of
from .scale_free import scale_free_tables

#: Settings of all parts that train networks at the integers.
TRAINED = ("starts", "steps", "rows", "lr", "decay", "activation")
#: Settings of each part, by the name of the part; a cell's key holds these alone.
NEEDED = {
    "integers": (*TRAINED, "gain_starts"),
    "methods": (*TRAINED, "seen_parametrisations", "seen_widths"),
    "scale_free": ("starts", "steps", "rows", "activation", "seen_widths"),
    "rises": (*TRAINED, "geometries", "seen_widths"),
    "readout": ("rows", "decay", "fresh", "seen_widths"),
    "dropped": TRAINED,
    "lead": ("lead_steps", "gamma_lr", "units", "inits"),
}
#: Relative time of a part, in the same units for all.
COSTS = {"integers": 1.0, "methods": 4.0, "scale_free": 3.0, "rises": 2.5, "readout": 0.1, "dropped": 3.0, "lead": 4.0}

Settings = Mapping[str, Any]


def cells(config: Config) -> list[Cell]:
    """One cell per part, task and split."""
    return list(_cells(config))


def _cells(config: Config) -> Iterator[Cell]:
    middle = {"width": config.seen_widths[len(config.seen_widths) // 2], "variants": list(VARIANTS)}
    hard = [f"{task}/{condition}" for task in config.tasks for condition in config.conditions]
    for task in config.tasks:
        for seed in range(config.seeds):
            yield _cell(config, "integers", task, seed, widths=config.widths)
    for task in hard:
        for seed in range(config.seen_seeds):
            yield _cell(config, "integers", task, seed, widths=config.seen_widths)
    for task in (*config.tasks, *hard):
        for seed in range(config.seen_seeds):
            yield _cell(config, "methods", task, seed)
        yield _cell(config, "scale_free", task, 0)
    for task in config.tasks:
        for seed in range(config.seen_seeds):
            yield _cell(config, "rises", task, seed)
            yield _cell(config, "readout", task, seed)
            yield _cell(config, "dropped", task, seed, **middle)
    for task in config.lead_tasks:
        for seed in range(config.lead_seeds):
            yield _cell(config, "lead", task, seed)


def _cell(config: Config, part: str, source: str, seed: int, **settings: Any) -> Cell:
    task, known = task_of(source), config.configuration()
    needed = {name: known[name] for name in NEEDED[part]}
    place: dict[str, Any] = {"part": part, "task": source, "seed": seed, "data": {task.name: task.checksum}}
    widths = len(settings.get("widths", needed.get("seen_widths", (1,))))
    size = (min(task.n, config.rows) + 300) * (task.d + 100) / 30_000
    return Cell(f"{source} seed {seed} {part}", {**needed, **settings, **place}, COSTS[part] * widths * size)


def run(cell: Cell) -> Tables:
    """Compute one cell."""
    settings: Settings = cell.settings
    task = unchanged(task_of(settings["task"]), settings["data"])
    head = {"task": task.name, "seed": settings["seed"]}
    tables = {"results": pd.DataFrame(), **PARTS[settings["part"]](task, settings)}
    return {name: table.assign(**head) for name, table in tables.items()}


def _at_widths(make: Any, task: Task, settings: Settings, widths: tuple[int, ...]) -> dict[str, pd.DataFrame]:
    """The tables of each width below each other."""
    rows = rows_of(task, settings["seed"], settings["rows"])
    named = {**settings, "name": task.name}
    each = [(width, make(rows, {**named, "width": width})) for width in widths]
    names = each[0][1]
    return {name: pd.concat([made[name].assign(width=k) for k, made in each], ignore_index=True) for name in names}


def _integers(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return _at_widths(integer_tables, task, settings, settings["widths"])


def _methods(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return _at_widths(estimate_tables, task, settings, settings["seen_widths"])


def _rises(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return _at_widths(rise_tables, task, settings, settings["seen_widths"])


def _readout(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return _at_widths(lambda rows, s: {"readout": readout_table(rows, s)}, task, settings, settings["seen_widths"])


def _dropped(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    def make(rows: Any, named: Settings) -> dict[str, pd.DataFrame]:
        return {"variants": variant_table(rows, named, named["variants"])}

    return _at_widths(make, task, settings, (settings["width"],))


def _scale_free(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, settings["seed"], settings["rows"])
    return scale_free_tables(rows, {**settings, "task": task.name, "widths": settings["seen_widths"]})


def _lead(task: Task, settings: Settings) -> dict[str, pd.DataFrame]:
    return {"lead": oracle_table(task, settings)}


#: What computes each part.
PARTS = {
    "integers": _integers,
    "methods": _methods,
    "scale_free": _scale_free,
    "rises": _rises,
    "readout": _readout,
    "dropped": _dropped,
    "lead": _lead,
}
