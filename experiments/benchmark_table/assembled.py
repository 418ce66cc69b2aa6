"""The tables of a run as arrays, and as the table that the library reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from continuum.benchmark import Objective, Point, Space, Table
from continuum.benchmark.coding import coded
from continuum.benchmark.curves import PARTS, Curves
from continuum.benchmark.entry import Entry
from continuum.ensemble.parts import PartName
from continuum.exp.experiment import Tables


@dataclass(frozen=True, eq=False)
class TaskCurves:
    """Losses and scores of one task, (seeds, points, epochs) by part."""

    task: str
    space: Space
    seeds: tuple[int, ...]
    entry: Entry
    loss: dict[PartName, Float[np.ndarray, "seeds points epochs"]]
    score: dict[PartName, Float[np.ndarray, "seeds points epochs"]]

    @property
    def points(self) -> list[Point]:
        """In the order of the arrays."""
        return self.space.points()

    def objective(self, part: PartName) -> Float[np.ndarray, "seeds points epochs"]:
        """J after each epoch."""
        constants = np.array(self.entry.constants)[:, None, None]
        error = np.minimum(np.nan_to_num(self.loss[part] / constants, nan=1.0, posinf=1.0), 1.0)
        cost = Objective(1.0).cost
        return error + np.array([cost(point) for point in self.points])[:, None]


def of_tasks(tables: Tables) -> Iterator[TaskCurves]:
    """The curves of each task; the rows of ``curves`` follow those of ``results``, epochs within."""
    results, curves = tables["results"], tables["curves"]
    epochs = len(curves) // len(results)
    seconds = tables["seconds"].groupby("task")["seconds"].mean()
    for task, frame in results.groupby("task", sort=False):
        space = _space(frame, epochs)
        seeds = tuple(int(seed) for seed in frame["seed"].unique())
        shape = len(seeds), space.size, epochs
        start = frame.index[0] * epochs
        rows = curves.iloc[start : start + len(frame) * epochs]
        loss, score = (
            {part: rows[f"{part}_{name}"].to_numpy(dtype=np.float64).reshape(shape) for part in PARTS}
            for name in ("loss", "score")
        )
        entry = replace(Entry.of(str(task), seeds), seconds=round(float(seconds[task]), 4))
        yield TaskCurves(str(task), space, seeds, entry, loss, score)


def _space(frame: pd.DataFrame, epochs: int) -> Space:
    axes = [tuple(np.sort(frame[name].unique()).tolist()) for name in ("gamma", "lr", "weight_decay", "depth")]
    return Space(*axes, epochs=epochs)


def table_of(tables: Tables) -> Table:
    """The table that the library reads."""
    made = {}
    for of in of_tasks(tables):
        space, seeds = of.space, of.seeds
        curves = Curves(tuple(of.points), of.loss, of.score)
        made[of.task] = of.entry, coded(curves, of.entry.kind, of.entry.sizes)
    return Table.of(space, seeds, made)
