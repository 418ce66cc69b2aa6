"""One network along a falling price, stage by stage."""

import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from continuum.learn.descent.settings import Stage
from continuum.learn.loss import SquaredError
from continuum.learn.network import Array, activations
from continuum.learn.rows import TrainingRows
from continuum.learn.run import Curves, GradedRun, train
from continuum.learn.task import Task
from continuum.progress import Meter

#: Columns from which on a line through fewer rows is found by way of the rows.
MANY_COLUMNS = 1024
#: Steps between two points of a curve, and two questions whether to go on.
EVERY = 25


@dataclass
class Descent:
    """A network in training; every stage begins where the last one ended, with a reserve of fresh units."""

    run: GradedRun

    @classmethod
    def of(cls, task: Task, rows: TrainingRows) -> Self:
        """A network that is born: beside a line through the rows the units of a single layer are silent.

        If they were on they would have to unlearn what they add to the line, which would bend to them. Of several
        layers all would stay silent: a unit learns only by what lies behind it.
        """
        run = task.graded_run(rows, 1, 1.0)
        weights = run.pool.weights
        if isinstance(run.objective, SquaredError) and weights.skip is not None and task.initial is None:
            weights.skip[:], run.objective.variance = least_squares(rows)
            if len(weights.outgoing) == 1:
                weights.outgoing[0][:] = 0
        return cls(run)

    def advance(self, stage: Stage, meter: Meter) -> None:
        """One further stage."""
        run = self.run
        run.pool.repack(reserve=True)
        run.price, run.steps, run.records = stage.price, stage.steps, max(stage.steps // EVERY, 1)
        train(run, meter)

    def outputs(self, rows: TrainingRows) -> Array:
        """Of these rows."""
        return activations(self.run.pool.weights, rows.x, self.run.activation)[-1]

    def twin(self) -> "Descent":
        """A copy that goes its own way."""
        run = self.run
        pool, objective = copy.deepcopy(run.pool), copy.copy(run.objective)
        random = copy.deepcopy(run.random)
        twin = replace(run, pool=pool, objective=objective, curves=Curves())
        twin.random = random
        return Descent(twin)


def least_squares(rows: TrainingRows) -> tuple[Array, float]:
    """The line through the rows with a little ridge, and the variance that it leaves, which is one nat at first.

    Descent alone is slow to find the line, and the first prices would be paid in nats of the whole target. One row in
    standard units per column is the ridge, so that it is nothing beside many rows.
    """
    weight = np.ones((len(rows), 1)) if rows.importance is None else rows.importance.astype(np.float64)
    x, y = rows.x[:, :-1].astype(np.float64), rows.y.astype(np.float64)
    x, y = x - (weight * x).mean(0), y - (weight * y).mean(0)
    line = _ridge(x, y, weight)
    return line.astype(rows.x.dtype), float((weight * np.square(y - x @ line)).mean())


def _ridge(x: Array, y: Array, weight: Array) -> Array:
    """Least squares with a ridge of 1; beside products so large that 1 is lost, by way of the rows themselves."""
    if x.shape[1] > max(len(x), MANY_COLUMNS):  # the same by the Gram matrix of the rows
        root = np.sqrt(weight)
        near = root * x
        return np.asarray(near.T @ np.linalg.solve(near @ near.T + np.eye(len(x)), root * y))
    try:
        return np.asarray(np.linalg.solve(x.T @ (weight * x) + np.eye(x.shape[1]), x.T @ (weight * y)))
    except np.linalg.LinAlgError:
        root = np.sqrt(weight)
        rows = np.vstack([root * x, np.eye(x.shape[1])])
        return np.asarray(np.linalg.lstsq(rows, np.vstack([root * y, np.zeros((x.shape[1], y.shape[1]))]))[0])
