"""What searchers have in common: which proposals are out, what was told, and what may not be."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from math import copysign, isfinite

from continuum import checks
from continuum.benchmark.space import SPACE, Point, Space
from continuum.errors import BadInput
from continuum.search.searcher import Proposal, Report, Searcher

#: J is near 1; what is told beyond this would overflow where samplers of others take squares.
LARGEST = 1e6


class Bookkeeper(Searcher):
    """A searcher that keeps book: a subclass says only what is next (``_next``) and what is learned (``_learn``).

    A proposal that is never told is abandoned: nothing waits for it. A value that is no number counts as the worst that
    was told so far (1, the objective of a constant answer, where nothing was).
    """

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, checks.whole("seed", seed, at_least=0))
        self._open: dict[int, Proposal] = {}
        self._trained: dict[int, int] = {}
        self._points: list[Point] = []
        self._worst = 1.0

    def ask(self, count: int, left: int) -> list[Proposal]:
        checks.whole("count", count, at_least=1)
        proposals: list[Proposal] = []
        while len(proposals) < count and (proposal := self._next(left)) is not None:
            self._open[proposal.id] = proposal
            left -= proposal.epochs - self._trained.get(proposal.id, 0)
            proposals.append(proposal)
        return proposals

    def tell(self, reports: Sequence[Report]) -> None:
        seen: set[int] = set()
        for report in reports:
            if report.id not in self._open or report.id in seen:
                known = 0 <= report.id < len(self._points)
                came = f"id {report.id}, which is {'told already' if known else 'unknown'}"
                raise BadInput("report", expected="one for each proposal that is out", came=came, remedy="leave it out")
            seen.add(report.id)
        for report in reports:
            proposal = self._open.pop(report.id)
            self._trained[report.id] = max(proposal.epochs, self._trained.get(report.id, 0))
            if not isfinite(report.value):
                report = replace(report, value=self._worst)
            elif abs(report.value) > LARGEST:
                report = replace(report, value=copysign(LARGEST, report.value))
            self._worst = max(self._worst, report.value)
            self._learn(proposal, report)

    def _fresh(self, point: Point, epochs: int) -> Proposal:
        """A proposal of a network that is not trained yet."""
        self._points.append(point)
        return Proposal(len(self._points) - 1, point, epochs)

    def _whole(self, point: Point) -> Proposal:
        """One whole training of a point."""
        return self._fresh(point, self.space.epochs)

    @abstractmethod
    def _next(self, left: int) -> Proposal | None:
        """What to train next within the epochs that are left, or None."""

    @abstractmethod
    def _learn(self, proposal: Proposal, report: Report) -> None:
        """Take in what came of a proposal; its value is finite."""
