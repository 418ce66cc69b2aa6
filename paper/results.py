"""Recorded results: tables, manifests and the ledger, checked against the presets before anything is built."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from continuum.checks import one_of
from continuum.errors import BadInput
from continuum.exp.keys import canonical
from continuum.exp.report.run import RUN, FinishedRun, finished
from continuum.exp.store import checksum_of
from continuum.exp.tables import decode
from paper import ledger
from paper.presets import ROOT, Wanted, further, wanted

#: Checksums of the report's tables.
RECORD = "report.json"
TIMINGS = "timings.parquet"


@dataclass(frozen=True)
class Results:
    """Everything that was measured and proved, as recorded in ``folder`` for the runs of a preset."""

    folder: Path
    preset: str = "paper"
    ledger_file: Path = ledger.FILE

    @property
    def quick(self) -> bool:
        """Whether these are the small presets: numbers to look at, not to believe."""
        return self.preset == "quick"

    @cached_property
    def runs(self) -> Mapping[str, Wanted]:
        """The runs by name; those of one experiment's own presets only where they were recorded."""
        runs = {run.name: run for run in wanted(self.preset)}
        optional = [] if self.quick else further()
        return runs | {run.name: run for run in optional if (self.folder / run.name).is_dir()}

    def check(self) -> None:
        """Raise ``BadInput`` unless every run is there, whole and that of its preset."""
        for name in self.runs:
            self.run(name)
        _ = self.ledger

    def run(self, experiment: str) -> FinishedRun:
        """The tables and the manifest of a run, checked once."""
        one_of("results", experiment, self.runs, plural="experiments")
        if experiment not in self._loaded:
            self._loaded[experiment] = _checked(self.folder / experiment, self.runs[experiment])
        return self._loaded[experiment]

    @cached_property
    def _loaded(self) -> dict[str, FinishedRun]:
        return {}

    def table(self, experiment: str, name: str) -> pd.DataFrame:
        """A table of a run or of its report, a copy of its own for each caller."""
        tables = self.run(experiment).tables
        return tables[one_of(f"table of {experiment}", name, tables, plural="tables")].copy()

    def manifest(self, experiment: str) -> Mapping[str, Any]:
        """The manifest of a run."""
        return self.run(experiment).manifest

    def seconds(self, experiment: str) -> float:
        """Computing time of a run: that of its cells, one after the other."""
        self.run(experiment)
        return seconds_of(self.folder / experiment, _remedy(self.runs[experiment]))

    def source(self, experiment: str, table: str, row: object) -> str:
        """What the comment of a number says: the file and the row."""
        kind = "parquet" if table in self.manifest(experiment)["tables"] else "csv"
        where = self.folder / experiment / f"{table}.{kind}"
        inside = where.is_relative_to(ROOT)
        return f"{where.relative_to(ROOT) if inside else where.relative_to(self.folder)}, {row}"

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        """The entries of the ledger, as recorded."""
        return ledger.read(self.ledger_file)


def _checked(folder: Path, run: Wanted) -> FinishedRun:
    """The run, if it is that of the preset; its report's tables too."""
    remedy = _remedy(run)
    if not (folder / "manifest.json").is_file():
        raise BadInput(str(folder), expected="recorded results", came="none", remedy=remedy)
    finished_run = _whole(folder, remedy)
    compare(str(folder), finished_run.manifest, run, remedy)
    seconds_of(folder, remedy)
    try:
        sums = json.loads((folder / RECORD).read_bytes())
        if not isinstance(sums, dict):
            raise ValueError(f"{RECORD} without checksums by table")
        tables = {name: _csv(folder / f"{name}.csv", checksum) for name, checksum in sums.items()}
    except (OSError, ValueError) as error:
        remedy = f"collect again: python -m paper.build collect {run.name}"
        raise BadInput(str(folder), expected="the tables of the report", came=str(error), remedy=remedy) from None
    return FinishedRun(finished_run.manifest, {**finished_run.tables, **tables})


def _remedy(run: Wanted) -> str:
    if run.preset == "quick":
        return "make it: python -m paper.build --quick"
    return f"make it: {run.command} && python -m paper.build collect {run.name}"


def _whole(folder: Path, remedy: str) -> FinishedRun:
    """The recorded run; the command of its manifest would mend the run folder, not this copy."""
    try:
        return finished(folder)
    except BadInput as error:
        what = str(folder) if error.what == RUN else error.what
        raise BadInput(what, expected=error.expected, came=error.came, remedy=remedy) from None


def seconds_of(folder: Path, remedy: str) -> float:
    """Seconds of all cells of a run; they differ from run to run, so that no checksum says whether they are whole."""
    path = folder / TIMINGS
    try:
        return float(decode(path.read_bytes()).to_pandas()["seconds"].sum())
    except OSError as error:
        came = error.strerror or str(error)
    except (pa.ArrowException, ValueError, KeyError) as error:
        came = f"{type(error).__name__}: {error}"
    raise BadInput(str(path), expected="a table with the seconds of each cell", came=came, remedy=remedy)


def compare(where: str, manifest: Mapping[str, Any], run: Wanted, remedy: str) -> None:
    """Raise ``BadInput`` unless the manifest is that of the preset, computed by this version."""
    of_preset, of_run = run.configuration(), manifest["configuration"]
    different = sorted(
        key for key in {*of_preset, *of_run} if canonical(of_preset.get(key)) != canonical(of_run.get(key))
    )
    if different or manifest["experiment"] != run.experiment:
        came = f"those of another: {', '.join(different) or manifest['experiment']} differs"
        expected = f"results of {run.experiment} with the preset {run.preset}"
        raise BadInput(where, expected=expected, came=came, remedy=remedy)
    if manifest["result_version"] != run.version():
        came = f"version {manifest['result_version']}"
        raise BadInput(where, expected=f"results of version {run.version()}", came=came, remedy=remedy)


def _csv(path: Path, checksum: str) -> pd.DataFrame:
    if checksum_of(path.read_bytes()) != checksum:
        raise ValueError(f"{path.name} was changed after it was collected")
    return pd.read_csv(path)
