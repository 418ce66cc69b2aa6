"""A task as an agent meets it: descriptors, landmarks, and what every point is worth."""

from functools import cached_property

import numpy as np

from continuum.benchmark import Evaluator, Point, Request, Space
from continuum.errors import BadInput
from continuum.search.environments.descriptors import Descriptors, describe

#: Epochs that each landmark is trained.
LANDMARK_EPOCHS = 5


def landmarks(space: Space) -> list[Request]:
    """Two cheap looks at a task, of a narrow network and a wide one, after few epochs."""
    points = dict.fromkeys(space.nearest(point) for point in (Point(4.0, 0.01), Point(32.0, 0.003)))
    return [Request(point, min(LANDMARK_EPOCHS, space.epochs)) for point in points]


class Problem:
    r"""One task from one seed, with what was trained kept in memory: it is charged each time, but computed once.

    Args:
        evaluator: answers with curves.
        normalise: "constant" measures J itself, against 1, that of a constant answer; "grid" trains the whole grid, and
            measures :math:`(J - \min) / (\mathrm{mean} - \min)` over it: of tasks to learn from, that this is known.
    """

    def __init__(self, evaluator: Evaluator, normalise: str = "constant") -> None:
        if normalise not in ("constant", "grid"):
            raise BadInput(
                "normalise", expected="constant or grid", came=normalise, remedy="constant needs no training"
            )
        self.evaluator, self.normalise = evaluator, normalise
        self._values: dict[Request, float] = {}

    @cached_property
    def descriptors(self) -> Descriptors:
        """Of the task."""
        return describe(self.evaluator)

    @cached_property
    def requests(self) -> list[Request]:
        """Its landmarks."""
        return landmarks(self.evaluator.space)

    @cached_property
    def landmarks(self) -> list[float]:
        """J of the landmarks."""
        return [self._value(request) for request in self.requests]

    @property
    def charge(self) -> int:
        """Epochs of the landmarks."""
        return sum(request.epochs for request in self.requests)

    def value(self, point: Point) -> float:
        """J after a whole training, at the best epoch; that of a constant answer where it is no number."""
        return self._value(Request(point, self.evaluator.space.epochs))

    @cached_property
    def scale(self) -> tuple[float, float]:
        """J that counts as 0, and the unit."""
        if self.normalise == "constant":
            return 0.0, 1.0
        values = [self.value(point) for point in self.evaluator.space.points()]
        least, mean = min(values), float(np.mean(values))
        return least, max(mean - least, 1e-9)

    def normalised(self, value: float) -> float:
        """J in the unit of the problem."""
        zero, unit = self.scale
        return (value - zero) / unit

    def _value(self, request: Request) -> float:
        if request not in self._values:
            curve = self.evaluator.curves([request])[0]
            self._values[request] = float(self.evaluator.objective.values(curve).min())
        return self._values[request]
