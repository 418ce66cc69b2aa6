"""The interval law by gradient: one number gamma, the units in a fixed order, linear or square-root gates."""

import math

import numpy as np
import torch

from continuum.learn.methods.law import Gates, WidthMethod
from continuum.learn.methods.training import learned_by
from continuum.learn.progress import Progress
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.nn.prefix import active_gates
from continuum.widths import Interval

#: The slope of a square root at a gate below this is taken here: one infinite slope would rule the moments of Adam.
LEAST = 0.01

#: Step size of a width over that of the weights. It has tens of units to travel, and slow ones end near their start:
#: on vehicle, from 1, 8 and 64 units, at 8, 10 and 42 with 30, at 9, 10 and 21 with 100.
FASTER = 100.0

#: Least width. At 0 no weight has a gradient, and it would stay there; at 1 no unit but the first one has.
FEWEST = 0.5


class IntervalLaw(WidthMethod):
    r"""Gates :math:`\mathrm{clip}(\gamma - i, 0, 1)^p`; the price is on gamma.

    The weights have the Euclidean norm: with p = 1 the law as it was first proposed, with p = 1/2 the geometry of
    L2(E), in which gamma feels capacity.
    """

    def __init__(self, units: int, start: float, exponent: float, faster: float = FASTER) -> None:
        self.law = Interval(units, torch.tensor(float(start), dtype=torch.float64), exponent)
        self.gamma = self.law.get_parameter("gamma")
        self.parameters = {self.gamma: faster}

    def gates(self) -> Gates:
        return np.asarray(active_gates(self.law).detach().numpy())

    def pull(self, slopes: Gates, price: float) -> None:
        edge = min(math.floor(self.width()), self.law.units - 1)
        exponent = self.law.exponent
        slope = exponent * max(self.width() - edge, LEAST) ** (exponent - 1)
        self.gamma.grad = self.gamma.new_tensor(float(slopes[edge]) * slope + price)

    def expected(self) -> Gates:
        return self.gates()

    def width(self) -> float:
        return self.gamma.item()

    def prepare(self, share: float) -> None:
        self.gamma.data.clamp_(FEWEST, self.law.units)


def linear(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "interval"."""
    return learned_by(lambda units, start: IntervalLaw(units, start, 1.0), task, progress, like)


def square_root(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "interval_sqrt"."""
    return learned_by(lambda units, start: IntervalLaw(units, start, 0.5), task, progress, like)
