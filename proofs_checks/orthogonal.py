"""A network whose trained weights are those of an orthogonal regression, so that each unit can be solved by itself."""

from functools import cache

import numpy as np
from scipy.linalg import hadamard

from continuum.learn.loss import KnownNoise, SquaredError
from continuum.learn.network import Array, NetworkWeights
from continuum.learn.optimizer import Memory
from continuum.learn.pool import Pool
from continuum.learn.rows import TrainingRows
from continuum.learn.run import GradedRun
from continuum.learn.settings import LearnConfig

#: Incoming weight at which tanh is 1 to the last bit, so that no unit turns.
SATURATED = 50.0


@cache
def columns(rows: int, units: int) -> Array:
    """Orthogonal columns of signs with mean 0, for a power of two of rows."""
    return np.asarray(hadamard(rows)[:, 1 : units + 1], np.float64)


def orthogonal_run(
    targets: Array, outgoing: Array, config: LearnConfig, price: float, variance: float | None = None
) -> GradedRun:
    """A shipped run whose units are signs, uncorrelated over the rows; they stay so, for saturated units do not turn.

    Args:
        targets: (rows, 1), for a power of two of rows.
        outgoing: (units, 1), where training begins.
        config: of the steps; the batch is made one of all rows.
        price: nats of all rows per unit of width.
        variance: one nat; None: the running residual.
    """
    rows, units = len(targets), len(outgoing)
    x = np.hstack([columns(rows, units), np.ones((rows, 1))])
    incoming = SATURATED * np.eye(units, units + 1)
    weights = NetworkWeights(incoming, [outgoing.astype(np.float64)], [np.zeros(1)])
    pool = Pool(weights, Memory.of(weights), "tanh", units, np.random.default_rng(0))
    objective = SquaredError() if variance is None else KnownNoise(variance)
    return GradedRun(TrainingRows(x, targets.astype(np.float64)), objective, config, 1, price, pool)


def least_squares(targets: Array, units: int) -> Array:
    """Coefficients z of the units alone, (units, 1)."""
    return np.asarray(columns(len(targets), units).T @ targets / len(targets))
