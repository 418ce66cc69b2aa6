"""A run of a tiny configuration in this process: its cells in a thread, its figures coarse."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from continuum.exp import registry
from continuum.exp.experiment import RunOptions
from continuum.exp.runner import execute
from tests.exp.shortcuts import coarse


@dataclass(frozen=True)
class Completed:
    """A finished run: its configuration and folder, what was printed, and its tables."""

    config: RunOptions
    folder: Path
    report: str
    notes: str

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The assembled tables of the experiment."""
        paths = [path for path in self.folder.glob("*.parquet") if path.stem != "timings"]
        return {path.stem: pd.read_parquet(path) for path in paths}


def complete(name: str, config: RunOptions) -> Completed:
    """Run ``name`` as its command does, and keep what it prints."""
    report, notes = (Console(file=io.StringIO(), width=160) for _ in range(2))
    with coarse():
        folder = execute(registry.load(name), config, console=notes, report=report, factory=ThreadPoolExecutor)
    printed = [console.file.getvalue() for console in (report, notes)]  # type: ignore[attr-defined]
    return Completed(config, folder.path, *printed)
