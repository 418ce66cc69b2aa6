"""The options that every experiment has."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class RunOptions:
    """Base of an experiment's ``Config``: how to run, as opposed to what to compute.

    The four fields below never enter the hash that names the run folder.

    >>> RunOptions(quick=True).resolved().quick
    True
    """

    out: Path = Path("runs")
    """Folder that receives <experiment>/<run>/ with tables, figures and manifest."""
    jobs: int = 0
    """Number of worker processes; 0 means one for each core."""
    resume: bool = True
    """Reuse finished cells of an earlier, interrupted run of the same configuration; --no-resume computes
    everything anew."""
    quick: bool = False
    """Use the experiment's small preset: a first look within a minute or so."""

    def resolved(self) -> Self:
        """Return the configuration that is really computed; override it to apply the quick preset.

        The preset must show in other fields: they name the run folder, ``quick`` does not.
        """
        return self

    def validate(self) -> None:
        """Raise ``BadInput`` if the resolved configuration cannot be computed; override it to check fields."""


RUN_FIELDS = frozenset(field.name for field in fields(RunOptions))
