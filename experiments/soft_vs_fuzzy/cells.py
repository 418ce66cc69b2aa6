"""The cut of soft_vs_fuzzy into cells: one cell per law and stage."""

from collections.abc import Mapping

from continuum.data import load
from continuum.exp import Cell
from continuum.exp.experiment import JSON, Tables

from .config import Config
from .methods import method_of
from .stages import STAGES
from .tasks import teacher_width

#: Fields of the configuration of which a cell has one value.
PER_CELL = ("tasks", "laws", "optimizers")


def cells(config: Config) -> list[Cell]:
    """One cell per law and stage: readouts by each optimizer, each task, and the fresh unit."""
    shared = {name: value for name, value in config.configuration().items() if name not in PER_CELL}
    fresh = Cell("fresh unit", {**shared, "stage": "fresh", "law": "all"}, 0.1)
    return [fresh, *_readout_cells(config, shared), *_network_cells(config, shared)]


def _readout_cells(config: Config, shared: Mapping[str, JSON]) -> list[Cell]:
    planned = []
    for law in config.laws:
        method = method_of(law)
        relative_cost = 1.0 + method.samples + 2.0 * method.kind.startswith(("soft", "anneal"))
        for optimizer in config.optimizers:
            cost = {"gd": 8.0, "adam": 4.0}[optimizer]
            settings = {**shared, "stage": "readout", "law": law, "optimizer": optimizer}
            planned.append(Cell(f"readout {optimizer} {law}", settings, cost * relative_cost))
    return planned


def _network_cells(config: Config, shared: Mapping[str, JSON]) -> list[Cell]:
    planned = []
    for task in config.tasks:
        data: dict[str, JSON] = {} if teacher_width(task) else {"data": {task: load(task).checksum}}
        for law in (*config.laws, "fixed/euclidean"):
            settings = {**shared, "stage": "network", "law": law, "task": task, **data}
            planned.append(Cell(f"{task} {law}", settings, 12.0 if task == "digits" else 8.0))
    return planned


def run(cell: Cell) -> Tables:
    """Train all members of a law on one stage; one row per member."""
    return {"results": STAGES[str(cell.settings["stage"])](cell.settings)}
