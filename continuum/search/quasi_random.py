"""Quasi-random search: points that fill the space more evenly than drawn ones."""

from collections.abc import Iterator
from typing import Literal

from scipy.stats import qmc

from continuum import checks
from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.searcher import Proposal, Report
from continuum.search.unseen import Unseen

#: Points of the sequence that are drawn at once: a power of 2, in which Sobol's sequence is balanced.
BLOCK = 64
#: Blocks after which what is left of the grid follows in a drawn order.
BLOCKS = 64


class QuasiRandom(Bookkeeper):
    """A scrambled Sobol or Halton sequence; what falls on a point of the grid that was proposed already is passed over.

    Args:
        sequence: ``"sobol"`` or ``"halton"``.

    Reference: Owen, Scrambling Sobol' and Niederreiter-Xing points, Journal of Complexity 1998.

    >>> depths = [proposal.point.depth for proposal in QuasiRandom().ask(8, left=800)]
    >>> sorted(depths)
    [1, 1, 1, 1, 2, 2, 2, 2]
    """

    name = "quasi_random"

    def __init__(self, space: Space = SPACE, seed: int = 0, sequence: Literal["sobol", "halton"] = "sobol") -> None:
        super().__init__(space, seed)
        kind = {"sobol": qmc.Sobol, "halton": qmc.Halton}[checks.one_of("sequence", sequence, ("sobol", "halton"))]
        self._order = self._unseen(kind(4, seed=seed))

    def _next(self, left: int) -> Proposal | None:
        point = None if left < self.space.epochs else next(self._order, None)
        return None if point is None else self._whole(point)

    def _learn(self, proposal: Proposal, report: Report) -> None:
        pass

    def _unseen(self, sequence: qmc.QMCEngine) -> Iterator[Point]:
        unseen = Unseen(self.space, self.seed)
        for _ in range(BLOCKS):
            for cube in sequence.random(BLOCK):
                point = self.space.at(cube)
                if point in unseen:
                    yield unseen.take(point)
        while (left := unseen.draw()) is not None:
            yield unseen.take(left)
