"""The run folder: finished cells, tables, and the lock that keeps a second process out.

Only the process that holds the lock writes here. Workers return bytes: so a worker that outlives a killed parent
cannot disturb the next run, and workers on other machines need no common disk.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from continuum.errors import RunLocked
from continuum.exp.keys import cell_key
from continuum.storage import storing, write_folder, write_whole

#: The file of a cell that says what it is and what its tables hash to.
RECORD = "cell.json"
#: The page of a run, which a change of its tables makes stale.
PAGE = "report.html"


class Damaged(Exception):
    """A stored cell is not what was written; the message says what differs."""


@dataclass(frozen=True)
class Stored:
    """The record of a finished cell: ``tables`` holds the SHA-256 of each table's file."""

    key: str
    label: str
    parts: Mapping[str, Any]
    tables: Mapping[str, str]
    seconds: float
    worker: int


@dataclass(frozen=True)
class RunFolder:
    """The folder of one configuration, ``<out>/<experiment>/<run>/``."""

    path: Path

    @property
    def cells(self) -> Path:
        """Folder of the finished cells."""
        return self.path / "cells"

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.path / "figures"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the operating system frees it when the process ends, however it ends."""
        lock = FileLock(str(self.path / ".lock"), timeout=0)
        with storing(self.path):
            self.cells.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:
                raise RunLocked(
                    f"{self.path}: expected a free run folder, got one that another process is working in; "
                    "wait until it ends, or choose another folder with --out"
                ) from None
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> None:
        """Remove what a killed process left half-written."""
        with storing(self.path):
            leftovers = [*self.path.rglob("*.tmp-*"), *self.cells.glob("*/replaced")]
            for leftover in leftovers:
                if leftover.is_dir():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink(missing_ok=True)

    def set_aside(self) -> None:
        """Move all finished cells to ``cells.previous``, so that a run that is to start anew can itself be resumed."""
        previous = self.cells.with_name("cells.previous")
        with storing(self.path):
            if any(self.cells.iterdir()):
                if previous.exists():
                    shutil.rmtree(previous)
                self.cells.rename(previous)
                self.cells.mkdir()

    def keep(self, cell: Stored, tables: Mapping[str, bytes]) -> None:
        """Write a finished cell: after this returns, no kill and no power cut loses it."""
        record = json.dumps(asdict(cell), indent=1).encode()
        files = {f"{name}.parquet": content for name, content in tables.items()} | {RECORD: record}
        with storing(self.cells / cell.key):
            write_folder(self.cells / cell.key, files)
            self.error_file(cell.key).unlink(missing_ok=True)

    def error_file(self, key: str) -> Path:
        """Return where the traceback of a failed cell is kept."""
        return self.cells / f"{key}.error.txt"

    def find(self, key: str) -> Stored | None:
        """Return the finished cell, its files checked; None if there is none; raise ``Damaged`` if they differ."""
        folder = self.cells / key
        if not folder.is_dir():
            return None
        try:
            cell = Stored(**json.loads((folder / RECORD).read_bytes()))
        except (OSError, ValueError, TypeError):
            raise Damaged(f"{RECORD} cannot be read") from None
        if cell_key(cell.parts) != key:
            raise Damaged(f"{RECORD} belongs to another cell")
        for name, checksum in cell.tables.items():
            _check(folder / f"{name}.parquet", checksum)
        return cell

    def labels(self) -> dict[str, Stored]:
        """Return the finished cells by label, whatever their key; of equal labels the latest, unchecked."""
        records = sorted(self.cells.glob(f"*/{RECORD}"), key=lambda path: path.stat().st_mtime)
        known = {}
        for path in records:
            with suppress(OSError, ValueError, TypeError):
                cell = Stored(**json.loads(path.read_bytes()))
                known[cell.label] = cell
        return known

    def tables(self, cell: Stored) -> dict[str, bytes]:
        """Return the tables of a finished cell as Parquet."""
        with storing(self.cells / cell.key):
            return {name: (self.cells / cell.key / f"{name}.parquet").read_bytes() for name in cell.tables}

    def write(self, name: str, content: bytes) -> Path:
        """Write one file of the run folder at once."""
        path = self.path / name
        with storing(path):
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content)
        return path

    def withdraw(self, keep: frozenset[str] = frozenset()) -> None:
        """Remove the assembled tables but those called ``keep``, and the figures: stale ones must not look valid.

        Where no table is kept, the page goes too; with tables that are the same as before it still tells the truth.
        """
        with storing(self.path):
            if not keep:
                (self.path / PAGE).unlink(missing_ok=True)
            for path in self.path.glob("*.parquet"):
                if path.stem not in keep:
                    path.unlink()
            if self.figures.exists():
                shutil.rmtree(self.figures)


def _check(path: Path, checksum: str) -> None:
    try:
        content = path.read_bytes()
    except OSError:
        raise Damaged(f"{path.name} cannot be read") from None
    if checksum_of(content) != checksum:
        raise Damaged(f"checksum of {path.name} differs")


def checksum_of(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()
