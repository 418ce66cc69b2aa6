"""Regret: exact on the validation rows that a search saw, cross-fitted on test rows that it did not.

A search sees the validation rows of one seed. Its answer is judged by the networks of other seeds on the test rows; the
oracle that it is compared with is chosen by the test rows of the searched seeds and judged on the others, too, so that
neither profits from its own choice and a regret may be negative.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Float

from continuum.benchmark import SPACE, Lookup, Point, Request, Space, Table

#: Seeds of the table whose validation rows are searched, and by whose test rows the oracle is chosen.
SEARCHED = (0, 1)
#: Seeds of the table by whose test rows answers and oracle are judged.
JUDGING = (2, 3, 4)

#: J of all points of the grid after each epoch.
Values = Float[np.ndarray, "points epochs"]


@dataclass(frozen=True)
class Judge:
    r"""What an answer (a point, stopped at an epoch) is worth on one task.

    .. math:: r_{\text{val}, s} = \frac{J_{\text{val}, s}(a) - \min J_{\text{val}, s}}
        {\overline{\min_t J_{\text{val}, s}} - \min J_{\text{val}, s}}, \qquad
        r_{\text{test}} = \frac{J_B(a) - J_B(o)}{\overline{J_B} - J_B(o)}, \qquad o = \arg\min J_A

    with the mean over points, on validation at the best epoch of each, on test at the last; :math:`J_A, J_B` are means
    of J on test rows over the seeds A and B. Regret 0 is the best, 1 the average random network.

    Args:
        validation: by searched seed.
        test: by seed, searched and judging ones.
        space: the grid.
    """

    validation: Mapping[int, Values] = field(repr=False)
    test: Mapping[int, Values] = field(repr=False)
    space: Space = SPACE
    searched: tuple[int, ...] = SEARCHED
    judging: tuple[int, ...] = JUDGING

    def validation_regret(self, point: Point, epoch: int, seed: int) -> float:
        """Exact regret on the rows that the search of this seed saw; of the nearest point of the grid."""
        values = self.validation[seed]
        least = float(values.min())
        average = float(values.min(axis=1).mean())
        return (float(values[self.place(point), epoch - 1]) - least) / (average - least)

    def test_regret(self, point: Point, epoch: int) -> float:
        """Cross-fitted regret on test rows; of the nearest point of the grid."""
        return self.test_regret_of(float(self._judged[self.place(point), epoch - 1]))

    def test_regret_of(self, value: float) -> float:
        """The same of a mean of J over the judging seeds, wherever it is from."""
        return (value - self._floor) / (self._average - self._floor)

    def place(self, point: Point) -> int:
        """Index of the point of the grid that is nearest."""
        return self.space.index(self.space.nearest(point))

    @cached_property
    def oracle(self) -> tuple[int, int]:
        """Place and epoch of the least mean of J on test rows over the searched seeds."""
        chosen = self._mean(self.searched)
        place, epoch = np.unravel_index(int(chosen.argmin()), chosen.shape)
        return int(place), int(epoch) + 1

    @cached_property
    def _judged(self) -> Values:
        return self._mean(self.judging)

    @cached_property
    def _floor(self) -> float:
        place, epoch = self.oracle
        return float(self._judged[place, epoch - 1])

    @cached_property
    def _average(self) -> float:
        return float(self._judged[:, -1].mean())

    def _mean(self, seeds: tuple[int, ...]) -> Values:
        return np.asarray(np.mean([self.test[seed] for seed in seeds], axis=0))


@lru_cache(maxsize=4)
def judge_of(path: str, task: str) -> Judge:
    """The judge of a task of a table."""
    table = table_at(path)
    validation = {seed: values(table, task, seed, "validation") for seed in SEARCHED}
    test = {seed: values(table, task, seed, "test") for seed in (*SEARCHED, *JUDGING)}
    return Judge(validation, test, lookup(path, task, 0).space)


def values(table: Table, task: str, seed: int, part: str) -> Values:
    """J of all points of a task on a part, epoch by epoch."""
    evaluator = Lookup(table, task, seed)
    points = evaluator.space.points()
    curves = evaluator.curves([Request(point, evaluator.space.epochs) for point in points])
    return np.array([evaluator.objective.values(curve, part) for curve in curves])  # type: ignore[arg-type]


@lru_cache(maxsize=2)
def table_at(path: str) -> Table:
    """The table in a folder; the shipped one without a path."""
    return Table.load(path or None)


@lru_cache(maxsize=16)
def lookup(path: str, task: str, seed: int) -> Lookup:
    """The curves of one seed of a task."""
    return Lookup(table_at(path), task, seed)
