"""A network whose hidden units are multiplied by gates, and its gradient in weights and gates."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from continuum.learn.loss import Objective
from continuum.learn.methods.method import OFF, Gates
from continuum.learn.network import NetworkWeights, gradient
from continuum.learn.pool import directions_of
from continuum.learn.rows import TrainingRows

#: Standard deviation of the first weights to the outputs. A fresh unit speaks at random as soon as its gate opens, and
#: the louder it does the worse: the loss rises in the mean before its weights are trained.
SOFT = 0.1


@dataclass
class GatedNetwork:
    """Weights of all allocated units; the effective outgoing weights of a unit are its gate times its own.

    Args:
        weights: in the layout of ``continuum.learn.network``.
        activation: tanh or relu; of relu the incoming weights have length 1.
    """

    weights: NetworkWeights
    activation: str

    def __post_init__(self) -> None:
        self.parameters = [nn.Parameter(torch.from_numpy(array)) for array in self.weights.arrays()]  # the same memory
        self.gradients = self.weights.zeros()
        for parameter, array in zip(self.parameters, self.gradients.arrays(), strict=True):
            parameter.grad = torch.from_numpy(array)
        self._out = self.weights.zeros()

    def effective(self, gates: list[Gates]) -> NetworkWeights:
        """The plain network of the units that have a gate."""
        raw = self.active_part(self.weights, gates)
        return NetworkWeights(
            raw.incoming, [g[:, None] * w for g, w in zip(_in_dtype(gates, raw), raw.outgoing, strict=True)], raw.biases
        )

    def active_part(self, weights: NetworkWeights, gates: list[Gates]) -> NetworkWeights:
        """Views of the units that have a gate, in weights or anything of their shape."""
        sizes = [len(g) for g in gates]
        blocks = [w[:m, :n] for w, m, n in zip(weights.outgoing, sizes, [*sizes[1:], None], strict=True)]
        return NetworkWeights(
            weights.incoming[: sizes[0]],
            blocks,
            [b[:n] for b, n in zip(weights.biases, [*sizes[1:], None], strict=True)],
        )

    def differentiate(
        self, gates: list[Gates], batch: TrainingRows, objective: Objective, decay: float, l2: bool
    ) -> list[Gates]:
        """Write the gradient in the weights, and return that in the gates, of loss plus decay."""
        network, raw = self.effective(gates), self.active_part(self.weights, gates)
        if self._out.units != network.units:
            self._out = network.zeros()
        out = self._out
        gradient(network, batch.x, batch.y, batch.importance, self.activation, objective, out)
        for array in self.gradients.arrays():
            array.fill(0)
        gradients, gate_gradients = self.active_part(self.gradients, gates), []
        gradients.incoming[:] = out.incoming
        for bias, bias_gradient in zip(gradients.biases, out.biases, strict=True):
            bias[:] = bias_gradient
        for layer, gate in enumerate(_in_dtype(gates, raw)):
            w, g = raw.outgoing[layer], out.outgoing[layer]
            in_gate = np.einsum("ij,ij->i", w, g)
            if l2:
                in_gate += decay / 2 * np.einsum("ij,ij->i", w, w)
            gate_gradients.append(in_gate)
            np.multiply(g, gate[:, None], out=gradients.outgoing[layer])
            gradients.outgoing[layer][:] += (decay * gate[:, None] if l2 else decay) * w
        return gate_gradients

    def normalise(self, gates: list[Gates]) -> None:
        """Put effective incoming weights, with the bias, on the unit sphere: else scale would escape the price."""
        raw, network = self.active_part(self.weights, gates), self.effective(gates)
        raw.incoming /= np.sqrt(np.einsum("ij,ij->i", raw.incoming, raw.incoming))[:, None]
        for layer, bias in enumerate(raw.biases[:-1]):
            incoming = network.outgoing[layer]
            length = np.sqrt(np.einsum("ij,ij->j", incoming, incoming) + bias**2) + 1e-12
            raw.outgoing[layer][:] /= length
            bias /= length


def new_gated_network(
    shape: tuple[int, int, int], units: int, start: float, activation: str, seed: int, dtype: "np.dtype[np.generic]"
) -> GatedNetwork:
    """A network of (features, hidden layers, outputs) with so many units per layer, about ``start`` of them on."""
    features, layers, outputs = shape
    random = np.random.default_rng([seed, 11])
    incoming = directions_of(random, units, features + 1, activation)
    sizes = [units] * layers + [outputs]
    scales = [1 / math.sqrt(start)] * (layers - 1) + [SOFT]
    blocks = [random.normal(0, scale, pair) for scale, pair in zip(scales, pairwise(sizes), strict=True)]
    biases = [np.zeros(size, dtype) for size in sizes[1:]]
    return GatedNetwork(NetworkWeights(incoming.astype(dtype), [b.astype(dtype) for b in blocks], biases), activation)


def plain_network(gated: GatedNetwork, gates: list[Gates], least: list[int]) -> NetworkWeights:
    """The network of all units whose gates are not about 0; of a layer at least so many, those of the largest gates."""
    weights = gated.effective(gates)
    for layer, (gate, few) in enumerate(zip(gates, least, strict=True)):
        order = np.argsort(-gate, kind="stable")
        count = max(int((gate > OFF).sum()), min(few, len(gate)))
        weights = weights.take(layer, np.sort(order[:count]))
    return NetworkWeights(
        weights.incoming.copy(),
        [np.ascontiguousarray(b) for b in weights.outgoing],
        [b.copy() for b in weights.biases],
    )


def _in_dtype(gates: list[Gates], weights: NetworkWeights) -> list[Gates]:
    return [gate.astype(weights.incoming.dtype, copy=False) for gate in gates]
