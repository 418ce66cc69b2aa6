"""The options that every experiment has."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunOptions:
    """Base of an experiment's ``Config``: how to run, as opposed to what to compute.

    Each default stands once, at its field; smaller or larger settings are files (``continuum.exp.presets``). The three
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
