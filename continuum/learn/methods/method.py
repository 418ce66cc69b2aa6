"""What a gated run asks of a way to learn the width of one hidden layer."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

Gates = Float[np.ndarray, " active"]
#: A gate below this is as good as 0: its unit is not computed.
OFF = 1e-6


class WidthMethod(ABC):
    """The gates of one hidden layer while they are learned.

    Only the gates of the first units are given, up to the last gate that is not about 0, so that the others cost
    nothing.

    Attributes:
        parameters: those that the optimiser moves, with their learning rates as multiples of that of the weights.
        l2: whether outgoing weights are measured in the norm of L2(E), in which a unit of gate a weighs
            :math:`a |W|^2`, or in the Euclidean one.
    """

    parameters: dict[nn.Parameter, float]
    l2: bool = False

    @abstractmethod
    def gates(self) -> Gates:
        """Gates of one forward pass."""

    @abstractmethod
    def backward(self, gate_gradient: Gates, price: float) -> None:
        """Write the gradient of the loss plus price times width, from that of the loss in the last gates."""

    @abstractmethod
    def final_gates(self) -> Gates:
        """The gates that remain when training ends."""

    @abstractmethod
    def width(self) -> float:
        """The width that is paid for."""

    @abstractmethod
    def prepare(self, share: float) -> None:
        """Between two steps, ``share`` of which are done: bring back what left its range, follow a schedule."""


class AutogradMethod(WidthMethod):
    """A method whose gates autograd differentiates."""

    _gates: Tensor

    def gates(self) -> Gates:
        with torch.enable_grad():
            self._gates = self.sample()
        return active(self._gates.detach().numpy())

    def backward(self, gate_gradient: Gates, price: float) -> None:
        padded = np.zeros(len(self._gates), gate_gradient.dtype)
        padded[: len(gate_gradient)] = gate_gradient
        for parameter in self.parameters:
            parameter.grad = None
        with torch.enable_grad():
            width = self.width_of_gates()
        torch.autograd.backward(
            [self._gates, width], [torch.from_numpy(padded).to(self._gates), width.new_tensor(price)]
        )

    def final_gates(self) -> Gates:
        return active(self.mean().detach().numpy())

    def width(self) -> float:
        return self.paid_width().item()

    @abstractmethod
    def sample(self) -> Float[Tensor, " units"]:
        """Gates of one forward pass, with their graph."""

    @abstractmethod
    def mean(self) -> Float[Tensor, " units"]:
        """The gates that remain."""

    @abstractmethod
    def paid_width(self) -> Float[Tensor, ""]:
        """The width that is paid for, with its graph."""

    def width_of_gates(self) -> Float[Tensor, ""]:
        """The same while the last gates are at hand, whose graph may give it."""
        return self.paid_width()


def active(gates: Gates) -> Gates:
    """Gates up to the last one that is not about 0; at least one.

    >>> active(np.array([1.0, 0.0, 0.5, 0.0]))
    array([1. , 0. , 0.5])
    """
    on = np.flatnonzero(gates > OFF)
    return gates[: on[-1] + 1 if len(on) else 1]
