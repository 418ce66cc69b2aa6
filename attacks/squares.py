"""Square some numbers: an experiment to attack, whose true tables are known and whose figures are texts.

Its accidents are played through module variables, for they must not enter the configuration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from continuum.exp import Cell, RunOptions
from continuum.exp.experiment import Tables

#: Part of every cell's key, and of every number: rows of two versions cannot be taken for each other.
RESULT_VERSION = 1
#: The number whose cell fails; None for none.
FAILING: int | None = None
#: What was computed in this process: version, number, seed.
COMPUTED: list[tuple[int, int, int]] = []


@dataclass(frozen=True)
class Config(RunOptions):
    """What to square."""

    numbers: int = 2
    """How many numbers."""
    seeds: int = 1
    """Repetitions of each number."""


def cells(config: Config) -> list[Cell]:
    """One cell per number and seed."""
    return [
        Cell(f"number {number} seed {seed}", {"number": number, "seed": seed})
        for number in range(config.numbers)
        for seed in range(config.seeds)
    ]


def run(cell: Cell) -> Tables:
    """Square one number; odd ones have a table of their own."""
    number, seed = int(str(cell.settings["number"])), int(str(cell.settings["seed"]))
    COMPUTED.append((RESULT_VERSION, number, seed))
    if number == FAILING:
        raise ZeroDivisionError("no luck")
    return squared(RESULT_VERSION, number, seed)


def squared(version: int, number: int, seed: int) -> dict[str, pd.DataFrame]:
    """The true tables of one cell."""
    noise = np.random.default_rng([version, number, seed]).normal(size=3)
    tables = {"results": pd.DataFrame({"number": number, "square": version * number**2, "noise": noise})}
    return tables | ({"odd": pd.DataFrame({"number": [number], "version": [version]})} if number % 2 else {})


def drawn(tables: Tables) -> dict[str, str]:
    """What the figures hold, by file: all of the tables, so that stale ones are seen."""
    return {f"{name}.txt": table.to_csv(index=False) for name, table in tables.items()}


def draw(tables: Tables, folder: Path) -> Sequence[Path]:
    """Write the figures as somebody does who has not heard of files that are written at once."""
    for name, text in drawn(tables).items():
        (folder / name).write_text(text)
    return [folder / name for name in drawn(tables)]


def report(tables: Tables, config: Config) -> list[str]:
    """One line."""
    return [f"sum of squares {tables['results']['square'].sum()}"]


def page(tables: Tables, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A page whose lead tells it from any other."""
    return {"title": "squares", "lead": lead(tables)}


def lead(tables: Tables) -> str:
    """The noise of all rows, which no other tables have."""
    return f"noise {tables['results']['noise'].sum()!r}"
