"""A kill before, in the middle of and after every file operation of a run, a page and a redrawing.

Then a reader looks, who must see the true tables or a refusal; the same command is given again, which must compute
nothing that was kept, and leave what an undisturbed run leaves: equal bytes, a complete manifest, nothing half-written.
"""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from rich.console import Console

from attacks import squares
from attacks.harness import Attack
from attacks.operations import MOMENTS, Hook
from continuum.errors import ContinuumError
from continuum.exp import manifest, registry
from continuum.exp.registry import Registered
from continuum.exp.report import command, figures
from continuum.exp.report.run import finished
from continuum.exp.runner import execute
from continuum.exp.store import RunFolder
from continuum.exp.tables import decode

#: Most cases of one scenario: operations times moments.
MOST = 260
#: The experiment under attack, as the registry would give it.
EXPERIMENT = Registered("squares", "attacks.squares", squares)  # type: ignore[arg-type]
#: Entries of a manifest that no two runs have in common.
VOLATILE = ("started", "finished")
Step = Callable[[Path], None]


@dataclass(frozen=True)
class Scenario:
    """What stands in the folder before, the command under attack, and the command that is to mend it."""

    before: tuple[Step, ...]
    act: Step
    again: Step | None = None

    @property
    def mend(self) -> Step:
        """The same command, unless another is the one to give."""
        return self.again or self.act


def run(out: Path, version: int = 1, failing: int | None = None, **options: Any) -> None:
    """The command ``squares``, its cells in a thread."""
    quiet = Console(quiet=True)
    config = squares.Config(out=out, jobs=1, **options)
    with mock.patch.multiple(squares, RESULT_VERSION=version, FAILING=failing), suppress(ContinuumError):
        execute(EXPERIMENT, config, console=quiet, report=quiet, command="squares", factory=ThreadPoolExecutor)


def page(out: Path, version: int = 1) -> None:
    """The command ``report`` on the only run."""
    with mock.patch.object(squares, "RESULT_VERSION", version):
        for folder in folders(out):
            command.write(folder)


def redraw(out: Path) -> None:
    """The command ``figures`` on all runs."""
    figures.main(figures.Options(source=out), Console(quiet=True))


def damage(out: Path) -> None:
    """Change a bit of one cell, and lose another's record."""
    one, two = sorted(path for folder in folders(out) for path in (folder / "cells").iterdir())[:2]
    content = bytearray((one / "results.parquet").read_bytes())
    content[20] ^= 1
    (one / "results.parquet").write_bytes(content)
    (two / "cell.json").unlink()


SCENARIOS = {
    "fresh": Scenario((), run),
    "again": Scenario((run, page), run),
    "anew": Scenario((run, page), partial(run, resume=False), run),
    "anew twice": Scenario((run, partial(run, resume=False), page), partial(run, resume=False), run),
    "other code": Scenario((run, page), partial(run, version=2)),
    "code and back": Scenario((run, partial(run, version=2), partial(page, version=2)), run),
    "damaged": Scenario((run, page, damage), run),
    "failing": Scenario((run, page), partial(run, version=2, failing=1), partial(run, version=2)),
    "failed before": Scenario((partial(run, failing=1),), run),
    "more seeds": Scenario((run, page), partial(run, seeds=2)),
    "more seeds, damaged": Scenario((run, damage), partial(run, seeds=2)),
    "report": Scenario((run,), page),
    "report again": Scenario((run, page), page),
    "figures": Scenario((run,), redraw),
}


def folders(out: Path) -> list[Path]:
    """The run folders."""
    return sorted(path for path in (out / "squares").glob("*") if path.is_dir())


@contextmanager
def surroundings() -> Iterator[None]:
    """The experiment is known by its name; no time goes into asking git, nor into waiting for the disk."""
    with (
        mock.patch.object(registry, "modules", return_value={"squares": "attacks.squares"}),
        mock.patch.object(manifest, "commit", return_value=None),
        mock.patch.object(os, "fsync"),  # a killed process loses nothing of what the system has taken
    ):
        yield


@dataclass(frozen=True)
class State:
    """A folder as it stands before the command, one as it stands after it and its mending; and all kills between.

    A kill is the number of an operation, and a moment.
    """

    before: Path
    after: Path
    kills: tuple[tuple[int, str], ...]


