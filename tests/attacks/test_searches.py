"""The attack on searchers can find faults: each wrong searcher is seen."""

from collections.abc import Sequence

import numpy as np
import pytest

from attacks import searches
from attacks.harness import Attack, tried
from continuum.benchmark import SPACE, Space
from continuum.errors import BadInput
from continuum.search import Proposal, Report, Searcher

#: The attack on histories alone.
HISTORIES = Attack("histories", cases=1, short=1, attempt=searches.history)


class Sound(Searcher):
    """Draws points, one training each."""

    name = "sound"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        self.generator, self.open, self.next = np.random.default_rng(seed), set[int](), 0

    def ask(self, count: int, left: int) -> list[Proposal]:
        return [self.proposal() for _ in range(min(count, left // self.space.epochs))]

    def proposal(self) -> Proposal:
        self.open.add(self.next)
        self.next += 1
        return Proposal(self.next - 1, self.space.sample(self.generator), self.space.epochs)

    def tell(self, reports: Sequence[Report]) -> None:
        for report in reports:
            if report.id not in self.open:
                raise BadInput("report", expected="an open id", came=report.id, remedy="tell each once")
            self.open.remove(report.id)


class Spendthrift(Sound):
    def ask(self, count: int, left: int) -> list[Proposal]:
        return [self.proposal() for _ in range(count)]


class Forgetful(Sound):
    def tell(self, reports: Sequence[Report]) -> None:
        pass


class Frightened(Sound):
    def tell(self, reports: Sequence[Report]) -> None:
        super().tell(reports)
        if not np.isfinite([report.value for report in reports]).all():
            raise ValueError("not a number")


class Moody(Sound):
    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        self.generator = np.random.default_rng()


class Adventurous(Sound):
    def proposal(self) -> Proposal:
        outside = Space(gamma=(1000.0,), lr=self.space.lr, epochs=self.space.epochs)
        self.open.add(self.next)
        self.next += 1
        return Proposal(self.next - 1, outside.sample(self.generator), self.space.epochs)


@pytest.mark.parametrize("wrong", [Spendthrift, Forgetful, Frightened, Moody, Adventurous])
def test_a_wrong_searcher_is_found(wrong: type[Searcher], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "by_name", lambda name: wrong)
    assert any(tried(HISTORIES, 0, index) for index in range(10))


def test_a_sound_searcher_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "by_name", lambda name: Sound)
    assert [fault for index in range(20) if (fault := tried(HISTORIES, 0, index))] == []
