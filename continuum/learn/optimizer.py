"""The two steps of a run: Adam on what has no price, and the exact proximal step on the blocks that have one."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from continuum.learn.network import Array, NetworkWeights, rows_of
from continuum.widths.penalty.shrinkage import shrunk_by_power

#: Decay of the first and the second moments, as of Adam.
FIRST, SECOND = 0.9, 0.999
#: What keeps the quotient of the moments finite, as of Adam.
EPSILON = 1e-8


@dataclass
class Memory:
    """Moments of the optimiser: first ones of all weights, second ones of the free weights and of each block.

    A column of the skip is a block, too.
    """

    mean: NetworkWeights
    square: NetworkWeights
    block: list[Array]
    skip: Array | None = None
    steps: int = 0

    @staticmethod
    def of(weights: NetworkWeights) -> "Memory":
        """No memory yet."""
        blocks = [np.zeros_like(block[:, 0]) for block in weights.outgoing]
        skip = None if weights.skip is None else np.zeros_like(weights.skip[:, 0])
        return Memory(weights.zeros(), weights.zeros(), blocks, skip)

    def take(self, layer: int, order: Array) -> "Memory":
        """Of the units ``order`` of one layer."""
        block = list(self.block)
        block[layer] = rows_of(block[layer], order)
        return Memory(self.mean.take(layer, order), self.square.take(layer, order), block, self.skip, self.steps)


@dataclass(frozen=True)
class Penalty:
    """decay |v|^2 / 2a + price a at the best gate a in [0, largest], in units of the loss; price 0: plain weight decay.

    Another power q than 2 keeps price and slope: |v|^q in place of |v|^2, with the strength that this asks for.

    Args:
        decay: of the block.
        price: of a whole gate.
        floor: least slope that the size of a step reckons with.
        power: q > 1; another one than 2 needs a price.
        largest: of a gate. Beyond 1 a gate stands for as many copies of its unit; without bound the penalty is
            ``slope`` times the norm at every length, and no matter into how many copies a unit is split.
    """

    decay: float
    price: float
    floor: float = 0.0
    power: float = 2.0
    largest: float = 1.0

    @property
    def slope(self) -> float:
        """Gradient at which a silent unit is recruited."""
        return math.sqrt(2 * self.decay * self.price)

    @property
    def full(self) -> float:
        """Norm from which on a gate is 1: for a power, price q/(q - 1) over the slope."""
        if self.power == 2:
            return math.sqrt(2 * self.price / self.decay)
        return self.power / (self.power - 1) * self.price / self.slope


def step(
    weights: NetworkWeights,
    gradient: NetworkWeights,
    memory: Memory,
    lr: float,
    penalty: Penalty,
    straight: Penalty | None = None,
) -> None:
    """One step on everything, in place; the columns of a skip have the penalty ``straight``."""
    memory.steps += 1
    first, second = 1 - FIRST**memory.steps, 1 - SECOND**memory.steps
    free = zip(*(([w.incoming, *w.biases]) for w in (weights, gradient, memory.mean, memory.square)), strict=True)
    for w, g, mean, square in free:
        _adam(w, g, mean, square, lr / first, second)
    for layer, block in enumerate(weights.outgoing):
        moments = memory.mean.outgoing[layer], memory.block[layer]
        _block(block, gradient.outgoing[layer], *moments, (lr, first, second), penalty)
    if weights.skip is not None:
        slope, mean, square = gradient.skip, memory.mean.skip, memory.skip
        if slope is None or mean is None or square is None:
            raise TypeError("a skip needs a gradient and moments")
        _block(weights.skip, slope, mean, square, (lr, first, second), straight or penalty)


def _adam(w: Array, g: Array, mean: Array, square: Array, lr: float, second: float) -> None:
    mean *= FIRST
    mean += (1 - FIRST) * g
    square *= SECOND
    np.square(g, out=g)
    g *= 1 - SECOND
    square += g
    np.multiply(square, 1 / second, out=g)
    np.sqrt(g, out=g)
    g += EPSILON
    np.divide(mean, g, out=g)
    g *= lr
    w -= g


def _block(
    v: Array, g: Array, mean: Array, square: Array, scales: tuple[float, float, float], penalty: Penalty
) -> None:
    """One second moment per block, the mean over its weights, so that the proximal operator is exact in that metric.

    The formula is that of ``continuum.widths.reverse_huber_prox``, written out because a step lasts 0.1 ms; for another
    power than 2 that of ``continuum.widths.Perspective``.
    """
    lr, first, second = scales
    mean *= FIRST
    mean += (1 - FIRST) * g
    square *= SECOND
    square += (1 - SECOND) / g.shape[1] * np.einsum("ij,ij->i", g, g)
    tau = lr / (np.sqrt(square / second) + max(penalty.slope, penalty.floor) / math.sqrt(g.shape[1]))
    np.multiply(mean, (tau / first)[:, None], out=g)
    v -= g
    norm = np.sqrt(np.einsum("ij,ij->i", v, v))
    norm += 1e-30
    shrunk = 1 - tau * penalty.slope / norm
    if penalty.power == 2:
        factor = np.minimum(shrunk, 1 / (1 + tau * (penalty.decay / penalty.largest)))
    else:
        factor = _shrunk_further(shrunk, norm, tau, penalty)
    v *= np.maximum(factor, 0)[:, None]


def _shrunk_further(shrunk: Array, norm: Array, tau: Array, penalty: Penalty) -> Array:
    """Factors of the norms, where the results are whole units those of x + tau slope (x / longest)^(q - 1) = norm."""
    longest = penalty.full * penalty.largest
    whole = np.flatnonzero(shrunk * norm > longest)
    if len(whole):
        strength = tau[whole] * (penalty.slope / longest ** (penalty.power - 1))
        length = shrunk_by_power(torch.from_numpy(norm[whole]), torch.from_numpy(strength), penalty.power)
        shrunk[whole] = length.numpy() / norm[whole]
    return shrunk


def gates(block: Array, penalty: Penalty) -> Array:
    """min(|v| / v0, largest) of every unit; 0 for v = 0, also where nothing is to be paid and v0 is 0."""
    norm = np.sqrt(np.einsum("ij,ij->i", block, block))
    if penalty.full == 0:
        return np.where(norm > 0, penalty.largest, 0.0)
    return np.asarray(np.minimum(norm / penalty.full, penalty.largest))


def to_unit_length(weights: NetworkWeights) -> None:
    """Put incoming weights, with the bias, back on the unit sphere: a rectifier's length is its outgoing weights'.

    The outgoing weights stay. Were they to take the factor over, which would keep the function, the noise of steps
    along the sphere, which only ever lengthens, would inflate them geometrically.
    """
    length = np.sqrt(np.einsum("ij,ij->i", weights.incoming, weights.incoming))
    weights.incoming /= length[:, None]
    for before, bias in zip(weights.outgoing[:-1], weights.biases[:-1], strict=True):
        length = np.sqrt(np.einsum("ij,ij->j", before, before) + bias**2) + 1e-12
        before /= length
        bias /= length
