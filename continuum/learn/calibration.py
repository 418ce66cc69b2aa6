"""A price with an out-of-sample part: raised above the default only where held-out rows say that it pays.

They say, too, how large the noise of a regression is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from continuum.learn.network import activations
from continuum.learn.rows import TrainingRows
from continuum.learn.run import GradedRun, train
from continuum.learn.settings import DEFAULT_PRICE, PRICES
from continuum.progress import Meter

#: Prices that are tried, falling: those of a path down to the default.
TRIED_PRICES = PRICES[: PRICES.index(DEFAULT_PRICE) + 1]
#: Steps at every price.
STAGE = 150
#: Standard errors by which a higher price must win.
ERRORS = 2.0
#: Rows below which halves can show nothing.
MIN_ROWS = 40

#: Makes a run on some rows, of so many steps.
MakeRun = Callable[[TrainingRows, int], GradedRun]
ScoreTable = Float64[np.ndarray, "*batch rows"]


def calibration_pairs(
    rows: TrainingRows, held_out: TrainingRows | None, seed: int
) -> list[tuple[TrainingRows, TrainingRows]]:
    """Pairs of rows to train on and rows to score on: two halves in both roles, unless rows are held out or too few."""
    if held_out is not None:
        return [(rows, held_out)]
    if min(len(rows), rows.total) < MIN_ROWS:
        return []
    order = np.random.default_rng([seed, 17]).permutation(len(rows))
    first, second = (rows.part(half) for half in np.array_split(order, 2))
    return [(first, second), (second, first)]


def calibration_steps(pairs: list[tuple[TrainingRows, TrainingRows]]) -> int:
    """Steps that a calibration takes."""
    return STAGE * len(TRIED_PRICES) * len(pairs)


@dataclass(frozen=True)
class Calibration:
    """What held-out rows say.

    Args:
        price: the price that they choose.
        scores: their mean score at each of ``TRIED_PRICES``; None where no row, or no answer, was at hand.
    """

    price: float
    scores: Float64[np.ndarray, " prices"] | None = None

    def score_at(self, price: float) -> float | None:
        """The mean score at the tried price that is nearest by ratio.

        >>> Calibration(4.0, np.arange(7.0)).score_at(1.0), Calibration(4.0).score_at(1.0)
        (6.0, None)
        """
        nearest = int(np.abs(np.log(np.array(TRIED_PRICES) / price)).argmin())
        return None if self.scores is None else float(self.scores[nearest])


def calibrate(pairs: list[tuple[TrainingRows, TrainingRows]], make: MakeRun, meter: Meter) -> Calibration:
    """The price that held-out rows choose; the default without such rows, or where the meter was answered to stop.

    Units that fit noise lower the training loss by an amount that no price known in advance can tell from signal: half
    a nat for every weight that moved, over a residual of unknown size. Held-out rows can. Along a falling price
    every row is scored by a network that never saw it; the default stands unless a higher price beats it by two
    standard errors of the paired difference, because on clean tasks the two differ by less than their noise.
    """
    total, tables = meter.total, []
    for training, held_out in pairs:
        run = make(training, STAGE)
        tables.append([held_out_scores(run, held_out) for _ in price_stages(run, TRIED_PRICES, meter)])
        if meter.stopped:
            meter.total = total - (calibration_steps(pairs) - meter.done)
            return Calibration(DEFAULT_PRICE)
    if not pairs:
        return Calibration(DEFAULT_PRICE)
    weights = np.concatenate([held_out.weights() for _, held_out in pairs])
    scores = np.concatenate([np.stack(table) for table in tables], 1).astype(np.float64)
    return Calibration(TRIED_PRICES[winning_place(scores, weights)], mean_and_error(scores, weights)[0])


def price_stages(run: GradedRun, prices: Sequence[float], meter: Meter) -> Iterator[float]:
    """The run at the end of a stage of ``run.steps`` steps at every price, until the meter is answered to stop.

    Every stage begins with a reserve: a lower price must be able to recruit what a higher one kept silent.
    """
    run.records = 1
    for stage, price in enumerate(prices):
        run.price = price
        if stage:
            run.pool.repack(reserve=True)
        train(run, meter)
        if meter.stopped:
            return
        yield price


def held_out_scores(run: GradedRun, held_out: TrainingRows) -> Float[np.ndarray, " rows"]:
    """The score of each held-out row; smaller is better."""
    outputs = activations(run.pool.weights, held_out.x, run.pool.activation)[-1]
    return run.objective.scores(outputs, held_out.y)


def winning_place(scores: ScoreTable, weights: Float64[np.ndarray, " rows"]) -> int:
    """The row of least mean among those that beat the last one by two standard errors, else the last.

    >>> one = np.ones(4)
    >>> even = np.array([[0.5, 0.4, 0.6, 0.5], [0.5, 0.5, 0.4, 0.6]])
    >>> winning_place(even, one), winning_place(even + np.array([[-0.5], [0.0]]), one)
    (1, 0)
    """
    gain, error = mean_and_error(scores[-1] - scores, weights)
    better = gain > ERRORS * error
    better[-1] = True
    return int(np.where(better, -gain, np.inf).argmin())


def mean_and_error(
    table: ScoreTable, weights: Float64[np.ndarray, " rows"]
) -> tuple[Float64[np.ndarray, "*batch"], Float64[np.ndarray, "*batch"]]:
    r"""Mean along the last axis, and its standard error; a row of weight w counts for w rows.

    With weights :math:`w_i` of sum :math:`W` the squared error is
    :math:`\sum_i w_i (s_i - \bar s)^2 / (W (W - 1))`, without bound where all rows together stand for no more than one.

    >>> mean, error = mean_and_error(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    >>> float(mean), float(error) == float(np.std([1.0, 1.0, 4.0], ddof=1) / np.sqrt(3))
    (2.0, True)
    """
    share = weights / weights.sum()
    mean = table @ share
    variance = np.square(table - mean[..., None]) @ share
    freedom = float(weights.sum()) - 1
    return mean, np.sqrt(variance / freedom) if freedom > 0 else np.full_like(mean, np.inf)
