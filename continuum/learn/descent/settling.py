"""How wide a network is at a price that all tables share, behind steps in which its width settles."""

import math
from dataclasses import replace

from continuum.learn.descent.descent import Descent
from continuum.learn.descent.settings import Stage
from continuum.learn.loss import KnownNoise, SquaredError
from continuum.learn.optimizer import Memory
from continuum.learn.settings import POOL
from continuum.progress import Meter

#: Nats of all rows at which widths of different runs can be compared, and the variance of a standardised target that is
#: a nat of its squared error there: that of an error of a tenth of its deviation.
REFERENCE_PRICE, REFERENCE_NOISE = 16.0, 0.01
#: Learning rate while settling, as a multiple of the one before, and rows of a step: with few the noise of steps
#: silences units.
LR_FACTOR, BATCH = 3.0, 256


def settled_widths(descent: Descent, steps: int) -> tuple[float, ...]:
    r"""The width of every layer at :data:`REFERENCE_PRICE`, of a twin of this network; the network stays as it is.

    A width at the price where held-out rows stop is that of a run that was cut off: it hangs on when that was, on the
    price, and on which units there were at birth. What is measured here has none of the reasons for which a pool
    decides a width: gates have no bound, so that copies of a long unit change nothing; a nat does not follow the
    residual, which falls with the width; and all runs settle at one price, with one reserve, on large batches.
    """
    twin = descent.twin()
    run = twin.run
    batch = max(run.config.batch, BATCH)
    run.config = replace(run.config, largest_gate=math.inf, lr=LR_FACTOR * run.config.lr, batch=batch)
    if isinstance(run.objective, SquaredError):
        run.objective = KnownNoise(REFERENCE_NOISE)
    run.pool.size, run.pool.memory = POOL, Memory.of(run.pool.weights)
    twin.advance(Stage(REFERENCE_PRICE, steps), Meter())
    return tuple(run.widths())
