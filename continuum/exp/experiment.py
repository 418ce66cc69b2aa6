"""What an experiment is: a module with the members of ``Experiment``.

It is found through an entry point of the group ``continuum.experiments``, so any package may bring its own::

    [project.entry-points."continuum.experiments"]
    gamma_sweep = "continuum_experiments.gamma_sweep"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:  # listing the experiments must not wait for pandas
    import pandas as pd
    from rich.console import RenderableType

#: What JSON can say.
JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
#: Tables by name.
Tables: TypeAlias = "Mapping[str, pd.DataFrame]"


@dataclass(frozen=True)
class RunOptions:
    """Base of an experiment's ``Config``: how to run, as opposed to what to compute.

    Each default stands once, at its field; smaller or larger settings are files (``continuum.exp.presets``). The
    fields below never enter the hash that names the run folder.

    >>> RunOptions(jobs=2).configuration()
    {}
    """

    out: Path = Path("runs")
    """Folder that receives <experiment>/<run>/ with tables, figures and manifest."""
    jobs: int = 0
    """Number of worker processes; 0 means one per core."""
    resume: bool = True
    """Reuse finished cells of an earlier, interrupted run of the same configuration; --no-resume computes
    everything anew."""
    preset: str = field(default="", compare=False, metadata={"flag": False})
    """The preset that the flags name; what it says is in the other fields."""

    def configuration(self) -> dict[str, Any]:
        """What the results depend on, by name: it names the run folder and stands in the manifest.

        All fields but the run options; override it to write a value that is derived from other fields, so that two
        spellings of one computation share a folder.
        """
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in RUN_FIELDS}

    def validate(self) -> None:
        """Raise ``BadInput`` if the configuration cannot be computed; override it to check fields."""


#: The fields that say how to run.
RUN_FIELDS = frozenset(field.name for field in fields(RunOptions))


@dataclass(frozen=True)
class Cell:
    """One independent piece of work.

    ``settings`` holds everything that determines the result, the checksum of the data included (by convention under
    the key ``data``), for the cell is stored under a hash of it. ``label`` names the cell to people and is unique in
    a run. ``cost`` is relative: the longest cells start first, and the time left is weighted by it.

    >>> Cell("digits seed 3", {"data": "sha256:9f2c", "seed": 3}).cost
    1.0
    """

    label: str
    settings: Mapping[str, JSON]
    cost: float = 1.0


class Experiment(Protocol):
    """The members that the module of an experiment has.

    The first line of the module's docstring is what ``python -m continuum.exp`` shows for it. A module may also have
    ``page(tables, manifest)``, which ``python -m continuum.exp report`` calls.
    """

    Config: type[RunOptions]
    """A frozen dataclass that inherits ``RunOptions``: its fields become flags, their docstrings the help, and each
    default stands there and nowhere else. ``configuration()`` names the run, ``validate()`` refuses."""

    RESULT_VERSION: int
    """Part of every cell's key: raise it when the code changes what a cell returns."""

    def cells(self, config: Any) -> Sequence[Cell]:
        """Cut the work; the cut depends on ``config.configuration()`` only, never on the number of workers."""

    def run(self, cell: Cell) -> Tables:
        """Compute one cell in a worker process: tables by name, ``results`` among them; the index is not kept."""

    def draw(self, tables: Tables, folder: Path) -> Sequence[Path]:
        """Write figures into ``folder`` and return their paths; runs inside ``analysis.style.house_style``."""

    def report(self, tables: Tables, config: Any) -> "Sequence[RenderableType]":
        """Return what is printed at the end."""
