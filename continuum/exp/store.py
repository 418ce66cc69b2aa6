"""The run folder: finished cells, tables, and the lock that keeps a second process out.

Only the process that holds the lock writes here. Workers return bytes: so a worker that outlives a killed parent
cannot disturb the next run, and workers on other machines need no common disk.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from continuum.errors import RunLocked
from continuum.exp.keys import cell_key
from continuum.exp.record import Stored, record_of, written
from continuum.storage import discard, new_folder, read_json, read_regular, remove, storing, write_folder, write_whole

#: The file of a cell that says what it is and what its tables hash to.
RECORD = "cell.json"
#: The file that makes a folder a run.
MANIFEST = "manifest.json"
#: The page of a run, which a change of its tables makes stale.
PAGE = "report.html"
#: The traceback of a drawing that failed.
FIGURES_ERROR = "figures-error.txt"
#: Where a killed process may have left something half-written.
LEFTOVERS = ("*.tmp-*", "cells/*.tmp-*", "figures/*.tmp-*", "cells/*/replaced")


class Damaged(Exception):
    """A stored cell is not what was written; the message says what differs."""


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
        """Remove what a killed process left half-written, and the tracebacks of cells that are finished by now."""
        with storing(self.path):
            for leftover in [path for pattern in LEFTOVERS for path in self.path.glob(pattern)]:
                remove(leftover)
            for trace in list(self.cells.glob("*.error.txt")):
                if (self.cells / trace.name.partition(".")[0] / RECORD).exists():
                    remove(trace)

    def set_aside(self) -> None:
        """Move all finished cells to ``cells.previous``, so that a run that is to start anew can itself be resumed."""
        with storing(self.path):
            if any(self.cells.iterdir()):
                previous = self.cells.with_name("cells.previous")
                discard(previous)
                self.cells.rename(previous)
                self.cells.mkdir()

    def keep(self, cell: Stored, tables: Mapping[str, bytes]) -> None:
        """Write a finished cell: after this returns, no kill and no power cut loses it."""
        record = json.dumps(written(cell), indent=1).encode()
        files = {f"{name}.parquet": content for name, content in tables.items()} | {RECORD: record}
        with storing(self.cells / cell.key):
            write_folder(self.cells / cell.key, files)
            self.error_file(cell.key).unlink(missing_ok=True)

    def error_file(self, key: str) -> Path:
        """Return where the traceback of a failed cell is kept."""
        return self.cells / f"{key}.error.txt"

    def find(self, key: str) -> Stored | None:
        """Return the finished cell, its files checked; None if there is none; raise ``Damaged`` if they differ."""
        verified = self._verified(key)
        return None if verified is None else verified[0]

    def lent(self, key: str) -> tuple[Stored, dict[str, bytes]] | None:
        """Return a finished cell with exactly the tables that were checked: another process may be at work here.

        None where there is no such cell, or a damaged one.
        """
        with suppress(Damaged):
            return self._verified(key)
        return None

    def _verified(self, key: str) -> tuple[Stored, dict[str, bytes]] | None:
        folder = self.cells / key
        if not os.path.lexists(folder):
            return None
        try:
            cell = record_of(read_json(folder / RECORD))
        except (OSError, ValueError):
            raise Damaged(f"{RECORD} cannot be read") from None
        if cell.key != key or cell_key(cell.parts) != key:
            raise Damaged(f"{RECORD} belongs to another cell")
        return cell, {name: _read(folder / f"{name}.parquet", checksum) for name, checksum in cell.tables.items()}

    def labels(self) -> dict[str, Stored]:
        """Return the finished cells by label, whatever their key; of equal labels the latest, unchecked."""
        dated = []
        for path in self.cells.glob(f"*/{RECORD}"):
            with suppress(OSError, ValueError):
                dated.append((path.stat().st_mtime, record_of(read_json(path))))
        return {cell.label: cell for _, cell in sorted(dated, key=lambda pair: pair[0])}

    def tables(self, cell: Stored) -> dict[str, bytes]:
        """Return the tables of a finished cell as Parquet."""
        with storing(self.cells / cell.key):
            return {name: read_regular(self.cells / cell.key / f"{name}.parquet") for name in cell.tables}

    def manifest(self) -> dict[str, Any]:
        """Return the manifest that stands here; empty where it cannot be read."""
        with suppress(OSError, ValueError):
            content = read_json(self.path / MANIFEST)
            return content if isinstance(content, dict) else {}
        return {}

    def write(self, name: str, content: bytes) -> Path:
        """Write one file of the run folder at once."""
        path = self.path / name
        with storing(path):
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content, swept=True)
        return path

    def withdraw(self, keep: frozenset[str] = frozenset()) -> None:
        """Remove the assembled tables but those called ``keep``; where none is kept, page and figures go before them.

        Stale ones must not look valid; with tables that are the same as before, page and figures still tell the truth.
        """
        with storing(self.path):
            if not keep:
                (self.path / PAGE).unlink(missing_ok=True)
                discard(self.figures)
            for path in self.path.glob("*.parquet"):
                if path.stem not in keep:
                    path.unlink()

    @contextmanager
    def drawing(self) -> Iterator[Path]:
        """Give a folder to draw into, which becomes that of the figures at once when all are drawn."""
        with storing(self.figures), new_folder(self.figures) as folder:
            yield folder
        with storing(self.path):
            remove(self.path / FIGURES_ERROR)


def _read(path: Path, checksum: str) -> bytes:
    try:
        content = read_regular(path)
    except OSError:
        raise Damaged(f"{path.name} cannot be read") from None
    if checksum_of(content) != checksum:
        raise Damaged(f"checksum of {path.name} differs")
    return content


def checksum_of(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()
