"""A network whose hidden units are multiplied by gates, and its gradient in weights and gates."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from continuum.learn.loss import Objective
from continuum.learn.methods.law import OFF, Gates
from continuum.learn.pool import directions_of
from continuum.learn.rows import Rows
from continuum.learn.weights import Weights, gradient

#: Standard deviation of the first weights to the outputs. A fresh unit speaks at random as soon as its gate opens, and
#: the louder it does the worse: the loss rises in the mean before its weights are trained.
SOFT = 0.1


@dataclass
class Gated:
    """Weights of all allocated units; the effective outgoing weights of a unit are its gate times its own.

    Args:
        weights: in the layout of ``continuum.learn.weights``.
        activation: tanh or relu; of relu the incoming weights have length 1.
    """

    weights: Weights
    activation: str

    def __post_init__(self) -> None:
        arrays = self._arrays(self.weights)
        self.parameters = [nn.Parameter(torch.from_numpy(array)) for array in arrays]  # the same memory
        self.slopes = self.weights.like()
        for parameter, slope in zip(self.parameters, self._arrays(self.slopes), strict=True):
            parameter.grad = torch.from_numpy(slope)
        self._out = self.weights.like()

    @staticmethod
    def _arrays(weights: Weights) -> list[Float[np.ndarray, "..."]]:
        return [weights.incoming, *weights.outgoing, *weights.biases]

    def effective(self, gates: list[Gates]) -> Weights:
        """The plain network of the units that have a gate."""
        raw = self.part(self.weights, gates)
        return Weights(
            raw.incoming, [g[:, None] * w for g, w in zip(_like(gates, raw), raw.outgoing, strict=True)], raw.biases
        )

    def part(self, weights: Weights, gates: list[Gates]) -> Weights:
        """Views of the units that have a gate, in weights or anything of their shape."""
        sizes = [len(g) for g in gates]
        blocks = [w[:m, :n] for w, m, n in zip(weights.outgoing, sizes, [*sizes[1:], None], strict=True)]
        return Weights(
            weights.incoming[: sizes[0]],
            blocks,
            [b[:n] for b, n in zip(weights.biases, [*sizes[1:], None], strict=True)],
        )

    def differentiate(
        self, gates: list[Gates], batch: Rows, objective: Objective, decay: float, l2: bool
    ) -> list[Gates]:
        """Write the gradient in the weights, and return that in the gates, of loss plus decay."""
        network, raw = self.effective(gates), self.part(self.weights, gates)
        if self._out.units != network.units:
            self._out = network.like()
        out = self._out
        gradient(network, batch.x, batch.y, batch.importance, self.activation, objective, out)
        for array in self._arrays(self.slopes):
            array.fill(0)
        slopes, found = self.part(self.slopes, gates), []
        slopes.incoming[:] = out.incoming
        for mine, theirs in zip(slopes.biases, out.biases, strict=True):
            mine[:] = theirs
        for layer, gate in enumerate(_like(gates, raw)):
            w, g = raw.outgoing[layer], out.outgoing[layer]
            in_gate = np.einsum("ij,ij->i", w, g)
            if l2:
                in_gate += decay / 2 * np.einsum("ij,ij->i", w, w)
            found.append(in_gate)
            np.multiply(g, gate[:, None], out=slopes.outgoing[layer])
            slopes.outgoing[layer][:] += (decay * gate[:, None] if l2 else decay) * w
        return found

    def normalise(self, gates: list[Gates]) -> None:
        """Put effective incoming weights, with the bias, on the unit sphere: else scale would escape the price."""
        raw, network = self.part(self.weights, gates), self.effective(gates)
        raw.incoming /= np.sqrt(np.einsum("ij,ij->i", raw.incoming, raw.incoming))[:, None]
        for layer, bias in enumerate(raw.biases[:-1]):
            seen = network.outgoing[layer]
            length = np.sqrt(np.einsum("ij,ij->j", seen, seen) + bias**2) + 1e-12
            raw.outgoing[layer][:] /= length
            bias /= length


def newborn(
    shape: tuple[int, int, int], units: int, start: float, activation: str, seed: int, dtype: "np.dtype[np.generic]"
) -> Gated:
    """A network of (features, hidden layers, outputs) with so many units a layer, about ``start`` of them on."""
    features, layers, outputs = shape
    random = np.random.default_rng([seed, 11])
    incoming = directions_of(random, units, features + 1, activation)
    sizes = [units] * layers + [outputs]
    scales = [1 / math.sqrt(start)] * (layers - 1) + [SOFT]
    blocks = [random.normal(0, scale, pair) for scale, pair in zip(scales, pairwise(sizes), strict=True)]
    biases = [np.zeros(size, dtype) for size in sizes[1:]]
    return Gated(Weights(incoming.astype(dtype), [b.astype(dtype) for b in blocks], biases), activation)


def plain(gated: Gated, gates: list[Gates], least: list[int]) -> Weights:
    """The network of all units whose gates are not about 0; of a layer at least so many, those of the largest gates."""
    weights = gated.effective(gates)
    for layer, (gate, few) in enumerate(zip(gates, least, strict=True)):
        order = np.argsort(-gate, kind="stable")
        count = max(int((gate > OFF).sum()), min(few, len(gate)))
        weights = weights.taken(layer, np.sort(order[:count]))
    return Weights(
        weights.incoming.copy(),
        [np.ascontiguousarray(b) for b in weights.outgoing],
        [b.copy() for b in weights.biases],
    )


def _like(gates: list[Gates], weights: Weights) -> list[Gates]:
    return [gate.astype(weights.incoming.dtype, copy=False) for gate in gates]
