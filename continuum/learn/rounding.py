"""From graded units to whole ones: units are removed one by one with the least change of the function."""

import numpy as np
from jaxtyping import Float, Int

from continuum.learn.weights import Array, Weights


def removals(
    h: Float[np.ndarray, "rows units"],
    outgoing: Float[np.ndarray, "units outputs"],
    keep: int,
    importance: Float[np.ndarray, "rows 1"] | None = None,
) -> tuple[Int[np.ndarray, " kept"], Array, Array]:
    r"""Which units stay, their outgoing weights, and what the next layer's biases gain.

    With the centred Gram matrix G of the activations, removing unit i and fitting the others to replace it costs
    :math:`|v_i|^2 / (G^{-1})_{ii}` of the mean squared change of the sum :math:`\sum_j h_j v_j`, and the others move by
    :math:`v_j \mathrel{-}= v_i (G^{-1})_{ji} / (G^{-1})_{ii}` (Hassibi & Stork's optimal brain surgeon, by blocks).
    The unit of least cost goes first; biases keep the mean of the sum. Rows count by their importance, of mean 1.
    """
    h, before = h.astype(np.float64), outgoing.astype(np.float64)
    weighted = 1 / len(h) if importance is None else importance.astype(np.float64) / len(h)
    mean = (weighted * h).sum(0)
    gram = (weighted * (h - mean)).T @ (h - mean)
    gram[np.diag_indices_from(gram)] += 1e-6 * max(float(np.trace(gram)) / len(gram), 1e-12)
    inverse, v, order = np.linalg.inv(gram), before.copy(), np.arange(len(before))
    while len(order) > keep:
        worst = int((np.square(v).sum(1) / inverse.diagonal()).argmin())
        ratio = inverse[:, worst] / inverse[worst, worst]
        v -= ratio[:, None] * v[worst]
        inverse -= np.outer(ratio, inverse[worst])
        rest = np.arange(len(order)) != worst
        v, inverse, order = v[rest], inverse[np.ix_(rest, rest)], order[rest]
    shift = mean @ before - mean[order] @ v
    return order, v.astype(outgoing.dtype), shift.astype(outgoing.dtype)


def remove(
    weights: Weights,
    layer: int,
    h: Float[np.ndarray, "rows units"],
    keep: int,
    importance: Float[np.ndarray, "rows 1"] | None,
) -> Int[np.ndarray, " kept"]:
    """Refit outgoing weights and biases in place so that the units returned may be kept alone."""
    order, v, shift = removals(h, weights.outgoing[layer], keep, importance)
    weights.outgoing[layer][order] = v
    weights.biases[layer] += shift
    return order
