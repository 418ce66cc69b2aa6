"""The gates of a graded network's units, from the lengths of their outgoing weights."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from torch import nn

from continuum.nn.skip import Skip

Gates = Float64[np.ndarray, " units"]


def gates_of(graded: nn.Sequential, widths: Sequence[float], *, bounded: bool = True) -> tuple[Gates, ...]:
    """Gates of every hidden layer, largest first, whose sum is the width; by 1 if they are ``bounded``.

    >>> layers = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> _ = layers[2].weight.data.copy_(layers[2].weight.new_tensor([[1.0, 4.0, -2.0]]))
    >>> gates_of(layers, [1.75])[0].tolist()
    [1.0, 0.5, 0.25]
    """
    body = graded[0].body if isinstance(graded[0], Skip) else graded
    linear = [layer for layer in body if isinstance(layer, nn.Linear)]
    blocks = [layer.weight.detach().cpu().double().numpy() for layer in linear[1:]]
    share = gates_of_sum if bounded else shares_of_sum
    return tuple(share(np.linalg.norm(block, axis=0), width) for block, width in zip(blocks, widths, strict=False))


def shares_of_sum(lengths: Gates, total: float) -> Gates:
    """Lengths in proportion, sorted, so that they sum to ``total``.

    >>> shares_of_sum(np.array([1.0, 3.0]), 8.0).tolist()
    [6.0, 2.0]
    """
    lengths = np.sort(lengths)[::-1]
    return np.asarray(lengths * (total / lengths.sum())) if lengths.any() else np.zeros_like(lengths)


def gates_of_sum(lengths: Gates, total: float) -> Gates:
    """min(length / full, 1), sorted, with the length of a full unit for which they sum to ``total``.

    >>> gates_of_sum(np.array([3.0, 1.0, 2.0]), 3.0).tolist(), gates_of_sum(np.array([1.0, 1.0]), 0.5).tolist()
    ([1.0, 1.0, 1.0], [0.25, 0.25])
    """
    lengths = np.sort(lengths)[::-1]
    if total <= 0:
        return np.zeros_like(lengths)
    rest = lengths.sum() - np.append(0.0, np.cumsum(lengths))  # of the units behind the first k, which are whole
    for whole in range(len(lengths)):
        if total > whole and lengths[whole] * (total - whole) <= rest[whole]:
            full = rest[whole] / (total - whole)
            return np.asarray(np.minimum(lengths / full, 1.0)) if full > 0 else np.zeros_like(lengths)
    return np.ones_like(lengths)
