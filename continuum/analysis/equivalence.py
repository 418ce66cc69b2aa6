"""Is it what was predicted? Tests whose success is evidence: that a value lies within a stated margin.

A test of "exactly as predicted" protects the prediction: the fewer the data, the safer it is. Two one-sided tests turn
the burden round. The prediction is *shown* if both "too low by the margin" and "too high by the margin" are rejected,
*refuted* if "within the margin" is rejected, and else *undecided*, which is what few data deserve.

References: D. Schuirmann, "A comparison of the two one-sided tests procedure and the power approach", J. Pharmacokinet.
Biopharm. 15 (1987); S. Wellek, *Testing Statistical Hypotheses of Equivalence and Noninferiority* (2010).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtr, stdtrit
from scipy.stats import binom, chi

from continuum.analysis.statistics import mean_interval, share_interval

#: Places and weights of the rule that integrates over the sample's deviation.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(96)
#: Level of each verdict.
LEVEL = 0.05


class Equivalence(NamedTuple):
    """An estimate with its 95 % interval, and two p-values: small where it is shown to lie within or beyond a margin.

    ``power`` is the probability that it would be shown to lie within if the prediction were exactly right.
    """

    estimate: float
    low: float
    high: float
    n: int
    p_within: float
    p_beyond: float
    power: float


def mean_equivalence(values: ArrayLike, target: float, margin: float, level: float = LEVEL) -> Equivalence:
    r"""Does the mean of n independent normal values lie in ``target`` -+ ``margin``?

    .. math:: p_{\text{within}} = P\!\left(t_{n-1} > \frac{m - |\bar x - \mu|}{s/\sqrt n}\right), \qquad
        p_{\text{beyond}} = 2 P\!\left(t_{n-1} > \frac{|\bar x - \mu| - m}{s/\sqrt n}\right)

    Power takes the sample's deviation for the true one. NaN counts as missing; of fewer than two values nothing can be
    said: both p and the power are NaN.

    >>> e = mean_equivalence([0.99, 1.01, 1.0, 1.02], target=1.0, margin=0.05)
    >>> outcome(e.p_within, e.p_beyond), round(e.power, 2)
    ('shown', 1.0)
    >>> outcome(*mean_equivalence([0.9, 1.1, 1.0, 1.2], 1.0, 0.05)[4:6])
    'undecided'
    """
    _checked(margin, level)
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[~np.isnan(x)]
    mean, low, high = mean_interval(x)
    if len(x) < 2:
        return Equivalence(mean, low, high, len(x), np.nan, np.nan, np.nan)
    spread = float(x.std(ddof=1))
    room = margin - abs(mean - target)
    if spread == 0:
        return Equivalence(mean, low, high, len(x), float(room <= 0), float(room >= 0), 1.0)
    score = room / (spread / np.sqrt(len(x)))
    within = float(stdtr(len(x) - 1, -score))
    beyond = min(1.0, 2 * float(stdtr(len(x) - 1, score)))
    return Equivalence(mean, low, high, len(x), within, beyond, _mean_power(len(x), margin / spread, level))


def share_equivalence(successes: int, trials: int, target: float, margin: float, level: float = LEVEL) -> Equivalence:
    r"""Does the probability of success of independent trials lie in ``target`` -+ ``margin``?

    With exact binomial tails at the ends of the range: :math:`p_{\text{within}}` is the larger of :math:`P(X \ge x)` at
    its lower and :math:`P(X \le x)` at its upper end; an end beyond [0, 1] needs no test.

    >>> share_equivalence(5020, 10000, target=0.5, margin=0.02).p_within < 0.01
    True
    >>> outcome(*share_equivalence(6, 12, target=0.5, margin=0.02)[4:6])
    'undecided'
    >>> outcome(*share_equivalence(70, 100, target=0.95, margin=0.05)[4:6])
    'refuted'
    """
    _checked(margin, level)
    share, low, high = share_interval(successes, trials)
    if not trials:
        return Equivalence(share, low, high, 0, np.nan, np.nan, np.nan)
    counts = np.arange(trials + 1)
    least, most = target - margin, target + margin
    too_low = binom.sf(counts - 1, trials, least) if least > 0 else np.zeros(trials + 1)
    too_high = binom.cdf(counts, trials, most) if most < 1 else np.zeros(trials + 1)
    within = np.maximum(too_low, too_high)
    beyond = 2 * min(
        _tail(binom.sf(successes - 1, trials, most), most < 1 and share > most),
        _tail(binom.cdf(successes, trials, least), least > 0 and share < least),
    )
    power = float(binom.pmf(counts, trials, target)[within <= level].sum())
    return Equivalence(share, low, high, trials, float(within[successes]), min(1.0, beyond), power)


def outcome(p_within: float, p_beyond: float, level: float = LEVEL) -> str:
    """In a word: "shown", "refuted" or "undecided"; adjusted p-values give the verdicts of a family.

    >>> outcome(0.001, 1.0), outcome(0.9, 0.001), outcome(0.3, 0.6), outcome(float("nan"), float("nan"))
    ('shown', 'refuted', 'undecided', 'undecided')
    """
    if p_beyond <= level:
        return "refuted"
    return "shown" if p_within <= level else "undecided"


def _tail(p: float, on_this_side: bool) -> float:
    return float(p) if on_this_side else 1.0


def _mean_power(n: int, margin: float, level: float) -> float:
    """Margin in standard deviations; integrated over the law of the sample's deviation, chi over sqrt(n - 1)."""
    least = float(stdtrit(n - 1, 1 - level))
    most = margin * np.sqrt(n) / least  # of the sample's deviation: beyond, no mean is close enough

    width = 8 / np.sqrt(2 * (n - 1))
    low, high = max(0.0, 1 - width), min(most, 1 + width)
    if high <= low:
        return 0.0
    spread = low + (high - low) * (NODES + 1) / 2
    shown = 2 * ndtr(np.sqrt(n) * margin - least * spread) - 1
    density = chi.pdf(spread * np.sqrt(n - 1), n - 1) * np.sqrt(n - 1)
    return float(np.clip((high - low) / 2 * (WEIGHTS * shown * density).sum(), 0, 1))


def _checked(margin: float, level: float) -> None:
    if not margin > 0:
        raise ValueError(f"margin: expected a number > 0, got {margin}; nothing is shown to be exactly anything")
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number in (0, 1), got {level}")
