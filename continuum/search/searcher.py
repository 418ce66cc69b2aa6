"""What a searcher is: it is asked what to train, and told what came of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from continuum.benchmark.space import SPACE, Point, Space


@dataclass(frozen=True)
class Proposal:
    """Train this point until it has had that many epochs; an id that is known resumes, and pays the increment."""

    id: int
    point: Point
    epochs: int


@dataclass(frozen=True)
class Report:
    """What came of a proposal.

    Args:
        id: of the proposal.
        epochs: to which it was trained.
        value: least J on the validation rows so far: a network keeps the weights of its best epoch.
        curve: J on the validation rows after each epoch, from the first.
    """

    id: int
    epochs: int
    value: float
    curve: tuple[float, ...] = ()


class Searcher(ABC):
    """Proposes points; a function of its seed and of what it was told, so that a replay is exact.

    Args:
        space: where points lie.
        seed: of all that is random; two workers with one seed would propose the same.
    """

    #: The name by which it is asked for.
    name: ClassVar[str]

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        self.space, self.seed = space, seed

    @abstractmethod
    def ask(self, count: int, left: int) -> list[Proposal]:
        """At most ``count`` proposals that fit into the ``left`` epochs; none where it is at its end, or must wait."""

    @abstractmethod
    def tell(self, reports: Sequence[Report]) -> None:
        """Learn what came of proposals. NaN counts as the worst; ``BadInput`` for an unknown id or one told twice."""
