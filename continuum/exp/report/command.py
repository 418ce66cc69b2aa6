"""One HTML page from a finished run, to look at offline: curves, gates, derivatives, rows, manifest.

What the page shows comes from an optional member of the experiment's module,

    page(tables: Mapping[str, DataFrame], manifest: Mapping[str, Any]) -> Mapping[str, JSON]

as JSON data of the form that ``continuum/exp/report/page/page.js`` describes. The same run gives the same bytes.
"""

import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from continuum.errors import BadInput
from continuum.exp import registry
from continuum.exp.experiment import JSON, Tables
from continuum.exp.printing import say
from continuum.exp.report.render import render
from continuum.exp.report.run import RUN, FinishedRun, finished, shown_by
from continuum.exp.store import PAGE
from continuum.legible import enumeration
from continuum.storage import storing, write_whole

Page = Callable[[Tables, Mapping[str, Any]], Mapping[str, JSON]]


@dataclass(frozen=True)
class Options:
    """Which run to show, and where."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a finished run, such as runs/gamma_sweep/5b8d2349c777."""
    out: Path | None = None
    """The file to write. Default: report.html in the folder of the run."""


def main(options: Options, notes: Console) -> int:
    """Write the page and say where it is."""
    path = write(options.run, options.out)
    say(notes, f"{path} ({path.stat().st_size / 1e6:.1f} MB): open it in any browser, it needs no network")
    return 0


def write(run: Path, out: Path | None = None) -> Path:
    """Write the page of a run to ``out`` (default: ``run / "report.html"``) and return its path.

    Raises ``BadInput`` where there is no finished run, or none of an experiment that has a page, and where ``out``
    is a folder or in none.
    """
    if out is None:
        out = run / PAGE
    elif not os.path.isdir(out.parent):  # unlike Path.is_dir, False below a folder that may not be entered
        # Said here, for the system's own message would name the temporary file beside it.
        remedy = f"mkdir -p {shlex.quote(str(out.parent))}, or choose another file"
        raise BadInput("--out", expected="a file in a folder that exists", came=out, remedy=remedy)
    if os.path.isdir(out):
        raise BadInput(
            "--out", expected="the name of a file", came=f"the folder {out}", remedy=f"try {out / run.name}.html"
        )
    if os.path.exists(out) and not os.path.isfile(out):  # it would be replaced, /dev/null too
        came = f"{out}, which is a device or a pipe"
        raise BadInput("--out", expected="the name of a file", came=came, remedy=f"try {run.name}.html")
    finished_run = finished(run)
    page = page_of(finished_run)
    with shown_by(finished_run):
        content = render({"manifest": finished_run.manifest, **page(finished_run.tables, finished_run.manifest)})
    with storing(out):
        write_whole(out, content.encode())
    return out


def with_page() -> list[str]:
    """Return the experiments that have a page; one that cannot be imported has none."""
    names = []
    for name in registry.modules():
        with suppress(registry.BrokenExperiment):
            names += [name] if hasattr(registry.load(name).module, "page") else []
    return names


def page_of(run: FinishedRun) -> Page:
    """Return what describes the page of this run: the member ``page`` of its experiment."""
    name = run.manifest["experiment"]
    module = registry.load(name).module
    page: Page | None = getattr(module, "page", None)
    if page is None:
        expected = f"a run of an experiment with a page ({enumeration(with_page())})"
        remedy = f"its tables and figures are in {run.folder}; figures --from {run.folder} draws the latter anew"
        raise BadInput(RUN, expected=expected, came=f"{name}, which has no page", remedy=remedy)
    version = run.manifest["result_version"]
    if version != module.RESULT_VERSION:
        expected = f"results of version {module.RESULT_VERSION}, which this {name} computes"
        raise BadInput(
            RUN, expected=expected, came=f"version {version}", remedy=f"run again: {run.manifest['command']}"
        )
    return page
