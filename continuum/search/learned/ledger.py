"""What a method has spent and found, as rows of a trace: learning is charged, and the retraining of every answer."""

from dataclasses import astuple
from typing import Any

import numpy as np
import pandas as pd

from continuum.benchmark import Curve, Objective, Point, Space
from continuum.search.learned.retraining import retrained
from continuum.search.trace import COLUMNS, Trace


class RetrainingLedger:
    """The account of one search on a task, from one seed.

    Args:
        space: whose ``epochs`` a retraining has.
        objective: J of the task.
        task: its name.
        seed: of inner split, initial weights and minibatches.
        budget: epochs that may be spent.
    """

    def __init__(self, space: Space, objective: Objective, task: str, seed: int, budget: int) -> None:
        self.space, self.objective, self.task, self.seed, self.budget = space, objective, task, seed, budget
        self.cost, self.best = 0, np.inf
        self._rows: list[tuple[Any, ...]] = []
        self._known: dict[Point, None] = {}

    def affords(self, epochs: int) -> bool:
        """Whether so many epochs may be spent yet."""
        return self.cost + epochs <= self.budget

    def charge(self, epochs: int) -> None:
        """Epochs that were spent on learning, for which there is no row until the answer is retrained."""
        self.cost += epochs

    def retrain(self, point: Point) -> None:
        """Train a point from scratch, charge it in full, and write its row; a point that is known costs nothing."""
        if point in self._known:
            return
        self._known[point] = None
        self.cost += self.space.epochs
        self._write(point, retrained(point, self.space.epochs, self.task, self.seed))

    def trace(self, name: str) -> Trace:
        """The record so far."""
        return Trace(name, self.task, self.seed, pd.DataFrame(self._rows, columns=list(COLUMNS)))

    def _write(self, point: Point, curve: Curve) -> None:
        values = self.objective.values(curve)
        best = int(np.argmin(values))
        value = float(values[best])
        epochs = self.space.epochs
        self._rows.append((self.cost, len(self._rows), *astuple(point), epochs, best + 1, value, value < self.best))
        self.best = min(self.best, value)
