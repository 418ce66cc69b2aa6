"""Who answers what a network would have come to: a table, or training it now."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from continuum.benchmark.curve import Curve
from continuum.benchmark.objective import Objective
from continuum.benchmark.space import Point, Space


@dataclass(frozen=True)
class Request:
    """A point, and the epochs to which it shall have been trained, from the start."""

    point: Point
    epochs: int


class Evaluator(ABC):
    """Curves of networks on one task, from one seed of split, weights and minibatches.

    Attributes:
        task: its name.
        seed: of inner split, initial weights and minibatches.
        space: where points may lie.
        objective: J on this task.
        steps: gradient steps of an epoch.
    """

    task: str
    seed: int
    space: Space
    objective: Objective
    steps: int

    @abstractmethod
    def curves(self, requests: Sequence[Request]) -> list[Curve]:
        """The curve of each request, of as many epochs as it asks; cheapest when asked together."""
