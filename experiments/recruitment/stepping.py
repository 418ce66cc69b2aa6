"""Optimizers of many networks at once: plain descent, Adam, signs."""

import torch
from torch import Tensor

from .arms import Optimizer
from .network import Networks

#: Decay of both means of Adam, and what keeps its quotient finite.
FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


class Direction:
    """The direction in which gamma steps: its slope, or the slope that Adam has normed."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.steps = optimizer, 0
        self.moments: list[Tensor] = []

    def __call__(self, slope: Tensor) -> Tensor:
        """The direction at this step."""
        if self.optimizer == "gd":
            return slope
        self.moments = self.moments or [torch.zeros_like(slope), torch.zeros_like(slope)]
        self.steps += 1
        return _normed(slope, self.moments, self.steps)


class Stepper:
    """Steps of the weights of many networks, by one optimizer.

    Args:
        networks: moved in place.
        optimizer: ``gd`` steps by lr times the gradient, ``sign`` by lr times its sign, ``adam`` as Kingma and Ba
            (2015), algorithm 1.
        lr: learning rate; ``incoming_lr`` of shape (members, 1, 1) is that of the incoming weights.
    """

    def __init__(self, networks: Networks, optimizer: Optimizer, lr: float, incoming_lr: Tensor) -> None:
        self.networks, self.optimizer, self.steps = networks, optimizer, 0
        self.lr: dict[str, float | Tensor] = {"incoming": incoming_lr, "outgoing": lr, "bias": lr}
        adam = optimizer == "adam"
        self.moments = {
            name: [torch.zeros_like(getattr(networks, name)) for _ in range(2)] if adam else [] for name in self.lr
        }

    def step(self, gradients: dict[str, Tensor]) -> None:
        """One step; gradients may be those of the first units alone."""
        self.steps += 1
        for name, gradient in gradients.items():
            parameter = getattr(self.networks, name)
            units = gradient.shape[1]
            self._move(parameter[:, :units], gradient, self.lr[name], [m[:, :units] for m in self.moments[name]])

    def _move(self, parameter: Tensor, gradient: Tensor, lr: float | Tensor, moments: list[Tensor]) -> None:
        if self.optimizer == "gd":
            parameter.sub_(lr * gradient)
        elif self.optimizer == "sign":
            parameter.sub_(lr * gradient.sign())
        else:
            parameter.sub_(_normed(gradient, moments, self.steps, lr))


def _normed(gradient: Tensor, moments: list[Tensor], steps: int, lr: float | Tensor = 1.0) -> Tensor:
    """The step of Adam, whose moments are moved on."""
    first, second = moments
    first.lerp_(gradient, 1 - FIRST)
    second.mul_(SECOND).addcmul_(gradient, gradient, value=1 - SECOND)
    return lr * first / (1 - FIRST**steps) / (second / (1 - SECOND**steps)).sqrt_().add_(EPSILON)
