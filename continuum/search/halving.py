"""What successive halving, Hyperband and BOHB share: brackets of rungs, of which the best go on."""

from abc import abstractmethod
from dataclasses import dataclass, field

from continuum import checks
from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.brackets import Rung
from continuum.search.searcher import Proposal, Report
from continuum.search.unseen import Unseen


@dataclass
class Bracket:
    """One bracket under way.

    ``waiting`` are ids that go on to the current rung, ``out`` those that are in training for it, ``told`` the values
    of those that have reached it.
    """

    rungs: list[Rung]
    rung: int = 0
    started: int = 0
    waiting: list[int] = field(default_factory=list)
    out: set[int] = field(default_factory=set)
    told: dict[int, float] = field(default_factory=dict)

    @property
    def filled(self) -> bool:
        """Whether all networks of the current rung were proposed."""
        return not self.waiting if self.rung else self.started == self.rungs[0].count

    def promote(self) -> None:
        """Go on to the next rung with the best of those told; the first told of equals."""
        best = sorted(self.told, key=lambda id: self.told[id])
        self.rung += 1
        self.waiting = best[: self.rungs[self.rung].count] if self.rung < len(self.rungs) else []
        self.told, self.out = {}, set()

    @property
    def done(self) -> bool:
        """Whether there is no further rung."""
        return self.rung == len(self.rungs)


class Halving(Bookkeeper):
    """Brackets one after the other, each of new points.

    Nothing waits for a proposal that is out: while a rung is not told in full, the next bracket begins; only where no
    new point is left do those that were told go on without it.

    Args:
        eta: the best 1/eta of a rung go on.
        resuming: whether what goes on is trained from where it was (its id stays), or again from the start.
    """

    def __init__(self, space: Space = SPACE, seed: int = 0, eta: int = 3, *, resuming: bool = True) -> None:
        super().__init__(space, seed)
        self.eta, self.resuming = checks.whole("eta", eta, at_least=2), resuming
        self._unseen = Unseen(space, seed)
        self._brackets: list[Bracket] = []
        self._begun = 0
        self._home: dict[int, Bracket] = {}

    @abstractmethod
    def _rungs(self, number: int) -> list[Rung]:
        """Rungs of the bracket that is begun as the ``number``-th."""

    def _draw(self) -> Point | None:
        """A point that was not proposed yet; None where none is left."""
        return self._unseen.draw()

    def _next(self, left: int) -> Proposal | None:
        for bracket in self._brackets:
            if bracket.waiting:
                return self._onward(bracket, left)
        if self._unseen and (proposal := self._started(left)) is not None:
            return proposal
        if self._unseen:
            return None
        for bracket in self._brackets:
            if bracket.told and not bracket.done:
                bracket.promote()
                if bracket.waiting:
                    return self._onward(bracket, left)
        return None

    def _started(self, left: int) -> Proposal | None:
        """The next new network of the bracket that is filling, or of a new one."""
        bracket = next((each for each in self._brackets if not each.rung and not each.filled), None)
        rungs = bracket.rungs if bracket else self._rungs(self._begun)
        if rungs[0].epochs > left or (point := self._draw()) is None:
            return None
        if bracket is None:
            bracket = Bracket(rungs)
            self._brackets.append(bracket)
            self._begun += 1
        bracket.started += 1
        return self._out(bracket, self._fresh(self._unseen.take(point), rungs[0].epochs))

    def _onward(self, bracket: Bracket, left: int) -> Proposal | None:
        """The next network of a bracket to be trained further."""
        epochs, id = bracket.rungs[bracket.rung].epochs, bracket.waiting[0]
        if epochs - (self._trained[id] if self.resuming else 0) > left:
            return None
        bracket.waiting.pop(0)
        point = self._points[id]
        return self._out(bracket, Proposal(id, point, epochs) if self.resuming else self._fresh(point, epochs))

    def _out(self, bracket: Bracket, proposal: Proposal) -> Proposal:
        bracket.out.add(proposal.id)
        self._home[proposal.id] = bracket
        return proposal

    def _learn(self, proposal: Proposal, report: Report) -> None:
        bracket = self._home[proposal.id]
        if proposal.id not in bracket.out:  # its rung has gone on without it
            return
        bracket.out.remove(proposal.id)
        bracket.told[proposal.id] = report.value
        if bracket.filled and not bracket.out:
            bracket.promote()
            if bracket.done:
                self._brackets.remove(bracket)
