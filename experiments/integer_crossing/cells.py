"""How the work of integer_crossing is cut, and what a cell computes."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from continuum.data import Task, load, unchanged
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.exp import Cell
from continuum.exp.experiment import Tables

from . import chatter, first_sign, flow, hyperbola, joint_training, soft_gates, unpinning
from .config import Config

#: The parts of the question.
PARTS = ("flow", "first", "rotation", "unpin", "soft", "hyperbola", "joint")
#: Relative time of a cell of each part at the default size.
COSTS = {"flow": 6.0, "first": 5.0, "rotation": 4.0, "unpin": 10.0, "soft": 10.0, "hyperbola": 3.0, "joint": 8.0}


def cells(config: Config) -> list[Cell]:
    """One cell per task and part; of the joint training one per task and variant."""
    tasks: dict[str, tuple[str, Task]] = {}
    for source in config.tasks:
        task = load(source, config.kind)
        Stream.of(task, seed=0)  # a task that cannot be split is refused before anything is computed
        if task.name in tasks:
            raise BadInput("tasks", expected="different names", came=task.name, remedy="rename one of the files")
        tasks[task.name] = source, task
    return [cell for source, task in tasks.values() for cell in _cells_of(config, source, task)]


def _cells_of(config: Config, source: str, task: Task) -> Iterator[Cell]:
    """The cells of one task."""
    shared: dict[str, Any] = {"task": source, "kind": config.kind, "data": {task.name: task.checksum}}
    shared |= {"rows": config.rows, "seed": config.seed}
    for part in PARTS:
        for variant in config.variants if part == "joint" else ("",):
            label = f"{task.name} {part}" + (f", {variant}" if variant else "")
            settings = {**shared, "part": part, "variant": variant, **_sizes(part, config)}
            yield Cell(label, settings, COSTS[part] * (1 + task.d / 30))


def _sizes(part: str, config: Config) -> dict[str, Any]:
    members = {"flow": config.draws, "first": config.signs, "joint": config.networks}.get(part, config.pinned)
    return {"members": members} | ({"steps": config.steps} if part in ("joint", "rotation") else {})


def run(cell: Cell) -> Tables:
    """Compute one part on one task."""
    settings: Mapping[str, Any] = cell.settings
    task = unchanged(load(settings["task"], settings["kind"]), settings["data"])
    torch.set_num_threads(1)  # thousands of tiny products: threads would wait for each other
    tables = _tables({**settings, "seed": own_seed(settings["seed"], task.name)})
    return {name: table.assign(task=task.name).reset_index(drop=True) for name, table in tables.items()}


def own_seed(seed: int, task: str) -> int:
    """The seed of one task: no two tasks share random numbers, so that their networks are independent.

    >>> own_seed(2, "iris") == own_seed(2, "iris") != own_seed(2, "wine")
    True
    """
    return seed << 32 | zlib.crc32(task.encode())


def _tables(settings: Mapping[str, Any]) -> Tables:
    """The tables of the part."""
    common = {name: settings[name] for name in ("task", "kind", "rows", "members", "seed")}
    match settings["part"]:
        case "flow":
            return {"results": flow.run(**common)}
        case "first":
            return {"results": first_sign.run(**common)}
        case "rotation":
            return chatter.run(**common, steps=settings["steps"])
        case "unpin":
            return {"results": unpinning.run(**common)}
        case "soft":
            return {"results": soft_gates.run(**common)}
        case "hyperbola":
            return hyperbola.run(**common)
    return joint_training.run(**common, steps=settings["steps"], name=settings["variant"])
