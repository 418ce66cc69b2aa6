"""Points of the grid that were not proposed yet: training one twice on the same rows only repeats it."""

from itertools import product

import numpy as np

from continuum.benchmark.space import Point, Space


class Unseen:
    """Which points of a grid are left.

    Args:
        space: whose grid it is.
        seed: of the order in which ``draw`` draws them.

    >>> from continuum.benchmark import SPACE
    >>> unseen = Unseen(SPACE, seed=0)
    >>> point = unseen.take(unseen.draw())
    >>> point in unseen, len(unseen)
    (False, 479)
    """

    def __init__(self, space: Space, seed: int) -> None:
        self.space, self._points = space, space.points()
        self._order = [int(place) for place in np.random.default_rng(seed).permutation(space.size)[::-1]]
        self._left = set(self._points)
        axes = (space.depth, space.weight_decay, space.lr, space.gamma)
        self._places = np.array(list(product(*(range(len(axis)) for axis in axes))))

    def __len__(self) -> int:
        return len(self._left)

    def __contains__(self, point: Point) -> bool:
        return point in self._left

    def draw(self) -> Point | None:
        """One that is left, each as likely; None where none is."""
        while self._order and self._points[self._order[-1]] not in self._left:
            self._order.pop()
        return self._points[self._order[-1]] if self._order else None

    def near(self, point: Point) -> Point | None:
        """The one that is left at the fewest steps along the axes of the grid; of equals, the first in ``points()``."""
        if point in self._left:
            return point
        steps = np.abs(self._places - self._places[self.space.index(point)]).sum(axis=1)
        nearest = (self._points[place] for place in np.argsort(steps, kind="stable"))
        return next((point for point in nearest if point in self._left), None)

    def take(self, point: Point) -> Point:
        """The point, which is not left any longer."""
        self._left.discard(point)
        return point
