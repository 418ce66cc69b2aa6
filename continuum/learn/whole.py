"""The rounding phase of a run, which leaves whole units."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from continuum.errors import Diverged
from continuum.learn.optimizer import Penalty
from continuum.learn.progress import Meter
from continuum.learn.rounding import remove
from continuum.learn.run import Curves, Run
from continuum.learn.weights import Weights, activations

RATE = 0.5  # of the learning rate
DECAY = 1e-3  # of outgoing weights while rounding


def whole_units(widths: Sequence[float]) -> list[int]:
    """ceil(width), at least 1, of every layer; raises ``Diverged`` where a width is no number.

    >>> whole_units([0.2, 3.0, 7.01])
    [1, 3, 8]
    """
    if not all(map(math.isfinite, widths)):
        raise Diverged(f"the widths are {', '.join(f'{width:g}' for width in widths)}")
    return [max(1, math.ceil(width - 1e-6)) for width in widths]


def rounding_steps(steps: int) -> int:
    """Steps of the rounding phase after a graded phase of so many."""
    return steps // 2


def rounded(run: Run, units: list[int], meter: Meter) -> None:
    """Remove units until so many are left, then anneal; the meter's answer does not matter here."""
    _refuse_divergence(run.pool.weights)  # of which least squares could make nothing
    steps, pool = rounding_steps(run.steps), run.pool
    pool.memory = type(pool.memory).of(pool.weights)
    slope, width = pool.weights.like(), sum(run.widths())
    batches = run.rows.batches(run.settings.batch, run.random)
    first, penalty = pool.weights.units, Penalty(DECAY * run.objective.unit, 0.0, floor=run.penalty().slope)
    removing, every = max(steps // 2, 1), max(steps // run.records, 1)
    for t in range(steps):
        if t % max(removing // 10, 1) == 0 and pool.weights.units != units:
            left = max(1 - (t + 1) / removing, 0) if t else 0.9
            _shrink(run, [n + int(left * (m - n)) for n, m in zip(units, first, strict=True)])
            slope = pool.weights.like()
        if t % every == 0:
            meter.ask(width)
        late = max(t - removing, 0) / max(steps - removing, 1)
        rate = RATE * run.settings.learning_rate * (1 + math.cos(math.pi * late)) / 2
        run.step(next(batches), slope, rate, penalty)
        meter.done += 1
    _shrink(run, units)
    _refuse_divergence(run.pool.weights)
    meter.ask(width)


def rounded_copy(run: Run, meter: Meter | None = None) -> Run:
    """What rounding makes of this run, which stays as it is."""
    apart = replace(run, pool=copy.deepcopy(run.pool), objective=copy.copy(run.objective), curves=Curves())
    rounded(apart, whole_units(run.widths()), meter or Meter())
    return apart


def _refuse_divergence(weights: Weights) -> None:
    if not all(np.isfinite(part).all() for part in (weights.incoming, *weights.outgoing, *weights.biases)):
        raise Diverged("not all weights are finite")


def _shrink(run: Run, units: list[int]) -> None:
    for layer, keep in enumerate(units):
        if len(run.pool.weights.outgoing[layer]) > keep:
            h = activations(run.pool.weights, run.probe.x, run.pool.activation)[layer]
            run.pool.keep(layer, remove(run.pool.weights, layer, h, keep, run.probe.importance))
