"""From graded units to whole ones: units are removed one by one with the least change of the function."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from continuum.errors import Diverged
from continuum.learn.network import Array, NetworkWeights, activations
from continuum.learn.optimizer import Memory, Penalty
from continuum.learn.run import Curves, GradedRun
from continuum.learn.settings import rounding_steps
from continuum.progress import Meter

#: Learning rate while rounding, as a multiple of the one before.
LR_FACTOR = 0.5
#: Most columns of a skip that take over what units leave; the Gram matrix of more would cost more than all steps.
MOST_STRAIGHT = 1024
#: Decay of outgoing weights while rounding.
DECAY = 1e-3


def removals(
    h: Float[np.ndarray, "rows units"],
    outgoing: Float[np.ndarray, "units outputs"],
    keep: int,
    importance: Float[np.ndarray, "rows 1"] | None = None,
    fixed: int = 0,
) -> tuple[Int[np.ndarray, " kept"], Array, Array]:
    r"""Which units stay, their outgoing weights, and what the next layer's biases gain.

    With the centred Gram matrix G of the activations, removing unit i and fitting the others to replace it costs
    :math:`|v_i|^2 / (G^{-1})_{ii}` of the mean squared change of the sum :math:`\sum_j h_j v_j`, and the others move by
    :math:`v_j \mathrel{-}= v_i (G^{-1})_{ji} / (G^{-1})_{ii}` (Hassibi & Stork's optimal brain surgeon, by blocks).
    The unit of least cost goes first; biases keep the mean of the sum. Rows count by their importance, of mean 1. The
    last ``fixed`` columns are no units: they never go, but take over what they can.
    """
    h, before = h.astype(np.float64), outgoing.astype(np.float64)
    weighted = 1 / len(h) if importance is None else importance.astype(np.float64) / len(h)
    mean = (weighted * h).sum(0)
    gram = (weighted * (h - mean)).T @ (h - mean)
    gram[np.diag_indices_from(gram)] += 1e-6 * max(float(np.trace(gram)) / len(gram), 1e-12)
    inverse, v, order = np.linalg.inv(gram), before.copy(), np.arange(len(before))
    while (units := len(order) - fixed) > keep:
        worst = int((np.square(v[:units]).sum(1) / inverse.diagonal()[:units]).argmin())
        ratio = inverse[:, worst] / inverse[worst, worst]
        v -= ratio[:, None] * v[worst]
        inverse -= np.outer(ratio, inverse[worst])
        rest = np.arange(len(order)) != worst
        v, inverse, order = v[rest], inverse[np.ix_(rest, rest)], order[rest]
    shift = mean @ before - mean[order] @ v
    return order, v.astype(outgoing.dtype), shift.astype(outgoing.dtype)


def remove(
    weights: NetworkWeights,
    layer: int,
    h: Float[np.ndarray, "rows units"],
    keep: int,
    importance: Float[np.ndarray, "rows 1"] | None,
    straight: Float[np.ndarray, "rows features"] | None = None,
) -> Int[np.ndarray, " kept"]:
    """Refit outgoing weights and biases in place so that the units returned may be kept alone.

    With ``straight``, the inputs of a skip, it takes over what units that go have in common with a line.
    """
    if straight is None or weights.skip is None:
        order, v, shift = removals(h, weights.outgoing[layer], keep, importance)
    else:
        columns, both = np.hstack([h, straight]), np.vstack([weights.outgoing[layer], weights.skip])
        order, v, shift = removals(columns, both, keep, importance, len(weights.skip))
        order, v, weights.skip[:] = order[:keep], v[:keep], v[keep:]
    weights.outgoing[layer][order] = v
    weights.biases[layer] += shift
    return order


def whole_units(widths: Sequence[float]) -> list[int]:
    """ceil(width), at least 1, of every layer; raises ``Diverged`` where a width is no number.

    >>> whole_units([0.2, 3.0, 7.01])
    [1, 3, 8]
    """
    if not all(map(math.isfinite, widths)):
        raise Diverged(f"the widths are {', '.join(f'{width:g}' for width in widths)}")
    return [max(1, math.ceil(width - 1e-6)) for width in widths]


def units_at_hand(run: GradedRun, widths: Sequence[float]) -> list[int]:
    """The whole units of these widths; a layer whose gates exceed 1 may have fewer."""
    return [min(units, most) for units, most in zip(whole_units(widths), run.pool.weights.units, strict=True)]


def round_units(
    run: GradedRun, units: list[int], width: float, meter: Meter, steps: int | None = None, *, priced: bool = False
) -> None:
    """Remove units until so many are left, then anneal, without a price unless ``priced``.

    In the first half of the steps units go in ten rounds, a tenth of the surplus at once; in the second half the
    learning rate falls along a cosine. The meter is told ``width``, and its answer does not matter here. Without the
    price, which is what keeps weights from fitting noise, few and noisy rows are fitted too closely.
    """
    _refuse_divergence(run.pool.weights)  # of which least squares could make nothing
    steps, pool = rounding_steps(run.steps) if steps is None else steps, run.pool
    pool.memory = Memory.of(pool.weights)
    batches = run.rows.batches(run.config.batch, run.random)
    first, free = pool.weights.units, Penalty(DECAY * run.objective.unit, 0.0, floor=run.penalty().slope)
    removing, every = max(steps // 2, 1), max(steps // run.records, 1)
    for t in range(steps):
        if t % max(removing // 10, 1) == 0 and pool.weights.units != units:
            left = max(1 - (t + 1) / removing, 0) if t else 0.9
            shrink(run, [n + int(left * (m - n)) for n, m in zip(units, first, strict=True)])
        if t % every == 0:
            meter.report(width)
        late = max(t - removing, 0) / max(steps - removing, 1)
        penalty = run.penalty() if priced else free
        run.descend(next(batches), LR_FACTOR * run.config.lr * (1 + math.cos(math.pi * late)) / 2, penalty)
        meter.done += 1
    shrink(run, units)
    _refuse_divergence(run.pool.weights)
    meter.report(width)


def rounded_copy(run: GradedRun, meter: Meter | None = None) -> GradedRun:
    """What rounding makes of this run, which stays as it is."""
    twin = replace(run, pool=copy.deepcopy(run.pool), objective=copy.copy(run.objective), curves=Curves())
    widths = run.widths()
    round_units(twin, units_at_hand(run, widths), sum(widths), meter or Meter())
    return twin


def _refuse_divergence(weights: NetworkWeights) -> None:
    if not all(np.isfinite(array).all() for array in weights.arrays()):
        raise Diverged("not all weights are finite")


def shrink(run: GradedRun, units: list[int]) -> None:
    """Remove units of each layer until so many are left, with the least change of what it passes on."""
    for layer, keep in enumerate(units):
        if len(run.pool.weights.outgoing[layer]) > keep:
            h = activations(run.pool.weights, run.probe.x, run.pool.activation)[layer]
            last = layer == len(units) - 1
            straight = run.probe.x[:, :-1] if last and run.pool.weights.skip is not None else None
            if straight is not None and straight.shape[1] > MOST_STRAIGHT:
                straight = None
            run.pool.keep(layer, remove(run.pool.weights, layer, h, keep, run.probe.importance, straight))
