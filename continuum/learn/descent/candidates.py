"""What competes for the inputs of a network, and the parts of the rows that judge it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from continuum.learn.rows import TrainingRows
from continuum.learn.task import Task

#: Rows below which two halves can show nothing.
LEAST_ROWS = 40
#: Rows from which a fifth of them is held out once, and most rows that are.
MANY_ROWS, MOST_HELD_OUT = 4000, 8000

Index = Int[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A name, and the task of rows with these inputs; rows, targets and weights are those of all candidates."""

    name: str
    task: Task


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of rows to train on, and of rows held out."""

    training: Index
    held_out: Index

    def rows(self, rows: TrainingRows) -> tuple[TrainingRows, TrainingRows]:
        """Both parts."""
        return rows.part(self.training), rows.part(self.held_out)


def folds_of(rows: TrainingRows, seed: int, *, classes: bool) -> list[Fold]:
    """Two halves in both roles; of many rows one part, a fifth; of too few none.

    Rows of a class are dealt out in turn, so that both halves have as many of it.
    """
    count = len(rows)
    if count < LEAST_ROWS:
        return []
    order = np.random.default_rng([seed, 17]).permutation(count)
    if classes:
        order = order[np.argsort(rows.y[order].argmax(1), kind="stable")]
    parts = 2 if count < MANY_ROWS else max(5, -(-count // MOST_HELD_OUT))
    part = np.arange(count) % parts
    folds = [Fold(np.sort(order[part != k]), np.sort(order[part == k])) for k in range(parts)]
    return folds if parts == 2 else folds[:1]
