"""Activations as pairs of in-place maps: the function, and the pull-back of a gradient through it."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from continuum import checks
from continuum.ensemble.kernels import tanh_


class Map(Protocol):
    """``forward(z)`` overwrites z by phi(z); ``backward(g, h)`` overwrites g by g * phi'(z), given h = phi(z)."""

    def forward(self, z: Tensor) -> None: ...
    def backward(self, gradient: Tensor, output: Tensor) -> None: ...


class Tanh:
    """tanh z; derivative 1 - tanh(z)^2."""

    def forward(self, z: Tensor) -> None:
        tanh_(z)

    def backward(self, gradient: Tensor, output: Tensor) -> None:
        torch.ops.aten.tanh_backward.grad_input(gradient, output, grad_input=gradient)


class Relu:
    """max(z, 0); derivative 1 where z > 0, else 0."""

    def forward(self, z: Tensor) -> None:
        z.relu_()

    def backward(self, gradient: Tensor, output: Tensor) -> None:
        torch.ops.aten.threshold_backward.grad_input(gradient, output, 0.0, grad_input=gradient)


@dataclass
class Gelu:
    """z Phi(z) with the normal distribution function Phi; keeps z, since its derivative is no function of phi(z)."""

    preactivation: Tensor | None = None

    def forward(self, z: Tensor) -> None:
        self.preactivation = (
            z.clone()
            if self.preactivation is None or self.preactivation.shape != z.shape
            else self.preactivation.copy_(z)
        )
        torch.ops.aten.gelu.out(self.preactivation, out=z)

    def backward(self, gradient: Tensor, output: Tensor) -> None:
        torch.ops.aten.gelu_backward.grad_input(gradient, self.preactivation, grad_input=gradient)


#: Activations by name.
MAPS: dict[str, type[Map]] = {"tanh": Tanh, "relu": Relu, "gelu": Gelu}
#: Gain of the initial incoming weights: their variance is gain^2 / fan-in (He et al. 2015 for the rectifiers).
GAIN = {"tanh": 1.0, "relu": 2.0**0.5, "gelu": 2.0**0.5}


def activation(name: str) -> Map:
    """A fresh map by name: tanh, relu or gelu."""
    return MAPS[checks.one_of("activation", name, MAPS, plural="activations")]()
