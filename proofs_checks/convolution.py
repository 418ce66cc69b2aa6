"""Sizes of convolutional networks: by a formula, and by a network of torch that holds no numbers."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Convolution(NamedTuple):
    """A layer of k by k filters, and the pooling behind it."""

    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0
    pool: int = 1
    pool_stride: int = 1
    groups: int = 1

    def side(self, before: int) -> int:
        """floor((n + 2p - k) / s) + 1."""
        return (before + 2 * self.padding - self.kernel) // self.stride + 1

    def pooled(self, side: int) -> int:
        """The same for the window of the pooling."""
        return (side - self.pool) // self.pool_stride + 1


class Size(NamedTuple):
    """Weights with biases, and units that are no inputs and no maxima of others."""

    parameters: int
    units: int


def counted(side: int, channels: int, layers: Sequence[Convolution], dense: Sequence[int]) -> Size:
    """(k^2 c / g + 1) f for each convolution, (a + 1) b for each dense layer; side^2 f and b units."""
    parameters = units = 0
    for layer in layers:
        parameters += (layer.kernel**2 * channels // layer.groups + 1) * layer.filters
        channels, side = layer.filters, layer.side(side)
        units += side**2 * channels
        side = layer.pooled(side)
    before = side**2 * channels
    for after in dense:
        parameters, units, before = parameters + (before + 1) * after, units + after, after
    return Size(parameters, units)


def built(side: int, channels: int, layers: Sequence[Convolution], dense: Sequence[int]) -> Size:
    """The same of a network of torch, by the shapes of its parameters and of what flows through it."""
    flow = torch.empty(1, channels, side, side, device="meta")
    parameters = units = 0

    def through(module: nn.Module, x: Tensor) -> Tensor:
        nonlocal parameters, units
        y: Tensor = module(x)
        parameters += sum(prod(p.shape) for p in module.parameters())
        units += prod(y.shape[1:])
        return y

    for layer in layers:
        shape = layer.kernel, layer.stride, layer.padding
        flow = through(
            nn.Conv2d(flow.shape[1], layer.filters, *shape, groups=layer.groups, device="meta", dtype=flow.dtype), flow
        )
        flow = nn.functional.max_pool2d(flow, layer.pool, layer.pool_stride)
    flow = flow.flatten(1)
    for after in dense:
        flow = through(nn.Linear(flow.shape[1], after, device="meta", dtype=flow.dtype), flow)
    return Size(parameters, units)
