"""From a finished run to ``paper/results``: its tables as they are, its manifest, and the tables of its report."""

import json
import shlex
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from continuum.errors import BadInput
from continuum.exp import cli
from continuum.exp.report.figures import redraw
from continuum.exp.report.run import FinishedRun, finished
from continuum.exp.store import MANIFEST, checksum_of
from continuum.storage import storing, write_folder
from paper.presets import ROOT, Wanted
from paper.results import RECORD, TIMINGS, compare, seconds_of

RUNS = ROOT / "runs"
RESULTS = ROOT / "paper" / "results"


class RunFailed(Exception):
    """A run of a preset ended with an error, which it printed; ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def compute(runs: Iterable[Wanted], out: Path, notes: Console) -> None:
    """Run what is not finished, one experiment after the other; each resumes."""
    for run in runs:
        notes.print(f"\n{run.command}", style="bold", markup=False, highlight=False)
        if code := cli.main([*run.flags, "--out", str(out)]):
            raise RunFailed(code)


def collect(run: Wanted, source: Path, target: Path) -> Path:
    """Copy one run from ``source`` (such as ``runs``) into ``target / run.name``; return that folder.

    The report's tables are drawn up anew, so that they are those of the present code. All is read before anything is
    written, and what was recorded before is replaced at once: a run that is not whole leaves it as it is.
    """
    folder = source / run.experiment / run.run_id()
    remedy = f"make it: {run.command}" + ("" if source == RUNS else f" --out {shlex.quote(str(source))}")
    if not (folder / MANIFEST).is_file():
        raise BadInput(str(folder), expected=f"a run of the preset {run.preset}", came="none", remedy=remedy)
    finished_run = finished(folder)
    compare(str(folder), finished_run.manifest, run, remedy)
    seconds_of(folder, remedy)
    names = (MANIFEST, TIMINGS, *(f"{table}.parquet" for table in finished_run.manifest["tables"]))
    files = {name: _read(folder / name, remedy) for name in names}
    place = target / run.name
    with storing(place, option=""):
        files |= _reported(finished_run)
        target.mkdir(parents=True, exist_ok=True)
        write_folder(place, files)
    return place


def report_anew(run: Wanted, target: Path) -> Path:
    """Draw up the report's tables of recorded results anew, by the present code; return their folder.

    The rows that were measured, their manifest and its checksums stay as they are, so that no run need be at hand.
    """
    place, remedy = target / run.name, f"record it: {run.command} && python -m paper.build collect {run.name}"
    if not (place / MANIFEST).is_file():
        raise BadInput(str(place), expected="recorded results", came="none", remedy=remedy)
    recorded = finished(place)
    compare(str(place), recorded.manifest, run, remedy)
    names = (MANIFEST, TIMINGS, *(f"{table}.parquet" for table in recorded.manifest["tables"]))
    files = {name: _read(place / name, remedy) for name in names}
    with storing(place, option=""):
        write_folder(place, files | _reported(recorded))
    return place


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        came = error.strerror or str(error)
        raise BadInput(str(path), expected="a file of the run", came=came, remedy=remedy) from None


def _reported(finished_run: FinishedRun) -> dict[str, bytes]:
    """The report's tables, and the record of their checksums."""
    with tempfile.TemporaryDirectory() as scratch:
        redraw(finished_run, Path(scratch))
        tables = {path.name: path.read_bytes() for path in sorted(Path(scratch).glob("*.csv"))}
    sums = {name.removesuffix(".csv"): checksum_of(content) for name, content in tables.items()}
    return tables | {RECORD: (json.dumps(sums, indent=1) + "\n").encode()}
