"""Cutting a task into training, validation and test rows."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from continuum.checks import whole
from continuum.data.task import Task
from continuum.errors import BadInput

#: Rows of each class: one per part.
FEWEST = 3
#: The largest that NumPy takes.
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts: disjoint, together all rows, in random order."""

    train: Int64[np.ndarray, " n_train"]
    validation: Int64[np.ndarray, " n_validation"]
    test: Int64[np.ndarray, " n_test"]


def split(task: Task, seed: int, train: float = 0.6, validation: float = 0.2) -> Split:
    """Return a random split, stratified by class; the rest of the rows is the test part.

    The sizes are round(validation n), round((1 - train - validation) n) and the remainder, whatever the seed.
    Raises ``BadInput`` for unfit fractions, and for a class with too few rows to be stratified.

    >>> from continuum.data.loading import load
    >>> parts = split(load("iris"), seed=0)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (90, 30, 30)
    """
    whole("seed", seed, at_least=0)
    if seed > LARGEST_SEED:
        raise BadInput("seed", expected=f"at most {LARGEST_SEED}", came=seed, remedy="give a smaller seed")
    n_validation, n_test = _sizes(task, train, validation)
    if task.kind == "regression":
        rows = np.arange(task.n, dtype=np.int64)
        from sklearn.model_selection import train_test_split  # which takes long to import

        rest, test = train_test_split(rows, test_size=n_test, random_state=seed)
        training, held_out = train_test_split(rest, test_size=n_validation, random_state=seed)
        return Split(training, held_out, test)
    return _stratified(task, seed, n_validation, n_test)


def _stratified(task: Task, seed: int, n_validation: int, n_test: int) -> Split:
    from sklearn.model_selection import train_test_split

    _check_classes(task, min(n_validation, n_test, task.n - n_validation - n_test))
    rows = np.arange(task.n, dtype=np.int64)
    try:
        rest, test = train_test_split(rows, test_size=n_test, random_state=seed, stratify=task.target)
        inner = task.target[rest]
        training, held_out = train_test_split(rest, test_size=n_validation, random_state=seed, stratify=inner)
    except ValueError:
        # A large test share can leave too little of a small class for the second cut.
        raise _rarest(task, "enough rows of each class for these fractions") from None
    if len(np.unique(task.target[training])) < task.classes:
        raise _rarest(task, "enough rows of each class for these fractions")
    return Split(training, held_out, test)


def _sizes(task: Task, train: float, validation: float) -> tuple[int, int]:
    """Return the numbers of validation and test rows."""
    if not (0 < train < 1 and 0 < validation < 1 and train + validation < 1):
        raise BadInput(
            "split",
            expected="positive fractions with train + validation < 1",
            came=f"train {train:g}, validation {validation:g}",
            remedy="leave a share for the test part",
        )
    sizes = round(validation * task.n), round((1 - train - validation) * task.n)
    if min(*sizes, task.n - sum(sizes)) < 1:
        raise BadInput(task.name, expected="at least one row in each part", came=f"{task.n} rows", remedy="add rows")
    return sizes


def _check_classes(task: Task, smallest: int) -> None:
    if np.bincount(task.target, minlength=task.classes).min() < FEWEST:
        raise _rarest(task, f"at least {FEWEST} rows of each class")
    if smallest < task.classes:
        raise BadInput(
            task.name,
            expected=f"a row of each of {task.classes} classes in each part",
            came=f"a part of {smallest} rows",
            remedy="add rows, or merge classes",
        )


def _rarest(task: Task, expected: str) -> BadInput:
    counts = np.bincount(task.target, minlength=task.classes)
    rare = int(counts.argmin())
    plural = "" if counts[rare] == 1 else "s"
    return BadInput(
        task.name,
        expected=expected,
        came=f"{counts[rare]} row{plural} of class {task.class_names[rare]!r}",
        remedy="add rows of that class, merge it with another, or remove its rows",
    )
