"""The weights of one network whose layers hold as many units as are needed just now, and its gradient by hand."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from continuum.learn.loss import Objective

Array = Float[np.ndarray, "..."]


@dataclass
class Weights:
    """A network, or anything of its shape, such as its gradient.

    Args:
        incoming: (units, features + 1) of the first layer, the bias last.
        outgoing: of each hidden layer, (units, units of the next layer or outputs): a unit's row is its block.
        biases: of the layers behind the first, the output layer's last.
    """

    incoming: Array
    outgoing: list[Array]
    biases: list[Array]

    @property
    def units(self) -> list[int]:
        """Units of every hidden layer."""
        return [len(block) for block in self.outgoing]

    def like(self) -> "Weights":
        """Zeros of the same shapes."""
        zeros = [np.zeros_like(a) for a in (self.incoming, *self.outgoing, *self.biases)]
        depth = len(self.outgoing)
        return Weights(zeros[0], zeros[1 : 1 + depth], zeros[1 + depth :])

    def taken(self, layer: int, order: Float[np.ndarray, " kept"]) -> "Weights":
        """The units ``order`` of one hidden layer, and all others'."""
        incoming, outgoing, biases = self.incoming, list(self.outgoing), list(self.biases)
        if layer == 0:
            incoming = incoming[order]
        else:
            outgoing[layer - 1] = np.ascontiguousarray(outgoing[layer - 1][:, order])
            biases[layer - 1] = biases[layer - 1][order]
        outgoing[layer] = outgoing[layer][order]
        return Weights(incoming, outgoing, biases)


def activations(weights: Weights, x: Array, activation: str) -> list[Array]:
    """Activations of every hidden layer, then the outputs; the last column of x is 1."""
    h, found = x @ weights.incoming.T, []
    for block, bias in zip(weights.outgoing, weights.biases, strict=True):
        if activation == "tanh":
            np.tanh(h, out=h)
        else:
            np.maximum(h, 0, out=h)
        found.append(h)
        h = h @ block
        h += bias
    return [*found, h]


def gradient(
    weights: Weights,
    x: Array,
    targets: Array,
    importance: Array | None,
    activation: str,
    objective: Objective,
    out: Weights,
) -> None:
    """Write the gradient of the (weighted) mean loss of these rows to ``out``."""
    *hidden, outputs = activations(weights, x, activation)
    back = objective.gradient(outputs, targets, importance)
    back *= 1 / len(x) if importance is None else importance / len(x)
    for layer in reversed(range(len(hidden))):
        h = hidden[layer]
        np.matmul(h.T, back, out=out.outgoing[layer])
        np.sum(back, 0, out=out.biases[layer])
        back = back @ weights.outgoing[layer].T
        if activation == "tanh":
            np.square(h, out=h)
            np.subtract(1, h, out=h)
            back *= h
        else:
            back *= h > 0
    np.matmul(back.T, x, out=out.incoming)