@cache
def state(name: str) -> State:
    """What the attempts of a scenario have in common, made once."""
    root = Path(tempfile.mkdtemp(prefix="attack-operations-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    before, after = root / "before", root / "after"
    before.mkdir()
    hook = Hook(after)
    with surroundings():
        for step in SCENARIOS[name].before:
            step(before)
        shutil.copytree(before, after)
        with hook.watching():
            SCENARIOS[name].act(after)
        SCENARIOS[name].mend(after)
    kills = tuple(
        (number, moment)
        for number, seen in enumerate(hook.seen)
        for moment in MOMENTS
        if moment != "middle" or "write" in seen.split()[0]
    )
    return State(before, after, kills)


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """One kill, then a look, and the command that mends."""
    name = list(SCENARIOS)[index % len(SCENARIOS)]
    kills, number = state(name).kills, index // len(SCENARIOS)
    if number >= len(kills):
        return None
    target, moment = kills[number * 37 % len(kills) if len(kills) % 37 else number]
    out = folder / "runs"
    shutil.copytree(state(name).before, out)
    with surroundings():
        _killed(SCENARIOS[name].act, out, target, moment)
        faults = [*_seen(out), *_mended(name, out)]
    return f"{name}, {moment} operation {target}: {'; '.join(faults)}" if faults else None


def _killed(act: Step, out: Path, target: int, moment: str) -> None:
    """Let a child of this process do it, and die."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException), Hook(out, target, moment).watching():
            act(out)
        os._exit(0)
    try:
        os.waitpid(child, 0)
    except BaseException:
        os.kill(child, 9)
        os.waitpid(child, 0)
        raise


def _seen(out: Path) -> Iterator[str]:
    """What a reader finds wrong in the folder as it is."""
    for path in folders(out):
        try:
            shown = finished(path)
        except ContinuumError:
            shown = None
        if shown is not None and not _equal(shown.tables, truth(dict(shown.manifest))):
            yield "a reader sees false tables"
        yield from _stale(path)


def _stale(path: Path) -> Iterator[str]:
    """Whether page and figures, which nothing checks, are those of the manifest beside them."""
    pictures, sheet = path / "figures", path / "report.html"
    if not pictures.exists() and not sheet.exists():
        return
    try:
        tables = truth(json.loads((path / "manifest.json").read_bytes()))
    except OSError:
        yield "figures or a page without a manifest"
        return
    if pictures.exists() and {file.name: file.read_text() for file in pictures.iterdir()} != squares.drawn(tables):
        yield f"figures are stale or in part: {sorted(file.name for file in pictures.iterdir())}"
    if sheet.exists() and squares.lead(tables).replace("'", "&#x27;") not in sheet.read_text():
        yield "the page is stale"


def truth(record: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """The true tables of the run that a manifest describes."""
    asked = record["configuration"]
    parts = [
        squares.squared(record["result_version"], number, seed)
        for number in range(asked["numbers"])
        for seed in range(asked["seeds"])
    ]
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pd.concat([part[name] for part in parts if name in part], ignore_index=True) for name in names}


def _equal(tables: Any, others: Any) -> bool:
    return set(tables) == set(others) and all(tables[name].equals(others[name]) for name in tables)


def _mended(name: str, out: Path) -> Iterator[str]:
    """What is wrong after the command was given again."""
    kept = {cell for path in folders(out) for cell in _kept(path)}
    squares.COMPUTED.clear()
    SCENARIOS[name].mend(out)
    if again := kept & set(squares.COMPUTED):
        yield f"computed although finished and kept: {sorted(again)}"
    reference = state(name).after
    if extra := _names(out) ^ _names(reference):
        yield f"differs from an undisturbed run: {sorted(extra)[:6]}"
    for path in folders(out):
        twin = reference / path.relative_to(out)
        yield from (
            f"{table.name} differs"
            for table in sorted(path.glob("*.parquet"))
            if table.stem != "timings" and _bytes(table) != _bytes(twin / table.name)
        )
        if _settled(path) != _settled(twin):
            yield f"the manifest differs: {_settled(path)}"
        if _settled(path).get("status") == "complete" and not _equal(_read(path), truth(_settled(path))):
            yield "false tables in the end"
    yield from _seen(out)


def _kept(path: Path) -> Iterator[tuple[int, int, int]]:
    """The finished cells of a run folder."""
    folder = RunFolder(path)
    for place in folder.cells.glob("*"):
        with suppress(Exception):
            if (cell := folder.find(place.name)) is not None and ".tmp-" not in place.name:
                settings = cell.parts["settings"]
                yield cell.parts["result_version"], settings["number"], settings["seed"]


def _names(out: Path) -> set[str]:
    # What was set aside depends on when the kill came; half-written things may not stand there either.
    paths = (path.relative_to(out) for path in out.rglob("*"))
    skipped = {"cells.previous", "report.html"}  # a page that is still true may stand or not
    return {str(path) for path in paths if not skipped & set(path.parts) or ".tmp-" in str(path)}


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _settled(path: Path) -> dict[str, Any]:
    record = json.loads(_bytes(path / "manifest.json") or b"{}")
    return {name: value for name, value in record.items() if name not in VOLATILE}


def _read(path: Path) -> dict[str, pd.DataFrame]:
    return {name: decode(_bytes(path / f"{name}.parquet")).to_pandas() for name in _settled(path)["tables"]}


attack = Attack("file_operations", cases=len(SCENARIOS) * MOST, short=len(SCENARIOS), attempt=attempt)
