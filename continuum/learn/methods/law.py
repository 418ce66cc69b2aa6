"""What the shared training loop asks of a law of width."""

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

    Only the first units, up to the last gate that is not about 0, are said, so that the others cost nothing.

    Attributes:
        parameters: those that the optimiser moves, with their step sizes over that of the weights.
        l2: whether outgoing weights are measured in the norm of L2(E), in which a unit of gate a weighs
            :math:`a |W|^2`, or in the Euclidean one.
    """

    parameters: dict[nn.Parameter, float]
    l2: bool = False

    @abstractmethod
    def gates(self) -> Gates:
        """Gates of one forward pass."""

    @abstractmethod
    def pull(self, slopes: Gates, price: float) -> None:
        """Write the gradient of the loss plus price times width; ``slopes`` is the loss's in the last gates given."""

    @abstractmethod
    def expected(self) -> Gates:
        """The gates that remain when training ends."""

    @abstractmethod
    def width(self) -> float:
        """The width that is paid for."""

    @abstractmethod
    def prepare(self, share: float) -> None:
        """Between two steps, ``share`` of which are done: bring back what left its range, follow a schedule."""


class Differentiated(WidthMethod):
    """A law whose gates autograd differentiates."""

    _graph: Tensor

    def gates(self) -> Gates:
        with torch.enable_grad():
            self._graph = self.sample()
        return active(self._graph.detach().numpy())

    def pull(self, slopes: Gates, price: float) -> None:
        padded = np.zeros(len(self._graph), slopes.dtype)
        padded[: len(slopes)] = slopes
        for parameter in self.parameters:
            parameter.grad = None
        with torch.enable_grad():
            charged = self.cost()
        torch.autograd.backward(
            [self._graph, charged], [torch.from_numpy(padded).to(self._graph), charged.new_tensor(price)]
        )

    def expected(self) -> Gates:
        return active(self.mean().detach().numpy())

    def width(self) -> float:
        return self.charged().item()

    @abstractmethod
    def sample(self) -> Float[Tensor, " units"]:
        """Gates of one forward pass."""

    @abstractmethod
    def mean(self) -> Float[Tensor, " units"]:
        """The gates that remain."""

    def cost(self) -> Float[Tensor, ""]:
        """The same while the last gates given are at hand."""
        return self.charged()

    @abstractmethod
    def charged(self) -> Float[Tensor, ""]:
        """The width that is paid for."""


def active(gates: Gates) -> Gates:
    """Gates up to the last one that is not about 0; at least one.

    >>> active(np.array([1.0, 0.0, 0.5, 0.0]))
    array([1. , 0. , 0.5])
    """
    on = np.flatnonzero(gates > OFF)
    return gates[: on[-1] + 1 if len(on) else 1]
