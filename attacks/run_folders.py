"""Damaged run folders: pipes, devices, folders, links and nonsense in place of any file of a run.

Running, showing and drawing must each go on or say in one short line what to do; never hang, never print a traceback.
Where a run ends well its tables are the true ones; where it refuses, it does what it should once the path is removed.
"""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from rich.console import Console

from attacks import squares
from attacks.damages import CHANGES, IN_PLACE, Damage, another_cell, forged
from attacks.file_operations import EXPERIMENT, folders, page, run, surroundings, truth
from attacks.harness import Attack
from continuum.errors import BadInput, ContinuumError, StorageError
from continuum.exp.report import command, figures
from continuum.exp.report.run import finished
from continuum.exp.runner import execute

#: Seconds within which each command must answer.
PATIENCE = 8.0
#: Letters of a message: about a screen.
LONGEST = 1600
#: Files of a run by what they are; KEY stands for a cell's name.
FILES = (
    "cells/KEY/cell.json",
    "cells/KEY/results.parquet",
    "manifest.json",
    "results.parquet",
    "odd.parquet",
    "timings.parquet",
    "report.html",
    "figures-error.txt",
    "cells/KEY.error.txt",
    ".lock",
)
#: Folders of a run.
FOLDERS = ("cells/KEY", "figures", "cells", "cells.previous", "cells/0123456789abcdef", "cells/KEY.tmp-1")


@cache
def template(number: int) -> Path:
    """A run that is complete, one that was interrupted, one of which a cell failed: each with a page if it can have."""
    place = tempfile.mkdtemp(prefix="attack-folders-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    root = Path(place) / "runs"
    with surroundings():
        run(root, failing=1 if number == 2 else None)
        if number == 0:
            page(root)
        if number == 1:
            (path,) = folders(root)
            record = json.loads((path / "manifest.json").read_bytes()) | {"status": "running", "tables": {}}
            (path / "manifest.json").write_text(json.dumps(record))
            for table in path.glob("*.parquet"):
                table.unlink()
    return root


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """One or two damages, then every command."""
    out = folder / "runs"
    shutil.copytree(template(index % 4 % 3), out)
    (path,) = folders(out)
    damages = dict(_damaged(path, generator) for _ in range(1 + int(generator.integers(4) == 0)))
    try:
        with surroundings():
            faults = [fault for fault in (_shown(path), _redrawn(path), _resumed(path, damages)) if fault]
    finally:
        _remove(out)
    story = "; ".join(f"{act} at {target.relative_to(path)}" for target, act in damages.items())
    return f"{story}: {'; '.join(faults)}" if faults else None


def _remove(path: Path) -> None:
    # Python's own removal recurses, and some folders here are nested deeper than it can.
    subprocess.run(["rm", "-rf", os.fspath(path)], check=False)


def _damaged(path: Path, rng: np.random.Generator) -> tuple[Path, str]:
    """Damage one file or folder; return which, and what was done."""
    names = [file.name for file in sorted((path / "cells").glob("*")) if len(file.name) == 16] or ["0" * 16]
    key = names[rng.integers(len(names))]
    places = FILES if rng.random() < 0.75 else FOLDERS
    name = places[rng.integers(len(places))].replace("KEY", key)
    target, change = path / name, CHANGES.get(Path(name).suffix, ())
    if name.endswith("cell.json"):
        change = (*change, another_cell)
    if change and target.is_file() and not target.is_symlink() and rng.random() < 0.5:
        act: Damage = change[rng.integers(len(change))]
    else:
        act = IN_PLACE[rng.integers(len(IN_PLACE))]
        _remove(target)
    try:
        target.parent.mkdir(exist_ok=True)
        act(target, rng)
    except (OSError, ValueError, KeyError, StopIteration, AttributeError, TypeError):
        pass  # the first of two damages left nothing for the second
    return target, act.__name__


def _shown(path: Path) -> str | None:
    return _answer("report", lambda: command.write(path, path.parent / "page.html"))


def _redrawn(path: Path) -> str | None:
    quiet, to = Console(quiet=True), path.parent / "drawn"
    return _answer("figures", lambda: figures.main(figures.Options(source=path, to=to), quiet))


def _resumed(path: Path, damages: dict[Path, str]) -> str | None:
    out, quiet = path.parents[1], Console(quiet=True)
    plainly = squares.Config(out=out, jobs=1)

    def compute() -> None:
        execute(EXPERIMENT, plainly, console=quiet, report=quiet, command="squares", factory=ThreadPoolExecutor)

    with mock.patch.multiple(squares, RESULT_VERSION=1, FAILING=None):
        if fault := _answer("run", compute):
            return fault
        try:
            compute()
        except ContinuumError as error:
            if "--no-resume" in str(error):
                return _answer("run --no-resume", lambda: run(out, resume=False)) or _true(path)
            for target in (*damages, Path(str(error).partition(": expected")[0])):
                _remove(target if target.name != "cells" else path)
            try:
                compute()
            except ContinuumError as second:
                return f"its remedy is none: {error}, then {second}"
    return (
        _true(path) if forged.__name__ not in damages.values() else None
    )  # a forgery of record and table cannot be told


def _true(path: Path) -> str | None:
    try:
        shown = finished(path)
    except BadInput as error:
        return f"no finished run in the end: {error}"
    expected = truth(dict(shown.manifest))
    if set(shown.tables) == set(expected) and all(shown.tables[name].equals(expected[name]) for name in expected):
        return None
    return "false tables in the end"


def _answer(what: str, act: Callable[[], Any]) -> str | None:
    """What is wrong with how a command ends: slowly, or by an error that is not one of ours, or is long."""
    start = time.perf_counter()
    try:
        act()
    except (BadInput, StorageError, ContinuumError) as error:
        message = str(error)
        if len(message) > LONGEST or "\n" in message or "\x1b" in message:
            return f"{what}: a message of {len(message)} letters, or with odd ones: {message[:200]!r}"
    except Exception as error:
        return f"{what}: {type(error).__name__}: {str(error)[:200]}"
    seconds = time.perf_counter() - start
    return f"{what}: {seconds:.0f} s" if seconds > PATIENCE else None


attack = Attack("run_folders", cases=1200, short=8, attempt=attempt, seconds=60.0)
