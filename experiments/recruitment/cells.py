"""The cut of recruitment into cells: one per task and seed, all arms together."""

from typing import Any

import torch

from continuum.data import load
from continuum.exp import Cell
from continuum.exp.experiment import JSON, Tables

from .arms import arms
from .config import Config
from .measurements import measurements
from .tasks import examples, teacher_units
from .training import Recipe

#: Fields of the configuration of which a cell has one value.
PER_CELL = ("tasks", "seeds")


def cells(config: Config) -> list[Cell]:
    """One cell per task and seed."""
    shared = {name: value for name, value in config.configuration().items() if name not in PER_CELL}
    planned = []
    for task in config.tasks:
        taught = teacher_units(task) is not None
        loaded = None if taught else load(task)
        data: dict[str, JSON] = {} if loaded is None else {"data": {task: loaded.checksum}}
        cost = 1 + (0 if loaded is None else loaded.d) / 30
        for seed in config.seeds:
            settings: dict[str, JSON] = {**shared, "task": task, "seed": seed, **data}
            planned.append(Cell(f"{task} seed {seed}", settings, cost))
    return planned


def run(cell: Cell) -> Tables:
    """Train all arms on one task from one seed: one row per member, and the paths of gamma."""
    settings: dict[str, Any] = dict(cell.settings)
    task, seed = settings["task"], settings["seed"]
    torch.set_num_threads(1)  # many small products: threads would wait for each other
    data = examples(task, seed, settings["rows"], torch.float32, settings.get("data"))
    recipe = Recipe(
        settings["steps"], settings["batch"], settings["decay"], seed, settings.get("gamma_optimizer", "gd")
    )
    methods, optimizers, widths = (settings[name] for name in ("methods", "optimizers", "widths"))
    chosen = arms(methods, optimizers, settings["gamma_lr"], widths, settings["above"], settings["prices"])
    tables = measurements(task, data, chosen, settings["units"], recipe, settings["spread"])
    needed = float(teacher_units(task) or "nan")
    heads: dict[str, Any] = {"task": task, "seed": seed, "teacher": needed}
    heads |= {name: settings[name] for name in ("gamma_optimizer",) if name in settings}
    return {name: table.assign(**heads) for name, table in tables.items()}
