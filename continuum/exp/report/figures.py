"""Draw the figures of finished runs anew, PNG and PDF: nothing is computed, and LaTeX is not needed.

A run is any folder with a complete manifest and its tables, whose checksums are compared first.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from continuum.errors import BadInput
from continuum.exp import registry
from continuum.exp.printing import say
from continuum.exp.progress import drawing
from continuum.exp.report.run import FinishedRun, finished, shown_by
from continuum.exp.store import MANIFEST
from continuum.legible import legible
from continuum.storage import new_folder, read_json, storing, sweep_beside

#: Runs that cannot be drawn of which it is said why; the others are counted.
SHOWN = 3


@dataclass(frozen=True)
class Options:
    """Which runs to draw, and where."""

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME ...")] = ()
    """Experiments to draw; all by default."""
    source: Annotated[Path, tyro.conf.arg(name="from", metavar="FOLDER")] = Path("runs")
    """Folder of finished runs, such as runs, runs/gamma_sweep, or paper/results."""
    to: Path | None = None
    """Folder that receives NAME/RUN/ with the figures. Default: figures/ in the folder of each run."""


def main(options: Options, notes: Console) -> int:
    """Draw every finished run and say where its figures are."""
    for name in options.names:
        registry.load(name)  # a wrong name is refused before anything is drawn
    _refuse_file(options.to)
    drawn, refused = 0, list[BadInput]()
    for path in folders(options.source):
        if reason := _unfit(path):
            say(notes, f"{path}: {reason}, left out")
            continue
        try:
            drawn += _drawn(path, options, notes)
        except BadInput as error:  # one damaged run must not keep the others from being drawn
            refused.append(error)
            if len(refused) <= SHOWN:
                say(notes, legible(f"{path}: {error}", 600))
    if refused:
        came = f"{len(refused)} of which the tables are not whole, or are of another version"
        remedy = f"see what is said of {'it' if len(refused) == 1 else f'the first {SHOWN}'} above"
        raise BadInput("--from", expected="runs that can be drawn", came=came, remedy=remedy)
    if not drawn:
        wanted = " or ".join(options.names) or "any experiment"
        remedy = f"run one: python -m continuum.exp {(*options.names, 'gamma_sweep')[0]}"
        came = f"none in {options.source}"
        raise BadInput("--from", expected=f"a finished run of {wanted}", came=came, remedy=remedy)
    return 0


def _drawn(path: Path, options: Options, notes: Console) -> bool:
    """Draw the run and say where, unless its experiment was not asked for."""
    run = finished(path)
    name = str(run.manifest["experiment"])
    if options.names and name not in options.names:
        return False
    target = path / "figures" if options.to is None else options.to / name / path.name
    say(notes, f"{len(redraw(run, target, notes))} files in {target}")
    return True


def folders(root: Path) -> Iterator[Path]:
    """Yield the folders with a manifest: ``root`` itself, or up to two levels below it."""
    for pattern in (MANIFEST, f"*/{MANIFEST}", f"*/*/{MANIFEST}"):
        yield from sorted(path.parent for path in root.glob(pattern))


def redraw(run: FinishedRun, folder: Path, notes: Console | None = None) -> list[Path]:
    """Let the experiment draw its tables into ``folder``; return the paths of what it wrote."""
    from continuum.analysis.style import house_style  # matplotlib is slow to import

    module = registry.load(str(run.manifest["experiment"])).module
    version = run.manifest["result_version"]
    if version != module.RESULT_VERSION:
        expected = f"results of version {module.RESULT_VERSION}"
        remedy = f"run again: {run.manifest['command']}"
        raise BadInput(str(run.manifest["experiment"]), expected=expected, came=f"version {version}", remedy=remedy)
    with storing(folder, "--to"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep_beside(folder)
        console = notes or Console(quiet=True)
        with (
            new_folder(folder, keep_others=True) as place,
            house_style(),
            shown_by(run),
            drawing(place, console),
        ):
            return [folder / path.relative_to(place) for path in module.draw(run.tables, place)]


def _unfit(path: Path) -> str:
    """Why a folder is left out; empty for a finished run."""
    try:
        manifest = read_json(path / MANIFEST)
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict):
        return "manifest cannot be read"
    return "" if manifest.get("status") == "complete" else "not finished"


def _refuse_file(folder: Path | None) -> None:
    for path in (folder, *folder.parents) if folder is not None else ():
        if os.path.isfile(path):  # unlike Path.is_file, False below a folder that may not be entered
            remedy = "choose another, or leave --to out"
            raise BadInput(
                "--to", expected="a folder, or the name of a new one", came=f"the file {path}", remedy=remedy
            )
