"""A price with an out-of-sample part: raised above the default only where held-out rows say that it pays."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float, Float64

from continuum.learn.moments import mean_and_error
from continuum.learn.progress import Meter
from continuum.learn.rows import Rows
from continuum.learn.run import Run, graded
from continuum.learn.settings import DEFAULT_PRICE
from continuum.learn.weights import activations

#: Prices that are tried, falling, as multiples of the default.
MULTIPLES = (64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0)
STAGE = 150  # steps at every price
ERRORS = 2.0  # standard errors by which a higher price must win
FEWEST = 40  # rows below which halves can show nothing

#: Makes a run on some rows, of so many steps.
Make = Callable[[Rows, int], Run]


def judged(rows: Rows, held: Rows | None, seed: int) -> list[tuple[Rows, Rows]]:
    """Rows to train on with those that judge; without rows held out two halves judge each other, unless too few."""
    if held is not None:
        return [(rows, held)]
    if min(len(rows), rows.total) < FEWEST:
        return []
    one, other = (rows.part(h) for h in np.array_split(np.random.default_rng([seed, 17]).permutation(len(rows)), 2))
    return [(one, other), (other, one)]


def steps_of(pairs: list[tuple[Rows, Rows]]) -> int:
    """Steps that a calibration takes."""
    return STAGE * len(MULTIPLES) * len(pairs)


def calibrated(pairs: list[tuple[Rows, Rows]], make: Make, meter: Meter) -> float:
    """The price that held-out rows choose; the default without such rows, or where the meter was answered to stop.

    Units that fit noise lower the training loss by an amount that no price known in advance can tell from signal: half
    a nat for every weight that moved, over a residual of unknown size. Held-out rows can. Along a falling price
    every row is judged by a network that never saw it; the default stands unless a higher price beats it by two
    standard errors of the paired difference, because on clean tasks the two differ by less than their noise.
    """
    prices = [DEFAULT_PRICE * multiple for multiple in MULTIPLES]
    total, tables = meter.total, []
    for train, other in pairs:
        run = make(train, STAGE)
        tables.append([scores(run, other) for _ in falling(run, prices, meter)])
        if meter.stopped:
            meter.total = total - (steps_of(pairs) - meter.done)
            return DEFAULT_PRICE
    if not pairs:
        return DEFAULT_PRICE
    weights = np.concatenate([other.weights() for _, other in pairs])
    return prices[chosen(np.concatenate([np.stack(table) for table in tables], 1).astype(np.float64), weights)]


def falling(run: Run, prices: Sequence[float], meter: Meter) -> Iterator[float]:
    """The run at the end of a stage of ``run.steps`` steps at every price, until the meter is answered to stop.

    Every stage begins with a reserve: a lower price must be able to recruit what a higher one kept silent.
    """
    run.records = 1
    for stage, price in enumerate(prices):
        run.price = price
        if stage:
            run.pool.repack(reserve=True)
        graded(run, meter)
        if meter.stopped:
            return
        yield price


def scores(run: Run, held: Rows) -> Float[np.ndarray, " held"]:
    """Of held-out rows, smaller is better."""
    outputs = activations(run.pool.weights, held.x, run.pool.activation)[-1]
    return run.objective.scores(outputs, held.y)


def chosen(table: Float64[np.ndarray, "prices rows"], weights: Float64[np.ndarray, " rows"]) -> int:
    """The price with the least mean among those that beat the last one by two standard errors, else the last.

    >>> one = np.ones(4)
    >>> even = np.array([[0.5, 0.4, 0.6, 0.5], [0.5, 0.5, 0.4, 0.6]])
    >>> chosen(even, one), chosen(even + np.array([[-0.5], [0.0]]), one)
    (1, 0)
    """
    mean, error = mean_and_error(table[-1] - table, weights)
    better = mean > ERRORS * error
    better[-1] = True
    return int(np.where(better, -mean, np.inf).argmin())
