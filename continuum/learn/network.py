"""One network whose layers hold as many units as are needed just now, its gradient by hand, and its plain form."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from continuum.learn.loss import Objective

Array = Float[np.ndarray, "..."]


@dataclass
class NetworkWeights:
    """The weights of a network, or anything of their shape, such as their gradient.

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

    def arrays(self) -> list[Array]:
        """All weights: incoming ones, blocks, biases."""
        return [self.incoming, *self.outgoing, *self.biases]

    def zeros(self) -> "NetworkWeights":
        """Zeros of the same shapes."""
        zeros, depth = [np.zeros_like(array) for array in self.arrays()], len(self.outgoing)
        return NetworkWeights(zeros[0], zeros[1 : 1 + depth], zeros[1 + depth :])

    def take(self, layer: int, order: Float[np.ndarray, " kept"]) -> "NetworkWeights":
        """The network with the units ``order`` of one hidden layer, and all units of the others."""
        incoming, outgoing, biases = self.incoming, list(self.outgoing), list(self.biases)
        if layer == 0:
            incoming = incoming[order]
        else:
            outgoing[layer - 1] = np.ascontiguousarray(outgoing[layer - 1][:, order])
            biases[layer - 1] = biases[layer - 1][order]
        outgoing[layer] = outgoing[layer][order]
        return NetworkWeights(incoming, outgoing, biases)


def activations(weights: NetworkWeights, x: Array, activation: str) -> list[Array]:
    """Activations of every hidden layer, then the outputs; the last column of x is 1."""
    h, hidden = x @ weights.incoming.T, []
    for block, bias in zip(weights.outgoing, weights.biases, strict=True):
        if activation == "tanh":
            np.tanh(h, out=h)
        else:
            np.maximum(h, 0, out=h)
        hidden.append(h)
        h = h @ block
        h += bias
    return [*hidden, h]


def gradient(
    weights: NetworkWeights,
    x: Array,
    targets: Array,
    importance: Array | None,
    activation: str,
    objective: Objective,
    out: NetworkWeights,
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


@torch.no_grad()
def sequential(weights: NetworkWeights, activation: str) -> nn.Sequential:
    """Linear layers with the activation between them, in eval mode."""
    layers: list[nn.Module] = []
    incoming, bias = weights.incoming[:, :-1], weights.incoming[:, -1]
    maps = [(incoming, bias), *((b.T, c) for b, c in zip(weights.outgoing, weights.biases, strict=True))]
    for weight, bias in maps:
        w, b = torch.from_numpy(weight.copy()), torch.from_numpy(bias.copy())
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype)
        linear.weight.copy_(w)
        linear.bias.copy_(b)
        layers += [linear, nn.Tanh() if activation == "tanh" else nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


def weights_of(network: nn.Sequential) -> NetworkWeights:
    """The weights of linear layers with an activation between them: :func:`sequential` read backwards.

    >>> layers = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    >>> x = torch.ones(1, 3)
    >>> bool((sequential(weights_of(layers), "tanh")(x) == layers(x)).all())
    True
    """
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    weights = [layer.weight.detach().cpu().numpy() for layer in linear]
    first, *biases = (layer.bias.detach().cpu().numpy().copy() for layer in linear)
    incoming = np.concatenate([weights[0], first[:, None]], 1)
    return NetworkWeights(incoming, [np.ascontiguousarray(weight.T) for weight in weights[1:]], biases)
