"""Grid search: as coarse a grid as the budget allows, then finer ones."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.searcher import Proposal, Report


class Grid(Bookkeeper):
    """The finest product of evenly spread values that the epochs of the first ``ask`` can train, in a drawn order.

    Where epochs are left after it, the next finer products follow, without what was trained already. Finer means one
    value more on the axis that has the smallest share of its values.

    >>> sorted(proposal.point.gamma for proposal in Grid().ask(4, left=400))
    [0.5, 4.5, 11.5, 64.0]
    """

    name = "grid"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        self._generator = np.random.default_rng(seed)
        self._order: Iterator[Point] | None = None

    def _next(self, left: int) -> Proposal | None:
        if left < self.space.epochs:
            return None
        if self._order is None:
            self._order = self._points_of(left // self.space.epochs)
        point = next(self._order, None)
        return None if point is None else self._whole(point)

    def _learn(self, proposal: Proposal, report: Report) -> None:
        pass

    def _points_of(self, trainings: int) -> Iterator[Point]:
        seen: set[Point] = set()
        sizes = levels(self.space)
        finest = max(place for place, counts in enumerate(sizes) if np.prod(counts) <= trainings)
        for counts in sizes[finest:]:
            new = [point for point in grid(self.space, counts) if point not in seen]
            seen.update(new)
            for place in self._generator.permutation(len(new)):
                yield new[place]


def levels(space: Space) -> list[tuple[int, ...]]:
    """Numbers of values of gamma, lr, decay and depth, from one each to all.

    >>> levels(SPACE)[6], levels(SPACE)[-1]
    ((6, 2, 1, 1), (24, 5, 2, 2))
    """
    full = (len(space.gamma), len(space.lr), len(space.weight_decay), len(space.depth))
    counts = [1, 1, 1, 1]
    found = [tuple(counts)]
    while tuple(counts) != full:
        axis = min(range(4), key=lambda axis: (counts[axis] / full[axis], axis))
        counts[axis] += 1
        found.append(tuple(counts))
    return found


def grid(space: Space, counts: tuple[int, ...]) -> list[Point]:
    """The product of so many values of gamma, lr, decay and depth; one alone is the middle of its axis."""
    axes = (space.gamma, space.lr, space.weight_decay, space.depth)
    values = [_spread(axis, count) for axis, count in zip(axes, counts, strict=True)]
    return [Point(float(g), float(lr), float(decay), int(depth)) for g, lr, decay, depth in product(*values)]


def _spread(axis: tuple[float, ...], count: int) -> list[float]:
    if count == 1:
        return [axis[(len(axis) - 1) // 2]]
    return [axis[round(place)] for place in np.linspace(0, len(axis) - 1, count)]
