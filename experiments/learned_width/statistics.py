"""What the grid's curve says, and how sure a paired difference is."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from continuum.analysis.statistics import ConfidenceInterval, one_standard_error

Scores = Float64[np.ndarray, "folds widths"]


class Oracle(NamedTuple):
    """Smallest sufficient width with its bootstrap range, and the best mean score with its standard error."""

    width: float
    low: float
    high: float
    best: float
    error: float
    at: float

    @property
    def enough(self) -> float:
        """The best mean score minus one standard error."""
        return self.best - self.error


def oracle(grid: pd.DataFrame, draws: int = 500) -> Oracle:
    """The one-standard-error rule on rows of fixed widths (columns fold, seed, units, score).

    >>> scores = {1: (0.5, 0.6), 2: (0.88, 0.9), 4: (0.9, 0.94)}
    >>> rows = [(f, 0, units, score[f]) for units, score in scores.items() for f in (0, 1)]
    >>> best = oracle(pd.DataFrame(rows, columns=["fold", "seed", "units", "score"]))
    >>> best.width, best.at, round(best.enough, 3)
    (4.0, 4.0, 0.9)
    """
    table = grid.pivot(index=["seed", "fold"], columns="units", values="score")
    widths, scores = table.columns.to_numpy(float), table.to_numpy(float)
    place, best, error = sufficient(scores, widths)
    rng = np.random.default_rng(0)
    drawn = [widths[sufficient(scores[rng.integers(0, len(scores), len(scores))], widths)[0]] for _ in range(draws)]
    low, high = np.quantile(drawn, [0.1, 0.9], method="nearest")
    at = widths[int(np.nanargmax(scores.mean(0)))]
    return Oracle(float(widths[place]), float(low), float(high), best, error, float(at))


def sufficient(scores: Scores, widths: ArrayLike) -> tuple[int, float, float]:
    """Place of the smallest width within one standard error of the best, the best mean, and its standard error."""
    mean = scores.mean(0)  # a width of which a network diverged has no mean, and is not taken
    at = int(np.nanargmax(mean))
    error = float(scores[:, at].std(ddof=1) / np.sqrt(len(scores)))
    return one_standard_error(mean, error, widths), float(mean[at]), error


def corrected(differences: ArrayLike, ratio: float, level: float = 0.95) -> ConfidenceInterval:
    r"""Mean and interval of J paired differences over folds whose training rows overlap.

    :math:`\bar d \pm t_{J-1} \, s \sqrt{1/J + n_\text{test}/n_\text{train}}`; ``ratio`` is the last term.

    References: C. Nadeau & Y. Bengio, "Inference for the generalization error", 2003; R. Bouckaert & E. Frank,
    "Evaluating the replicability of significance tests", 2004 (repeated folds).

    >>> [round(number, 3) for number in corrected([0.01, 0.03, 0.02, 0.02], 0.25)]
    [0.02, 0.002, 0.038]
    """
    d = np.asarray(differences, dtype=np.float64)
    d = d[np.isfinite(d)]
    if len(d) < 2:
        return ConfidenceInterval(float(d.mean()) if len(d) else np.nan, np.nan, np.nan)
    half = float(stdtrit(len(d) - 1, (1 + level) / 2) * d.std(ddof=1) * np.sqrt(1 / len(d) + ratio))
    return ConfidenceInterval(float(d.mean()), float(d.mean()) - half, float(d.mean()) + half)


def paired(one: pd.DataFrame, other: pd.DataFrame) -> ConfidenceInterval:
    """Mean score of one method minus that of another on the folds of both; starts are averaged within a fold."""
    keys = ["seed", "fold"]
    scores = [frame.groupby(keys)["score"].mean() for frame in (one, other)]
    ratio = float((one["test_rows"] / one["train_rows"]).mean())
    return corrected((scores[0] - scores[1]).dropna(), ratio)
