"""The cut of learned_width into cells: one cell per task, kind of method and repetition."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from continuum.data import Task
from continuum.errors import BadInput
from continuum.exp import Cell
from continuum.exp.experiment import JSON, Tables
from continuum.exp.keys import installed
from continuum.learn import LearnConfig
from continuum.learn.settings import steps_for

from .config import TASKS, Config
from .folds import folds_of
from .peers import PEERS
from .perspective import FIRST, fits_of, perspective
from .pool import planned as planned_pools
from .pool import pool
from .stages import STAGES
from .tabular.plan import cells as table_cells
from .tabular.stages import tabular
from .tasks import available_tasks

#: Tasks with one repetition, for they are large.
LARGE = ("satimage", "letter")
#: Tasks on which the other methods start from every start, not from the default one alone.
EVERY_START = ("digits", "two_spirals", "vehicle", "concrete")
#: Regression tasks with published figures on 20 splits, and tasks whose path of prices is drawn.
PUBLISHED, PATHS = ("concrete", "energy_heating", "yacht"), ("digits", "two_spirals", "concrete", "noisy_3")
#: Rows of which a tenth are two.
LEAST_PUBLISHED = 20
#: Seconds per step of a stage, for the order of cells alone; of the others as of the path.
STEP_SECONDS = {
    "ours": 1.3e-4,
    "route": 4.5e-4,
    "grid": 2.4e-4,
    "sklearn": 3.5e-4,
    "clock": 1.6e-4,
    "peers": 1e-3,
    "path": 1e-4,
    "perspective": 1.5e-4,
    "pool": 2e-4,
}
#: All stages by name.
RUN = {**STAGES, "pool": pool, "perspective": perspective, "tabular": tabular}


def cells(config: Config) -> list[Cell]:
    """One cell per task, kind of method and repetition."""
    if config.judges_tables:
        return table_cells(config)
    tasks = available_tasks(config.tasks, config.rows, strict=config.tasks != TASKS)
    for name, task in tasks.items():
        _check_rows(config, name, task)
    return [cell for name, task in tasks.items() for cell in _TaskCells(config, name, task).planned()]


def _check_rows(config: Config, name: str, task: Task) -> None:
    """Refuse more folds than can be stratified, and test parts of fewer rows than the two that R2 needs."""
    if task.kind == "classification":
        most, what = int(np.bincount(task.target, minlength=task.classes).min()), "the rows of its smallest class"
    else:
        most, what = task.n // 2, "half its rows"
    if config.folds > most:
        remedy = "lower --folds, raise --rows, or leave the task out of --tasks"
        raise BadInput("folds", expected=f"at most {most} for {name}, {what}", came=config.folds, remedy=remedy)
    elsewhere = config.peers or config.pools or config.powers
    if name in PUBLISHED and not elsewhere and task.n < LEAST_PUBLISHED:
        expected = f"at least {LEAST_PUBLISHED} of {name}, whose published splits test on a tenth"
        remedy = "raise --rows, or leave the task out of --tasks"
        raise BadInput("rows", expected=expected, came=task.n, remedy=remedy)


@dataclass(frozen=True)
class _TaskCells:
    """The cells of one task. Stages keep the names that are recorded: "ours" is the graded method, "route" another."""

    config: Config
    name: str
    task: Task

    def planned(self) -> Iterator[Cell]:
        config = self.config
        if config.powers:
            for seed in range(FIRST, FIRST + config.seeds):
                yield self._cell("perspective", seed, fits_of(config.powers), powers=config.powers)
            return
        if config.pools:
            factors = config.pools, config.starts, config.directions
            for label, fits, settings in planned_pools(self.task.kind, config.parts, factors):
                yield self._cell("pool", 0, fits / config.folds, label, **settings)
            return
        for seed in range(1 if self.name in LARGE else config.seeds):
            yield self._cell("grid", seed, len(config.widths) / 22, widths=config.widths)
            yield self._cell("ours", seed, len(config.starts), starts=config.starts)
            yield self._cell("sklearn", seed, 1)
            for peer in PEERS if config.peers else ():
                yield self._cell("peers", seed, 1, peer, method=peer, version=installed(PEERS[peer]))
        if not config.peers:
            yield from self._once()

    def _once(self) -> Iterator[Cell]:
        """Cells of the first repetition alone."""
        config = self.config
        for method in config.methods:
            starts = config.starts if self.name in EVERY_START else (LearnConfig.start,)
            yield self._cell("route", 0, len(starts), method, method=method, starts=starts)
        yield self._cell("clock", 0, 4)
        if self.name in PUBLISHED:
            yield self._cell("splits", 0, 2 * config.splits / config.folds, splits=config.splits)
        if self.name in PATHS:
            yield self._cell("path", 0, 1)

    def _cell(self, stage: str, seed: int, fits: float, label: str = "", **settings: JSON) -> Cell:
        shared = {key: getattr(self.config, key) for key in ("folds", "steps", "batch", "rows", "max_units")}
        names: dict[str, JSON] = {"stage": stage, "task": self.name, "kind": self.task.kind, "seed": seed}
        data: dict[str, JSON] = {"data": {self.name: self.task.checksum}, "split": self._split(seed)}
        repeated = stage not in ("splits", "clock", "path")
        text = f"{self.name} {label or stage} {seed}" if repeated else f"{self.name} {stage}"
        cost = self._steps * fits * STEP_SECONDS.get(stage, 1e-4)
        return Cell(text, {**shared, **names, **data, **settings}, cost)

    @cached_property
    def _steps(self) -> float:
        """Steps of a fit on every fold, rounding included."""
        rows = self.task.n * (1 - 1 / self.config.folds)
        return 1.5 * steps_for(self.config.steps, rows) * self.config.folds

    def _split(self, seed: int) -> str:
        """Checksum of the test targets of a repetition's folds: another scikit-learn may cut otherwise."""
        if seed not in self._splits:
            targets = b"".join(fold.test.y.tobytes() for fold in folds_of(self.task, self.config.folds, seed))
            self._splits[seed] = sha256(targets).hexdigest()
        return self._splits[seed]

    @cached_property
    def _splits(self) -> dict[int, str]:
        return {}


def run(cell: Cell) -> Tables:
    """Train the networks of a cell; one row each."""
    return RUN[str(cell.settings["stage"])](cell.settings)
