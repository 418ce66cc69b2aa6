"""One network whose layers hold as many units as are needed just now, its gradient by hand, and its plain form."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from continuum.learn.loss import Objective
from continuum.nn.skip import Skip

Array = Float[np.ndarray, "..."]


@dataclass
class NetworkWeights:
    """The weights of a network, or anything of their shape, such as their gradient.

    Args:
        incoming: (units, features + 1) of the first layer, the bias last.
        outgoing: of each hidden layer, (units, units of the next layer or outputs): a unit's row is its block.
        biases: of the layers behind the first, the output layer's last.
        skip: (features, outputs), straight from the inputs to the outputs; None where there is no such map.
    """

    incoming: Array
    outgoing: list[Array]
    biases: list[Array]
    skip: Array | None = None

    @property
    def units(self) -> list[int]:
        """Units of every hidden layer."""
        return [len(block) for block in self.outgoing]

    def arrays(self) -> list[Array]:
        """All weights: incoming ones, blocks, biases, and the skip where there is one."""
        return [self.incoming, *self.outgoing, *self.biases, *([] if self.skip is None else [self.skip])]

    def zeros(self) -> "NetworkWeights":
        """Zeros of the same shapes."""
        skip = None if self.skip is None else np.zeros_like(self.skip)
        blocks, biases = ([np.zeros_like(array) for array in arrays] for arrays in (self.outgoing, self.biases))
        return NetworkWeights(np.zeros_like(self.incoming), blocks, biases, skip)

    def take(self, layer: int, order: Float[np.ndarray, " kept"]) -> "NetworkWeights":
        """The network with the units ``order`` of one hidden layer, and all units of the others."""
        incoming, outgoing, biases = self.incoming, list(self.outgoing), list(self.biases)
        if layer == 0:
            incoming = rows_of(incoming, order)
        else:
            outgoing[layer - 1] = np.ascontiguousarray(outgoing[layer - 1][:, order])
            biases[layer - 1] = biases[layer - 1][order]
        outgoing[layer] = rows_of(outgoing[layer], order)
        return NetworkWeights(incoming, outgoing, biases, self.skip)


def rows_of(array: Array, order: Float[np.ndarray, " kept"]) -> Array:
    """These rows; of an array that has none, rows of zeros in their place.

    >>> rows_of(np.ones((0, 2)), np.array([0, 0]))
    array([[0., 0.],
           [0., 0.]])
    """
    return array[order] if len(array) else np.zeros((len(order), *array.shape[1:]), array.dtype)


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
    if weights.skip is not None:
        h += x[:, :-1] @ weights.skip
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
    if out.skip is not None:
        np.matmul(x[:, :-1].T, back, out=out.skip)
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


def sequential(weights: NetworkWeights, activation: str) -> nn.Sequential:
    """Linear layers with the activation between them, in eval mode; with a skip a :class:`~continuum.nn.Skip` of them.

    A skip all of whose columns are off is left out.
    """
    layers: list[nn.Module] = []
    incoming, bias = weights.incoming[:, :-1], weights.incoming[:, -1]
    maps = [(incoming, bias), *((b.T, c) for b, c in zip(weights.outgoing, weights.biases, strict=True))]
    for weight, bias in maps:
        layers += [_linear(weight, bias), nn.Tanh() if activation == "tanh" else nn.ReLU()]
    body = nn.Sequential(*layers[:-1])
    if weights.skip is None or not weights.skip.any():
        return body.eval()
    return nn.Sequential(Skip(body, _linear(weights.skip.T, None))).eval()


def _linear(weight: Array, bias: Array | None) -> nn.Linear:
    """A layer with these numbers, which may be of no unit: such a one PyTorch would not make without a warning."""
    layer = nn.Linear(1, 1, bias=bias is not None)
    layer.out_features, layer.in_features = weight.shape
    layer.weight = nn.Parameter(torch.from_numpy(weight.copy()))
    if bias is not None:
        layer.bias = nn.Parameter(torch.from_numpy(bias.copy()))
    return layer


def weights_of(network: nn.Sequential) -> NetworkWeights:
    """The weights of linear layers with an activation between them: :func:`sequential` read backwards.

    >>> layers = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    >>> x = torch.ones(1, 3)
    >>> bool((sequential(weights_of(layers), "tanh")(x) == layers(x)).all())
    True
    """
    skip, body = None, network
    if isinstance(network[0], Skip):
        skip = np.ascontiguousarray(network[0].linear.weight.detach().cpu().numpy().T)
        body = network[0].body
    linear = [layer for layer in body if isinstance(layer, nn.Linear)]
    weights = [layer.weight.detach().cpu().numpy() for layer in linear]
    first, *biases = (layer.bias.detach().cpu().numpy().copy() for layer in linear)
    incoming = np.concatenate([weights[0], first[:, None]], 1)
    return NetworkWeights(incoming, [np.ascontiguousarray(weight.T) for weight in weights[1:]], biases, skip)
