"""The units of a run: those that are on lie packed in front, a reserve of silent ones behind them."""

import copy
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int

from continuum.learn.network import Array, NetworkWeights
from continuum.learn.optimizer import Memory, to_unit_length
from continuum.learn.settings import POOL, LearnConfig

#: Length of a tanh unit's first incoming weights; at 1 two spirals were learned less well in a trial.
STEEP = 2.0


@dataclass
class Pool:
    """A network, the memory of its optimiser, and how both grow and shrink.

    Args:
        weights, memory: of all units of the pool.
        activation: tanh or relu.
        limit: most units of a layer.
        random: draws the directions of fresh units.
        size: units of a layer at birth, on or in reserve. In the first steps nearly all of them are recruited, and more
            of them share the work with less length each; so their number must not depend on how many are on.
    """

    weights: NetworkWeights
    memory: Memory
    activation: str
    limit: int
    random: np.random.Generator
    size: int = POOL

    @property
    def least_reserve(self) -> int:
        """Silent units with fresh directions: half as many as are on, and at least so many."""
        return self.size // 2

    def live(self, layer: int) -> Bool[np.ndarray, " units"]:
        """Units whose outgoing weights are not 0."""
        return np.asarray(self.weights.outgoing[layer].any(1))

    def counts(self) -> list[int]:
        """Live units of every layer."""
        return [int(self.live(layer).sum()) for layer in range(len(self.weights.outgoing))]

    def repack(self, *, reserve: bool, least: int = 0) -> None:
        """Drop silent units; put silent units with fresh directions in their place if a reserve is wanted.

        With it a layer holds at least ``least`` units.

        So the cost of a step follows the number of units that are on, while the pool has no other limit than
        ``limit``: it grows by half whenever it fills.
        """
        for layer in range(len(self.weights.outgoing)):
            live = np.flatnonzero(self.live(layer))
            wanted = (
                max(self.least_reserve, len(live) // 2, least - len(live))
                if reserve
                else int(len(live) == 0 < len(self.weights.outgoing[layer]))
            )
            self._refill(layer, live, min(wanted, self.limit - len(live)))

    def keep(self, layer: int, order: Int[np.ndarray, " kept"]) -> None:
        """Keep these units of a layer alone."""
        self.weights, self.memory = self.weights.take(layer, order), self.memory.take(layer, order)

    def _refill(self, layer: int, live: Int[np.ndarray, " live"], fresh: int) -> None:
        block = self.memory.block[layer]
        typical = block.mean() if len(block) else 0.0
        # Rows are copied from unit 0 only to have their shape; they are overwritten.
        self.keep(layer, np.concatenate([live, np.zeros(fresh, np.int64)]))
        new = slice(len(live), len(live) + fresh)
        for part in (self.memory.mean, self.memory.square):
            _blank(part, layer, new)
        self.memory.block[layer][new] = typical  # what gradients of this layer's blocks are like
        _blank(self.weights, layer, new)
        self._draw(layer, new)

    def _draw(self, layer: int, new: slice) -> None:
        weights, count = self.weights, new.stop - new.start
        if layer == 0:
            directions = directions_of(self.random, count, weights.incoming.shape[1], self.activation)
            weights.incoming[new] = directions
        else:
            feeding = self.live(layer - 1)
            scale = 1 / np.sqrt(max(feeding.sum(), 1) + 1)
            shape = (len(feeding), count)
            weights.outgoing[layer - 1][:, new] = self.random.normal(0, scale, shape) * feeding[:, None]
            weights.biases[layer - 1][new] = self.random.normal(0, scale, count)


def _blank(weights: NetworkWeights, layer: int, units: slice) -> None:
    weights.outgoing[layer][units] = 0
    if layer == 0:
        weights.incoming[units] = 0
    else:
        weights.outgoing[layer - 1][:, units] = 0
        weights.biases[layer - 1][units] = 0


def directions_of(random: np.random.Generator, units: int, columns: int, activation: str) -> Array:
    """Incoming weights, bias last, of fresh first-layer units: of length 1 for relu, for tanh about ``STEEP``."""
    drawn = random.normal(0, STEEP / math.sqrt(columns), (units, columns))
    if activation == "relu":
        drawn /= np.sqrt(np.square(drawn).sum(1, keepdims=True))
    return np.asarray(drawn)


def new_pool(
    shape: tuple[int, int, int],
    config: LearnConfig,
    activation: str,
    dtype: "np.dtype[np.generic]",
    initial: NetworkWeights | None = None,
) -> Pool:
    """A pool of (features, hidden layers, outputs) with ``config.start`` units on in every layer, and a reserve.

    A fractional start weakens the last of them. Up to half of ``config.pool`` the start decides only which units are
    on: the pool is equally large, and its first layer the same, for its directions are drawn apart from the outgoing
    weights, by a seed that may be their own. ``initial`` weights take the place of the units drawn.
    """
    features, layers, outputs = shape
    start, directions = config.start, config.seed if config.directions is None else config.directions
    random, outer = np.random.default_rng([directions, 11]), np.random.default_rng([config.seed, 12])
    sizes = [math.ceil(start)] * layers + [outputs]
    incoming = directions_of(random, sizes[0], features + 1, activation)
    outgoing = [outer.normal(0, 1 / math.sqrt(start), (m, n)) for m, n in pairwise(sizes)]
    for block in outgoing:
        block[-1] *= start - (sizes[0] - 1)
    biases = [np.zeros(size, dtype) for size in sizes[1:]]
    weights = NetworkWeights(incoming.astype(dtype), [block.astype(dtype) for block in outgoing], biases)
    if initial is not None:
        weights = copy.deepcopy(initial)
    elif activation == "relu":
        to_unit_length(weights)
    if config.skip is not None and weights.skip is None:
        weights.skip = np.zeros((features, outputs), dtype)
    pool = Pool(weights, Memory.of(weights), activation, config.max_units, random, config.pool)
    pool.repack(reserve=True, least=config.pool)
    return pool
