"""Asynchronous successive halving: a network goes on as soon as it is among the best of those that got as far."""

from continuum import checks
from continuum.benchmark.space import SPACE, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.brackets import bracket, halvings
from continuum.search.searcher import Proposal, Report
from continuum.search.unseen import Unseen


class ASHA(Bookkeeper):
    """From the highest rung down, what is among the best 1/eta of its rung goes on; where nothing is, a new one starts.

    No rung waits for another network, so one that never reports holds up nothing.

    Args:
        eta: the best 1/eta of a rung go on.
        resuming: whether what goes on is trained from where it was (its id stays), or again from the start.

    Reference: Li, Jamieson, Rostamizadeh, Gonina, Hardt, Recht & Talwalkar, A System for Massively Parallel
    Hyperparameter Tuning, MLSys 2020, algorithm 2.

    >>> [proposal.epochs for proposal in ASHA().ask(3, left=400)]
    [1, 1, 1]
    """

    name = "asha"

    def __init__(self, space: Space = SPACE, seed: int = 0, eta: int = 3, *, resuming: bool = True) -> None:
        super().__init__(space, seed)
        self.eta, self.resuming = checks.whole("eta", eta, at_least=2), resuming
        self._epochs = [rung.epochs for rung in bracket(space.epochs, eta, halvings(space.epochs, eta))]
        self._told: list[dict[int, float]] = [{} for _ in self._epochs]
        self._promoted: list[set[int]] = [set() for _ in self._epochs]
        self._unseen = Unseen(space, seed)

    def _next(self, left: int) -> Proposal | None:
        for rung in range(len(self._epochs) - 2, -1, -1):
            id = self._promotable(rung)
            if id is not None:
                return self._onward(rung, id, left)
        point = None if left < self._epochs[0] else self._unseen.draw()
        return None if point is None else self._fresh(self._unseen.take(point), self._epochs[0])

    def _promotable(self, rung: int) -> int | None:
        told = self._told[rung]
        best = sorted(told, key=lambda id: told[id])[: len(told) // self.eta]
        return next((id for id in best if id not in self._promoted[rung]), None)

    def _onward(self, rung: int, id: int, left: int) -> Proposal | None:
        epochs = self._epochs[rung + 1]
        if epochs - (self._trained[id] if self.resuming else 0) > left:
            return None
        self._promoted[rung].add(id)
        return Proposal(id, self._points[id], epochs) if self.resuming else self._fresh(self._points[id], epochs)

    def _learn(self, proposal: Proposal, report: Report) -> None:
        self._told[self._epochs.index(proposal.epochs)][proposal.id] = report.value
