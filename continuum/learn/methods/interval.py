"""The interval by gradient: one number gamma, the units in a fixed order, gates to a power."""

import math

import numpy as np
import torch

from continuum.learn.methods.gated_run import learn_gates
from continuum.learn.methods.method import Gates, WidthMethod
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.nn.prefix import active_gates
from continuum.progress import Progress
from continuum.widths import Interval

#: The slope of a square root at a gate below this is taken here: one infinite slope would rule the moments of Adam.
LEAST = 0.01

#: Learning rate of a width as a multiple of that of the weights. It has tens of units to travel, and slow ones end near
#: their start: on vehicle, from 1, 8 and 64 units, at 8, 10 and 42 with 30, at 9, 10 and 21 with 100.
LR_FACTOR = 100.0

#: Least width. At 0 no weight has a gradient, and it would stay there; at 1 no unit but the first one has.
LEAST_WIDTH = 0.5


class IntervalMethod(WidthMethod):
    r"""Gates :math:`\mathrm{clip}(\gamma - i, 0, 1)^p`; the price is on gamma.

    The weights have the Euclidean norm: with p = 1 the law as it was first proposed, with p = 1/2, the square-root
    gate, the geometry of L2(E), in which gamma feels capacity.
    """

    def __init__(self, units: int, start: float, exponent: float, lr_factor: float = LR_FACTOR) -> None:
        self.law = Interval(units, torch.tensor(float(start), dtype=torch.float64), exponent)
        self.gamma = self.law.get_parameter("gamma")
        self.parameters = {self.gamma: lr_factor}

    def gates(self) -> Gates:
        return np.asarray(active_gates(self.law).detach().numpy())

    def backward(self, gate_gradient: Gates, price: float) -> None:
        edge = min(math.floor(self.width()), self.law.units - 1)
        exponent = self.law.exponent
        slope = exponent * max(self.width() - edge, LEAST) ** (exponent - 1)
        self.gamma.grad = self.gamma.new_tensor(float(gate_gradient[edge]) * slope + price)

    def final_gates(self) -> Gates:
        return self.gates()

    def width(self) -> float:
        return self.gamma.item()

    def prepare(self, share: float) -> None:
        self.gamma.data.clamp_(LEAST_WIDTH, self.law.units)


def interval(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "interval"."""
    exponent = task.config.exponent
    return learn_gates(lambda units, start: IntervalMethod(units, start, exponent), task, progress, like)
