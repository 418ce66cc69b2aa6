"""One run from plan to figures."""

import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, RenderableType

from continuum.errors import ContinuumError, StorageError
from continuum.exp.assemble import assemble, illustrate, write_timings
from continuum.exp.cells import Failed, Finished, Outcome, outcomes
from continuum.exp.experiment import RunOptions
from continuum.exp.keys import run_id
from continuum.exp.manifest import describe, now
from continuum.exp.plan import Planned, explain, make_plan
from continuum.exp.pool import Factory, cores, process_pool, worker_count
from continuum.exp.printing import say, show
from continuum.exp.progress import Display, Working
from continuum.exp.record import Stored
from continuum.exp.registry import Registered
from continuum.exp.signals import Interrupted, Stop
from continuum.exp.sizes import MOST_PER_CORE, check_cells, check_numbers
from continuum.exp.store import FIGURES_ERROR, MANIFEST, RunFolder, checksum_of
from continuum.legible import enumeration


class CellsFailed(ContinuumError):
    """Some cells raised; the finished ones are kept."""


@dataclass
class Run:
    """The state of a run: what was planned, what is finished, what failed.

    ``before`` holds the checksums of the tables that stand in the folder already, if they are of these very cells.
    """

    experiment: Registered
    config: RunOptions
    folder: RunFolder
    plan: Sequence[Planned]
    console: Console
    manifest: dict[str, Any]
    before: Mapping[str, str] = field(default_factory=dict)
    done: dict[str, Stored] = field(default_factory=dict)
    failed: dict[str, Failed] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """Print lines as they are: a label may hold brackets, which rich would take for markup."""
        say(self.console, *line.split("\n"))


def execute(
    experiment: Registered,
    config: RunOptions,
    *,
    console: Console,
    report: Console,
    command: str = "",
    stop: Stop | None = None,
    factory: Factory = process_pool,
) -> RunFolder:
    """Compute what is missing, write tables, figures and manifest, print the report; return the run folder.

    Progress and notes go to ``console``. If a cell fails, the others go on, then ``CellsFailed`` is raised and no
    assembled table is left; an error that a cell raises on purpose (``ContinuumError``) ends the run at once.
    """
    check_numbers(config)
    jobs = worker_count(config.jobs, most=cores() * MOST_PER_CORE if factory is process_pool else None)
    config.validate()
    with Working("looking at the tasks", console):
        cells = experiment.module.cells(config)
    check_cells(cells=len(cells))
    folder = RunFolder(config.out / experiment.name / run_id(config))
    with folder.locked():
        folder.sweep()
        if not config.resume:
            folder.set_aside()
        with Working(f"looking for {len(cells)} cells", console):
            plan = make_plan(experiment, cells, folder, resume=config.resume)
        manifest = describe(experiment, config, plan, command)
        run = Run(experiment, config, folder, plan, console, manifest, _before(folder, manifest))
        run.done = {planned.key: planned.stored for planned in plan if planned.stored}
        with _recorded(run):
            _compute(run, jobs, factory, stop or Stop())
            _finish(run, report)
    return folder


def _before(folder: RunFolder, manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """The checksums of the tables of an earlier, complete run of the same cells; empty without one."""
    earlier = folder.manifest()
    same = all(earlier.get(name) == manifest[name] for name in ("experiment", "result_version", "cells"))
    tables = earlier.get("tables")
    return tables if same and earlier.get("status") == "complete" and isinstance(tables, dict) else {}


@contextmanager
def _recorded(run: Run) -> Iterator[None]:
    """Keep manifest and timings true to what happens."""
    todo = [planned for planned in run.plan if planned.stored is None]
    if todo or not run.before:
        run.folder.withdraw()
    _write_manifest(run, "running")
    run.say(f"{run.experiment.name}: {len(run.plan)} cells in {run.folder.path}, {len(todo)} to compute")
    for line in explain(run.plan):
        run.say(f"  {line}")
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, Interrupted)
        with suppress(StorageError):  # the disk may be what failed
            write_timings(run.folder, run.plan, run.done)
            if run.manifest["status"] == "running":
                _write_manifest(run, "interrupted" if interrupted else "incomplete")
        if interrupted:
            run.say(f"interrupted: {len(run.done)} of {len(run.plan)} cells are finished and kept")
        raise


def _compute(run: Run, jobs: int, factory: Factory, stop: Stop) -> None:
    todo = [planned for planned in run.plan if planned.stored is None]
    if not todo:
        return
    jobs = min(jobs, len(todo))
    with stop.deferred(), factory(jobs) as executor, Display(run.plan, jobs, run.console) as display:
        name = run.experiment.module_name
        for planned, outcome in outcomes(todo, executor, module_name=name, jobs=jobs, stop=stop, beat=display.beat):
            _settle(run, planned, outcome)
            display.landed(planned, outcome.seconds if isinstance(outcome, Finished) else None)
    if run.failed:
        raise CellsFailed(_account(run))


def _settle(run: Run, planned: Planned, outcome: Outcome) -> None:
    if isinstance(outcome, Finished):
        sums = {name: checksum_of(content) for name, content in outcome.tables.items()}
        cell = Stored(planned.key, planned.cell.label, planned.parts, sums, outcome.seconds, outcome.worker)
        run.folder.keep(cell, outcome.tables)
        run.done[planned.key] = cell
        return
    run.failed[planned.key] = outcome
    run.manifest["failed"].append({"label": planned.cell.label, "key": planned.key, "error": outcome.line})
    path = run.folder.write(f"cells/{run.folder.error_file(planned.key).name}", outcome.trace.encode())
    run.say(f"failed: {planned.cell.label}: {outcome.line} (traceback in {path})")
    if outcome.error is not None:
        raise outcome.error


def _account(run: Run) -> str:
    names = [planned.cell.label for planned in run.plan if planned.key in run.failed]
    return (
        f"cells: expected {len(run.plan)} finished, got {len(run.done)} finished and {len(names)} failed "
        f"({enumeration(names)}); finished cells are kept, repair the cause and run the same command again"
    )


def _finish(run: Run, report: Console) -> None:
    tables = assemble(run.folder, [run.done[planned.key] for planned in run.plan], run.before)
    write_timings(run.folder, run.plan, run.done)
    run.manifest["tables"] = {name: checksum_of(content) for name, content in tables.items()}
    _write_manifest(run, "complete")
    for renderable in _illustrated(run, tables):
        show(report, renderable)
    run.say(f"tables in {run.folder.path}\nfigures in {run.folder.path / 'figures'}")


def _illustrated(run: Run, tables: Mapping[str, bytes]) -> Sequence[RenderableType]:
    try:
        return illustrate(run.experiment.module, run.config, run.folder, tables, run.console)
    except ContinuumError:
        raise
    except Exception as error:  # whatever a foreign drawing raises: the tables are safe, and one line says so
        path = run.folder.write(FIGURES_ERROR, traceback.format_exc().encode())
        raise ContinuumError(
            f"figures: expected a drawing and a report, got {type(error).__name__}: {error}; the tables are complete, "
            f"the traceback is in {path}"
        ) from error


def _write_manifest(run: Run, status: str) -> None:
    run.manifest["status"] = status
    run.manifest["finished"] = None if status == "running" else now()
    run.folder.write(MANIFEST, json.dumps(run.manifest, indent=1).encode())
