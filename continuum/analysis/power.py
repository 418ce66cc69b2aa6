"""What a test can see: the probability that it rejects if the truth is another, to be stated before the run."""

import numpy as np
from scipy.stats import binom, nct, t


def share_power(trials: int, hypothesis: float, truth: float, level: float = 0.05, side: str = "two-sided") -> float:
    """Probability that the exact binomial test rejects ``hypothesis`` when each trial succeeds with ``truth``.

    At few trials it can be 0 whatever the truth: no outcome is rare enough. The two-sided test doubles the smaller
    tail.

    Args:
        trials: n independent trials.
        hypothesis: the probability that is tested.
        truth: the probability of success.
        level: of the test.
        side: "two-sided"; "less" rejects where successes are too few; "greater" where they are too many.

    >>> round(share_power(20, 0.9, 0.7, level=0.01, side="less"), 3)  # >= 90 % of 20: it is hard to lose
    0.392
    >>> share_power(5, 0.5, 0.9)
    0.0
    """
    if side not in ("two-sided", "less", "greater"):
        raise ValueError(f'side: expected "two-sided", "less" or "greater", got {side!r}')
    counts = np.arange(trials + 1)
    below, above = binom.cdf(counts, trials, hypothesis), binom.sf(counts - 1, trials, hypothesis)
    p = {"less": below, "greater": above, "two-sided": 2 * np.minimum(below, above)}[side]
    return float(binom.pmf(counts, trials, truth)[p <= level].sum())


def mean_power(n: int, effect: float, level: float = 0.05) -> float:
    """Probability that Student's two-sided test sees a mean that is ``effect`` standard deviations from the hypothesis.

    Of n independent normal values; 0 for fewer than two.

    >>> round(mean_power(10, 1.0), 2)
    0.8
    """
    if n < 2:
        return 0.0
    least, shift = t.ppf(1 - level / 2, n - 1), effect * np.sqrt(n)
    return float(nct.sf(least, n - 1, shift) + nct.cdf(-least, n - 1, shift))
