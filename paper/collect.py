"""From a finished run to ``paper/results``: its tables as they are, its manifest, and the tables of its report."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from continuum.errors import BadInput
from continuum.exp import cli
from continuum.exp.figures import redraw
from continuum.exp.report_run import MANIFEST, finished
from continuum.exp.storage import storing
from continuum.exp.store import checksum_of
from paper.presets import ROOT, Wanted
from paper.results import RECORD, TIMINGS, compare

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

    The report's tables are drawn up anew, so that they are those of the present code.
    """
    folder = source / run.experiment / run.run_id()
    remedy = f"make it: {run.command}"
    if not (folder / MANIFEST).is_file():
        raise BadInput(str(folder), expected=f"a run of the preset {run.preset}", came="none", remedy=remedy)
    found = finished(folder)
    compare(str(folder), found.manifest, run, remedy)
    with storing(target), tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / run.name
        redraw(found, fresh)
        tables = {path.stem: path.read_bytes() for path in sorted(fresh.glob("*.csv"))}
        place = target / run.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name in (MANIFEST, TIMINGS, *(f"{table}.parquet" for table in found.manifest["tables"])):
            shutil.copyfile(folder / name, place / name)
        for name, content in tables.items():
            (place / f"{name}.csv").write_bytes(content)
        sums = {name: checksum_of(content) for name, content in tables.items()}
        (place / RECORD).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")
    return place
