"""The gradient of one network under shared weights, by hand: only the units that it has, and no graph."""

from math import ceil, prod

import numpy as np
from jaxtyping import Float
from torch import Tensor

from continuum.benchmark import Point
from continuum.search.shared.supernet import Rows, Supernet

#: (weight, bias) of the hidden layers, then of the heads.
Views = list[tuple[np.ndarray, np.ndarray]]


def views(net: Supernet, flat: Float[np.ndarray, " size"]) -> Views:
    """The layers, as views into a flat array."""
    pieces, start = [], 0
    for shape in net.shapes:
        pieces.append(flat[start : start + prod(shape)].reshape(shape))
        start += prod(shape)
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def gradient(net: Supernet, vector: Float[Tensor, " size"], rows: Rows, point: Point) -> Float[np.ndarray, " size"]:
    """Of the mean loss of a point in all weights; ``autograd`` says the same, several times slower on so few numbers.

    >>> import torch
    >>> net = Supernet(inputs=2, outputs=1, kind="regression", units=3, depth=1)
    >>> rows = Rows(torch.ones(1, 2), torch.ones(1))
    >>> gradient(net, torch.zeros(13), rows, Point(1.5, 0.01))[-1]  # of the head's bias: 0 - 1
    np.float32(-1.0)
    """
    flat = vector.detach().numpy()
    slope = np.zeros_like(flat)
    layers, slopes, count = views(net, flat), views(net, slope), ceil(point.gamma)
    gates = np.clip(point.gamma - np.arange(count), 0, 1).astype(flat.dtype)
    gated, hidden = [rows.x.numpy()], []
    for level in range(point.depth):
        weight, bias = layers[level]
        fan = gated[-1].shape[1]
        hidden.append(np.tanh(gated[-1] @ weight[:fan, :count] + bias[:count]))
        gated.append(hidden[-1] * gates)
    head = net.depth + point.depth - 1
    weight, bias = layers[head]
    above = _residual(net, gated[-1] @ weight[:count] + bias, rows)
    slopes[head][0][:count], slopes[head][1][:] = gated[-1].T @ above, above.sum(0)
    weight = weight[:count]
    for level in reversed(range(point.depth)):
        above = (above @ weight.T) * (gates * (1 - hidden[level] ** 2))
        fan = gated[level].shape[1]
        slopes[level][0][:fan, :count], slopes[level][1][:count] = gated[level].T @ above, above.sum(0)
        weight = layers[level][0][:fan, :count]
    return slope


def _residual(net: Supernet, logits: np.ndarray, rows: Rows) -> np.ndarray:
    """Slope of the mean loss in the outputs: mean answer less target, over the rows."""
    y = rows.y.numpy()
    if net.kind == "regression":
        return np.asarray((logits - y[:, None]) / np.float32(len(y)))
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    shares[np.arange(len(y)), y] -= 1
    return np.asarray(shares / np.float32(len(y)))
