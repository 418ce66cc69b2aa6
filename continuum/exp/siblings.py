"""Finished cells of an experiment's other runs: the same work, asked for with other settings beside it.

A cell's key names its content, so that a run of three seeds finds what a run of two has computed. Cells are copied, not
shared: every run folder stays whole by itself. No lock is needed, for a cell appears in its folder at once or not at
all, and what is copied are the bytes whose checksums were compared.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from continuum.exp.record import Stored
from continuum.exp.store import RunFolder


@dataclass(frozen=True)
class Siblings:
    """The other run folders beside ``folder``, looked through for the keys ``wanted`` when a cell is first missing."""

    folder: RunFolder
    wanted: frozenset[str]

    def copied(self, key: str, label: str) -> tuple[Stored, Path] | None:
        """Copy the cell from the first other run that has it whole; return its record and that run, None without."""
        for path in self._holders.get(key, ()):
            lent = RunFolder(path).lent(key)
            if lent is not None:
                cell, tables = replace(lent[0], label=label), lent[1]
                self.folder.keep(cell, tables)
                return cell, path
        return None

    @cached_property
    def _holders(self) -> dict[str, list[Path]]:
        """The runs by the names of what is in their cells' folders, in the order of the runs' names."""
        holders: dict[str, list[Path]] = {}
        for path in sorted(_folders(self.folder.path.parent)):
            if path.name != self.folder.path.name:
                for cell in _folders(RunFolder(path).cells):
                    if cell.name in self.wanted:
                        holders.setdefault(cell.name, []).append(path)
        return holders


def _folders(path: Path) -> Iterator[Path]:
    with suppress(OSError):
        for entry in os.scandir(path):
            if entry.is_dir():
                yield path / entry.name
