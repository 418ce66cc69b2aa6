"""What an agent sees: the task, the budget that is left, and its last trials."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from continuum.benchmark import Point, Space
from continuum.search.environments.descriptors import Descriptors
from continuum.search.environments.representations import coordinate

#: Trials that an agent remembers.
MEMORY = 3
#: Numbers in a state: four descriptors, two landmarks, budget left, incumbent, and three numbers of each trial.
STATE = 4 + 2 + 2 + 3 * MEMORY
#: Ends of the box of states; what lies outside is clipped.
LOW, HIGH = -1.0, 2.0


class Situation:
    """The state of a search.

    Args:
        space: where points lie.
        descriptors: of the task; None where there is only one.
        landmarks: J of two cheap looks; fewer are filled up with the last.
        budget: epochs in all.
    """

    def __init__(self, space: Space, descriptors: Descriptors | None, landmarks: Sequence[float], budget: int) -> None:
        self.space, self.budget, self.left = space, budget, budget
        #: Least J of a whole training so far; 1, that of a constant answer, before the first.
        self.incumbent = 1.0
        self._empty = True
        shown = [*landmarks, *landmarks[-1:]][:2] if landmarks else [0.0, 0.0]
        self._fixed = [*(np.zeros(4) if descriptors is None else descriptors.vector).tolist(), *shown]
        self._past: deque[tuple[float, float, float]] = deque([(0.0, 0.0, 0.0)] * MEMORY, MEMORY)

    def charge(self, epochs: int) -> None:
        """Spend epochs."""
        self.left -= epochs

    def learn(self, point: Point, value: float) -> None:
        """Take in J of a whole training; the first becomes the incumbent whatever it is, so that rewards telescope."""
        gamma, lr = self.space.gamma, self.space.lr
        self._past.appendleft(
            (_place(gamma[0], gamma[-1], point.gamma), _place(lr[0], lr[-1], point.lr), value),
        )
        self.incumbent = value if self._empty else min(self.incumbent, value)
        self._empty = False

    @property
    def state(self) -> Float[np.ndarray, " STATE"]:
        """The state as an agent sees it, float32."""
        numbers = [*self._fixed, self.left / self.budget, self.incumbent]
        for trial in self._past:
            numbers.extend(trial)
        return np.array([min(max(number, LOW), HIGH) for number in numbers], dtype=np.float32)


def _place(low: float, high: float, value: float) -> float:
    return coordinate(low, high, value) if high > low else 0.0
