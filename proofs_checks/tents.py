"""The k-fold tent, as a function and as a deep network, and networks of one hidden layer that bend where told."""

from typing import Any

import torch
from torch import Tensor

from continuum.nn import MLP
from continuum.widths import Interval


def tent(x: Tensor, folds: int) -> Tensor:
    """The k-fold tent, as a function."""
    return x if folds == 0 else tent(1 - (2 * x - 1).abs(), folds - 1)


def tents(depth: int) -> MLP:
    """The k-fold tent on [0, 1]: two ReLUs per layer."""
    network = MLP(1, 1, [Interval(2, 2.0)] * depth, activation="relu").double()
    layers: Any = network.layers
    readout = torch.tensor([[2.0, -4.0]])
    with torch.no_grad():
        for place, layer in enumerate(layers):
            weight = readout if place else torch.ones(1, 1)
            layer.weight.copy_(weight if place == depth else weight.expand(2, -1))
            layer.bias.copy_(torch.zeros(1) if place == depth else torch.tensor([0.0, -0.5]))
    return network


def shallow(knots: Tensor, jumps: Tensor, gamma: float, offset: float = 0.0, slope: float = 0.0) -> MLP:
    """One hidden layer of real width: unit i bends by jumps[i] at knots[i]; a first unit makes the affine part."""
    units = len(knots) + 1
    network = MLP(1, 1, [Interval(units, gamma + 1)], activation="relu").double()
    layers: Any = network.layers
    with torch.no_grad():
        layers[0].weight.fill_(1.0)
        layers[0].bias.copy_(torch.cat([torch.ones(1), -knots]))
        layers[1].weight.copy_(torch.cat([torch.tensor([slope]), jumps]).unsqueeze(0))
        layers[1].bias.fill_(offset - slope)
    return network
