"""The cut of the preset ``tabular`` into cells: one cell per table, method and repetition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from continuum.data import Task
from continuum.errors import BadInput
from continuum.exp import Cell
from continuum.exp.experiment import JSON
from continuum.exp.keys import installed
from continuum.learn.settings import steps_for

from ..tasks import available
from .catalogue import TABLES, check_rows, table_of, tables_of
from .encodings import ENCODINGS
from .opponents import PACKAGES, REALMLP
from .parts import table_folds
from .variants import FIRST, OURS

if TYPE_CHECKING:  # which imports what says which tables there are
    from ..config import Config

#: Part of every cell's settings: raised when the code of this preset changes what a cell returns.
EDITION = 1
#: The first repetition: defaults of the estimators were tried on folds of earlier ones.
FIRST_SEED = 20
#: Tables with one repetition, for they are large.
LARGE = ("satimage", "letter")
#: Tables of published splits, of the starts and pools, and of the clock.
PUBLISHED = ("concrete", "energy_heating", "yacht")
BORN = ("digits", "vehicle", "segment", "glass", "concrete", "energy_heating", "airfoil", "yacht")
TIMED = ("digits", "two_spirals", "vehicle", "segment", "glass", "letter", "concrete", "airfoil", "yacht")
#: Units at birth, starts, and seeds of the directions.
POOLS, STARTS, DIRECTIONS = (9, 32, 128, 512), (1, 64), (101, 102)
#: Most units where a pool of 512 is to grow.
BORN_UNITS = 1024
#: Seconds of a fit on a thousand rows, for the order of cells alone; of the others as of an estimator.
SECONDS = {REALMLP: 8.0, "forest": 0.4, "boosting": 0.8, "linear": 0.3, "mlp": 0.4, "grid": 1.0}


def cells(config: Config) -> list[Cell]:
    """One cell per table, method and repetition; tables that cannot be had are named and left out."""
    named = available(config.tables, lambda name: _checked(name, config), strict=config.tables != TABLES)
    tables: dict[str, tuple[Task, Path | None]] = {name: (task, None) for name, task in named.items()}
    if config.tasks_from is not None:
        tables |= tables_of(Path(config.tasks_from), config.tables, config.rows, config.folds, config.reading())
    if not tables:
        remedy = "name a task with --tasks, or mend the files named above"
        raise BadInput("tables", expected="one or more", came="none", remedy=remedy)
    return [cell for name, (task, file) in tables.items() for cell in _TableCells(config, name, task, file).planned()]


def _checked(name: str, config: Config) -> Task:
    task = table_of(name, config.rows)
    check_rows(task, config.folds)
    return task


@dataclass(frozen=True)
class _TableCells:
    """The cells of one table."""

    config: Config
    name: str
    task: Task
    file: Path | None

    def planned(self) -> Iterator[Cell]:
        config = self.config
        for seed in range(FIRST_SEED, FIRST_SEED + (1 if self.name in LARGE else config.seeds)):
            for variant in config.variants:
                yield self._cell("estimator", seed, variant, method=variant)
            yield self._cell(FIRST, seed, FIRST)
            for encoding in ENCODINGS:
                yield self._cell("grid", seed, f"grid {encoding}", encoding=encoding, widths=config.widths)
            for method in config.opponents:
                if seed == FIRST_SEED or method not in PACKAGES:  # those are slow
                    named = {"version": installed(PACKAGES[method])} if method in PACKAGES else {}
                    versions: dict[str, JSON] = dict(named)
                    yield self._cell("opponent", seed, method, method=method, **versions)
        yield from self._once()

    def _once(self) -> Iterator[Cell]:
        """Cells of the first repetition alone."""
        if self.file is not None:
            return
        if self.name in PUBLISHED:
            yield self._cell("published", FIRST_SEED, "splits", method=OURS, splits=self.config.splits)
        if self.name in BORN:
            factors: dict[str, JSON] = {
                "pools": POOLS,
                "starts": STARTS,
                "directions": DIRECTIONS,
                "max_units": BORN_UNITS,
            }
            yield self._cell("births", FIRST_SEED, "births", **factors)
        if self.name in TIMED:
            yield self._cell("turns", FIRST_SEED, "turns")

    def _cell(self, part: str, seed: int, label: str, **settings: JSON) -> Cell:
        shared = {key: getattr(self.config, key) for key in ("folds", "steps", "batch", "rows", "max_units")}
        names: dict[str, JSON] = {"stage": "tabular", "part": part, "edition": EDITION, "task": self.name}
        names |= {"kind": self.task.kind, "seed": seed, "data": {self.name: self.task.checksum}}
        names |= {"split": self._split(seed)} | ({"file": str(self.file.resolve())} if self.file else {})
        fits = {"births": 3.0, "turns": 8.0, "published": 4.0}.get(part, 1.0)
        rows = steps_for(self.config.steps, self.task.n * (1 - 1 / self.config.folds)) / 3000
        cost = fits * SECONDS.get(str(settings.get("method", part)), 1.0) * self.config.folds * rows
        return Cell(f"{self.name} {label} {seed}", {**shared, **names, **settings}, cost)

    def _split(self, seed: int) -> str:
        """Checksum of the test targets of a repetition's folds: another scikit-learn may cut otherwise."""
        parts = table_folds(self.task, self.config.folds, seed)
        return sha256(b"".join(part.fold.test.y.tobytes() for part in parts)).hexdigest()
