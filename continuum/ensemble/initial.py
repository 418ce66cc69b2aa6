"""Initial weights and learning rates, continuous in the width.

Every unit is drawn once for all widths: a member takes the prefix that it needs, so the same units stand at every
gamma of a seed. Let c be the cardinality of the layer that feeds a weight (at least 1; d for the inputs) and c' that
of the layer it feeds. Standard deviations and learning-rate factors are, with the gain g of the activation,

=========  ==============================  ============================  ================================
scaling    first layer (also its biases)   between hidden layers         output layer
=========  ==============================  ============================  ================================
standard   g/sqrt(d), lr                   g/sqrt(c), lr                 1/sqrt(c), lr
ntk        g/sqrt(d), lr s(g/sqrt(d))      g/sqrt(c), lr s(g/sqrt(c))    1/sqrt(c), lr s(1/sqrt(c))
mup, Adam  g/sqrt(d), lr                   g/sqrt(c), lr c0/c            sqrt(c0)/c, lr c0/c
mup, SGD   g/sqrt(d), lr c'/c0             g/sqrt(c), lr                 sqrt(c0)/c, lr c0/c
=========  ==============================  ============================  ================================

with s(a) = a for Adam and a^2 for SGD: what a multiplier a on unit-variance weights amounts to (Jacot et al. 2018).
The maximal-update parametrisation (Yang & Hu 2021, table 3 of Yang et al. 2022) coincides with the standard one at
the base width c0 = 16. Biases start like a further input, of standard deviation g/sqrt(fan-in), output biases at 0.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import floor, sqrt

import numpy as np
import torch
from torch import Tensor

from continuum.ensemble.activations import GAIN
from continuum.ensemble.member import Member
from continuum.ensemble.settings import Settings

#: The base width c0, at which the maximal-update parametrisation is the standard one.
BASE_WIDTH = 16.0
#: Purposes of the random streams, beside that of the minibatches.
_WEIGHTS, _BIASES = 1, 2


@dataclass(frozen=True)
class Scale:
    """Standard deviation of a layer's initial weights and biases, and factors on their learning rates."""

    weight: float
    bias: float
    lr_weight: float = 1.0
    lr_bias: float = 1.0


def scales(member: Member, settings: Settings, inputs: int) -> list[Scale]:
    """Scale of every layer of a member, from the first to the output.

    >>> [round(s.weight, 3) for s in scales(Member(gamma=4.0), Settings(units=8), inputs=100)]
    [0.1, 0.5]
    """
    fans = [float(inputs), *(max(_cardinality(g, settings), 1.0) for g in member.gamma)]
    adam = settings.optimizer != "sgd"
    gain = GAIN[settings.activation]
    rule, layers = RULES[settings.scaling], []
    for layer, fan in enumerate(fans):
        last = layer == len(member.gamma)
        std = (1.0 if last else gain) / sqrt(fan)
        bias = 0.0 if last else std
        out = None if last else fans[layer + 1]
        layers.append(rule(std, bias, fan if layer else None, out, adam))
    return layers


def _cardinality(gamma: float, settings: Settings) -> float:
    whole = float(floor(gamma))
    return whole + float((gamma - whole) ** settings.exponent) if settings.law == "interval" else gamma


def _standard(std: float, bias: float, fan: float | None, out: float | None, adam: bool) -> Scale:
    return Scale(std, bias)


def _ntk(std: float, bias: float, fan: float | None, out: float | None, adam: bool) -> Scale:
    return Scale(std, bias, lr_weight=std if adam else std**2)


def _mup(std: float, bias: float, fan: float | None, out: float | None, adam: bool) -> Scale:
    wider_out = 1.0 if adam or out is None else out / BASE_WIDTH
    if fan is None:
        return Scale(std, bias, wider_out, wider_out)
    ratio = BASE_WIDTH / fan
    if out is None:
        return Scale(std * sqrt(ratio), bias, ratio)
    return Scale(std, bias, ratio if adam else 1.0, wider_out)


#: Rules of scaling by name.
RULES = {"standard": _standard, "ntk": _ntk, "mup": _mup}


@lru_cache(maxsize=64)
def draw(seed: int, units: tuple[int, ...], inputs: int, outputs: int) -> list[tuple[Tensor, Tensor]]:
    """Standard normal weights and biases of all allocated units, one pair per layer, in float64.

    The first layer's weights are (units, inputs), later ones (fan-in, fan-out): a unit is always a row.
    """
    shapes = [(units[0], inputs), *zip(units, (*units[1:], outputs), strict=True)]
    biases = [*units, outputs]
    return [
        (_normal(seed, _WEIGHTS, layer, shape), _normal(seed, _BIASES, layer, (size,)))
        for layer, (shape, size) in enumerate(zip(shapes, biases, strict=True))
    ]


def _normal(seed: int, purpose: int, layer: int, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(np.random.default_rng([seed, purpose, layer]).standard_normal(shape))


@lru_cache(maxsize=64)
def _first(seed: int, units: tuple[int, ...], inputs: int, outputs: int, scale: Scale) -> tuple[Tensor, Tensor]:
    weight, bias = draw(seed, units, inputs, outputs)[0]
    return weight * scale.weight, bias * scale.bias


def initial(
    member: Member, settings: Settings, inputs: int, outputs: int, rows: tuple[int, ...] | None = None
) -> list[tuple[Tensor, Tensor]]:
    """Initial weights and biases of a member, for the first ``rows`` units of each layer (default: all), in float64."""
    draws = draw(member.init, settings.units, inputs, outputs)
    sizes = (inputs, *(rows or settings.units), outputs)
    pairs = []
    for layer, ((weight, bias), scale) in enumerate(zip(draws, scales(member, settings, inputs), strict=True)):
        fan_in, fan_out = sizes[layer : layer + 2]
        if layer == 0:  # alike at all widths
            weight, bias = _first(member.init, settings.units, inputs, outputs, scale)
            pairs.append((weight[:fan_out], bias[:fan_out]))
        else:
            # numpy's views and products of a few numbers cost a third of torch's, and a run may have thousands
            parts = weight.numpy()[:fan_in, :fan_out] * scale.weight, bias.numpy()[:fan_out] * scale.bias
            pairs.append((torch.from_numpy(parts[0]), torch.from_numpy(parts[1])))
    return pairs
