"""What a searcher must beat: points that are chosen without looking."""

import numpy as np

from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.searcher import Proposal, Report


class Constant(Bookkeeper):
    """Trains one point of the grid, and is done.

    Args:
        gamma: width; the nearest of the grid is taken, and so of the others.
        lr: learning rate.
        weight_decay: of the weights.
        depth: hidden layers.

    >>> Constant().ask(5, left=500)[0].point
    Point(gamma=64.0, lr=0.003, weight_decay=0.0, depth=1)
    """

    name = "constant"

    def __init__(
        self,
        space: Space = SPACE,
        seed: int = 0,
        gamma: float = 64.0,
        lr: float = 0.003,
        weight_decay: float = 0.0,
        depth: int = 1,
    ) -> None:
        super().__init__(space, seed)
        self.point = space.nearest(Point(gamma, lr, weight_decay, depth))

    def _next(self, left: int) -> Proposal | None:
        return None if self._points or left < self.space.epochs else self._whole(self.point)

    def _learn(self, proposal: Proposal, report: Report) -> None:
        pass


class Widest(Bookkeeper):
    """Never tunes the width: each pair of rate and decay at the widest and deepest, in an order that the seed draws."""

    name = "widest"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        gamma, depth = space.gamma[-1], space.depth[-1]
        grid = [Point(gamma, lr, decay, depth) for decay in space.weight_decay for lr in space.lr]
        self._order = [grid[place] for place in np.random.default_rng(seed).permutation(len(grid))]

    def _next(self, left: int) -> Proposal | None:
        done = len(self._points)
        return None if left < self.space.epochs or done == len(self._order) else self._whole(self._order[done])

    def _learn(self, proposal: Proposal, report: Report) -> None:
        pass


class Average(Constant):
    """The average random network: one point of the grid, drawn by the seed. Its mean regret over seeds is 1."""

    name = "average"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        self.point = space.sample(np.random.default_rng(seed))
