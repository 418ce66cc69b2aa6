"""Methods that train one set of weights for many points, and choose at the end."""

from abc import ABC, abstractmethod
from typing import ClassVar

from continuum.benchmark.space import SPACE, Space
from continuum.search.trace import Trace


class SharingMethod(ABC):
    """A method that trains by itself: it is given a task and a budget, and writes the trace that all write.

    Args:
        space: where the chosen point must lie (gamma may be any real number in the box).
        price: of 64 units, in the objective.
    """

    #: The name by which it is asked for.
    name: ClassVar[str]

    def __init__(self, space: Space = SPACE, price: float | None = None) -> None:
        self.space, self.price = space, price

    @abstractmethod
    def search(self, task: str, budget: int, seed: int) -> Trace:
        """Search with at most ``budget`` epochs of the plain training, the retraining of the chosen point included.

        Cost is counted in gradient steps of one network: a product with a Hessian or a second backward pass counts
        as what it costs, a step of a controller as a step; an epoch is ceil(rows / batch) steps.
        """
