"""Random search: points of the grid, each as likely, none twice."""

import numpy as np

from continuum.benchmark.space import SPACE, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.searcher import Proposal, Report


class Random(Bookkeeper):
    """Points in an order that the seed draws, until all are trained.

    Without replacement, since a second training of a point on the same rows would only repeat the first.
    Reference: Bergstra & Bengio, Random Search for Hyper-Parameter Optimization, JMLR 2012.

    >>> [proposal.point.gamma for proposal in Random(seed=1).ask(3, left=300)]
    [7.5, 3.5, 11.5]
    """

    name = "random"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        self._order = np.random.default_rng(seed).permutation(space.size)
        self._grid = space.points()

    def _next(self, left: int) -> Proposal | None:
        done = len(self._points)
        if left < self.space.epochs or done == len(self._order):
            return None
        return self._whole(self._grid[self._order[done]])

    def _learn(self, proposal: Proposal, report: Report) -> None:
        pass
