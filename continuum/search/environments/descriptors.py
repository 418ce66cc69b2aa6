"""What an agent is told of a task before any network is trained, and which tasks it may learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log10
from typing import Any

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.benchmark import Evaluator
from continuum.benchmark.rows import MOST_ROWS
from continuum.data import load
from continuum.errors import BadInput


@dataclass(frozen=True)
class Descriptors:
    """A task in four numbers; ``classes`` is 1 for a regression.

    >>> Descriptors(rows=100, features=10, classes=1, kind="regression").vector.round(2).tolist()
    [0.5, 0.33, 0.0, 1.0]
    """

    rows: int
    features: int
    classes: int
    kind: str

    @property
    def vector(self) -> Float[np.ndarray, "4"]:
        """Decimal logarithms of the counts, scaled to about [0, 1]; and 1 for a regression, 0 for classes."""
        counts = log10(self.rows) / 4, log10(self.features) / 3, log10(max(self.classes, 1))
        return np.array([*counts, float(self.kind == "regression")])


def describe(evaluator: Evaluator) -> Descriptors:
    """Descriptors of the task of an evaluator: from its table where it has one, else from the data.

    Rows are the training rows of a split. Raises ``BadInput`` for a task that neither knows.
    """
    table: Any = getattr(evaluator, "table", None)
    if table is None:
        return _of_data(evaluator.task)
    entry = table.entry(evaluator.task)
    return Descriptors(entry.sizes["train"], entry.features, entry.outputs, entry.kind)


@lru_cache(maxsize=64)
def _of_data(name: str) -> Descriptors:
    task = load(name)
    return Descriptors(round(0.6 * min(task.n, MOST_ROWS)), task.d, max(task.classes, 1), task.kind)


def task_split(tasks: Sequence[str], held_out: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Tasks to learn from, and tasks to be judged on: an agent that is judged where it learned shows memory alone.

    >>> task_split(["iris", "wine", "digits"], held_out=1)
    (['iris', 'digits'], ['wine'])
    """
    checks.whole("held_out", held_out, at_least=1)
    if held_out >= len(tasks) or len(set(tasks)) != len(tasks):
        expected = f"more than {held_out} different tasks"
        raise BadInput("tasks", expected=expected, came=list(tasks), remedy="hold fewer out")
    away = {tasks[i] for i in np.random.default_rng(seed).permutation(len(tasks))[:held_out]}
    return [task for task in tasks if task not in away], [task for task in tasks if task in away]
