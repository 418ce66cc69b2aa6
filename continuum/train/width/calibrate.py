"""A price with an out-of-sample part: raised above the default only where held-out rows say that it pays."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from continuum.train.width.rows import Rows
from continuum.train.width.run import Run, graded
from continuum.train.width.settings import DEFAULT_PRICE
from continuum.train.width.weights import activations

#: Prices that are tried, falling, as multiples of the default.
MULTIPLES = (64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0)
STAGE = 150  # steps at every price
ERRORS = 2.0  # standard errors by which a higher price must win
FEWEST = 40  # rows below which halves can show nothing

#: Makes a run on some rows, of so many steps.
Make = Callable[[Rows, int], Run]


def calibrated(rows: Rows, held: Rows | None, make: Make, seed: int) -> tuple[float, int]:
    """The price that held-out rows choose, and the steps it took; without such rows two halves judge each other.

    Units that fit noise lower the training loss by an amount that no price known in advance can tell from signal: half
    a nat for every weight that moved, over a residual of unknown size. Held-out rows can. Along a falling price
    every row is judged by a network that never saw it; the default stands unless a higher price beats it by two
    standard errors of the paired difference, because on clean tasks the two differ by less than their noise.
    """
    prices = [DEFAULT_PRICE * multiple for multiple in MULTIPLES]
    if held is not None:
        pairs = [(rows, held)]
    elif len(rows) < FEWEST:
        return DEFAULT_PRICE, 0
    else:
        halves = [rows.part(h) for h in np.array_split(np.random.default_rng([seed, 17]).permutation(len(rows)), 2)]
        pairs = [(halves[0], halves[1]), (halves[1], halves[0])]
    tables = [np.stack([*falling(make(train, STAGE), other, prices)]) for train, other in pairs]
    price = prices[chosen(np.concatenate(tables, 1).astype(np.float64))]
    return price, STAGE * len(prices) * len(pairs)


def falling(run: Run, held: Rows, prices: Sequence[float]) -> Iterator[Float[np.ndarray, " held"]]:
    """Scores of the held-out rows at the end of a stage of ``run.steps`` steps at every price, smaller is better."""
    run.records = 1
    for price in prices:
        run.price = price
        graded(run)
        outputs = activations(run.pool.weights, held.x, run.pool.activation)[-1]
        yield run.objective.scores(outputs, held.y)


def chosen(table: Float[np.ndarray, "prices rows"]) -> int:
    """The price with the least mean among those that beat the last one by two standard errors, else the last.

    >>> even = np.array([[0.5, 0.4, 0.6, 0.5], [0.5, 0.5, 0.4, 0.6]])
    >>> chosen(even), chosen(even + np.array([[-0.5], [0.0]]))
    (1, 0)
    """
    gain = table[-1] - table
    error = gain.std(1, ddof=1) / np.sqrt(gain.shape[1])
    better = gain.mean(1) > ERRORS * error
    better[-1] = True
    return int(np.where(better, table.mean(1), np.inf).argmin())
