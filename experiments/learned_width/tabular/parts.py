"""One fold of a table: raw rows for estimators that take them, standardised ones for the others."""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from continuum.data import Task

from ..folds import Fold, RowNumbers, cuts_of, fold_of, published_cuts
from .measures import Probabilities, aligned, of_classes, of_values

Features = Float64[np.ndarray, "rows columns"]


@dataclass(frozen=True, eq=False)
class TableFold:
    """Training and test rows by number, and the same rows standardised by the training part."""

    task: Task
    train: RowNumbers
    test: RowNumbers
    fold: Fold

    @property
    def classes(self) -> bool:
        """Whether classes are predicted."""
        return self.task.kind == "classification"

    def raw(self, part: str = "train") -> Features:
        """Features as they are, NaN where missing."""
        return np.array(self.task.features[getattr(self, part)])

    def standardised(self, part: str = "train") -> Features:
        """Features of mean 0 and deviation 1, missing ones 0."""
        return np.array(self.fold.stream.train.x if part == "train" else self.fold.test.x)

    def target(self) -> np.ndarray:
        """Raw targets of the training rows."""
        return np.array(self.task.target[self.train])

    def of_probabilities(self, given: Float64[np.ndarray, "rows known"], known: np.ndarray) -> Probabilities:
        """Probabilities of all classes of the table."""
        return aligned(np.asarray(given, dtype=np.float64), np.asarray(known, dtype=np.int64), self.task.classes)

    def measured(self, predicted: np.ndarray) -> dict[str, float]:
        """Measures on the test rows, of probabilities of all classes or of standardised values."""
        if self.classes:
            return of_classes(predicted, self.fold.test.y)
        return of_values(np.asarray(predicted, dtype=np.float64).ravel(), self.fold.test.y, self.fold.stream.scale)

    def shrunk(self, values: np.ndarray) -> np.ndarray:
        """Raw values in the units of the standardised target."""
        kept = self.task.target[self.train]
        return np.asarray((np.asarray(values, dtype=np.float64).ravel() - kept.mean()) / self.fold.stream.scale)

    def head(self, method: str) -> dict[str, object]:
        """What a row says of its fold."""
        sizes = {"train_rows": len(self.train), "test_rows": len(self.test)}
        return {"fold": self.fold.fold, "seed": self.fold.seed, "method": method, **sizes}


def table_folds(task: Task, count: int, seed: int) -> list[TableFold]:
    """The folds of one repetition; those of the other presets where every class has a row in each.

    >>> from continuum.data import load
    >>> [len(part.test) for part in table_folds(load("wine"), 5, seed=0)]
    [36, 36, 36, 35, 35]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a class with fewer rows than there are folds
        cuts = cuts_of(task, count, seed)
    return [_part(task, cut, fold, seed, seed * count + fold) for fold, cut in enumerate(cuts)]


def published_folds(task: Task, count: int) -> list[TableFold]:
    """The published splits."""
    return [_part(task, cut, number, 0, number) for number, cut in enumerate(published_cuts(task, count))]


def _part(task: Task, cut: tuple[RowNumbers, RowNumbers], fold: int, seed: int, number: int) -> TableFold:
    return TableFold(task, *cut, fold_of(task, *cut, fold, seed, number))
