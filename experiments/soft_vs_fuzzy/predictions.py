"""Predictions of soft_vs_fuzzy against measurements: estimates of settings, and verdicts over independent problems."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from continuum.analysis.equivalence import LEVEL, outcome, share_equivalence
from continuum.analysis.statistics import share_interval

#: A width counts as predicted, or as the needed one, within half a unit.
TOLERANCE = 0.5
#: The share of problems that end as predicted is 1, the predictions say; this much less is not what they say.
SHARE_MARGIN = 0.1
#: A share that is nearly what is predicted; the power to show it is stated beside that to show 1.
NEARLY = 0.97
#: Of the mean slope at a fresh unit, in units of |c|^2.
SLOPE_MARGIN = 0.01
#: What names a setting, and a prediction.
SETTING, PREDICTION = ["law", "order", "price", "start"], ["law", "order"]
#: What an independent draw is: price, start and law have the same features and target.
PROBLEM = ["seed", "needed"]
#: Starts from below are narrower than this.
BELOW = 2.0


class Verdict(NamedTuple):
    """Of one prediction: estimate with 95 % interval, margin, power, p-values and the outcome."""

    law: str
    order: str
    statistic: str
    n: int
    expected: float
    measured: float
    low: float
    high: float
    margin: float
    power: float
    nearly: float
    p_within: float
    p_beyond: float
    outcome: str


def estimates(results: pd.DataFrame) -> pd.DataFrame:
    """One row per law, order of the features, price and start: mean widths, and shares with exact intervals."""
    rows = []
    for key, frame in _predicted(results).groupby(SETTING, sort=False):
        share = share_interval(int(near(frame, "predicted").sum()), len(frame))
        head = {"predicted_width": frame["predicted"].mean(), "width": frame["width"].mean(), "n": len(frame)}
        ends = {"measured": share.mean, "low": share.low, "high": share.high}
        found = {"needed_found": float(near(frame, "needed").mean())}
        rows.append({**dict(zip(SETTING, key, strict=True)), **head, **ends, **found})
    return pd.DataFrame(
        rows, columns=[*SETTING, "predicted_width", "width", "n", "measured", "low", "high", "needed_found"]
    )


def verdicts(results: pd.DataFrame) -> pd.DataFrame:
    """One row per prediction; beside it the shares of members that end as predicted, from below and from above."""
    rows = []
    for (law, order), frame in _predicted(results).groupby(PREDICTION, sort=False):
        right = near(frame, "predicted")
        sides = right.groupby(np.where(frame["start"] < BELOW, "below", "above")).mean()
        verdict = _widths(str(law), str(order), right.groupby([frame[name] for name in PROBLEM]).all())
        rows.append(verdict._asdict() | {side: sides.get(side, np.nan) for side in ("below", "above")})
    rows += [verdict._asdict() for verdict in _fresh(results)]
    return pd.DataFrame(rows, columns=[*Verdict._fields, "below", "above"])


def _predicted(results: pd.DataFrame) -> pd.DataFrame:
    return results[(results["stage"] == "readout") & results["predicted"].notna()]


def _widths(law: str, order: str, right: pd.Series) -> Verdict:
    """A problem is right if all its members (prices and starts) end within TOLERANCE of their predictions."""
    e = share_equivalence(int(right.sum()), len(right), 1.0, SHARE_MARGIN)
    ends = (e.n, 1.0, e.estimate, e.low, e.high, SHARE_MARGIN, e.power, nearly_power(e.n), e.p_within, e.p_beyond)
    return Verdict(law, order, "share of problems within 1/2", *ends, outcome(e.p_within, e.p_beyond))


def nearly_power(problems: int) -> float:
    """Probability that "at least 1 - SHARE_MARGIN" is shown if the true share is NEARLY.

    >>> round(nearly_power(64), 2), nearly_power(20)
    (0.7, 0.0)
    """
    right = np.arange(problems + 1)
    shown = binom.sf(right - 1, problems, 1 - SHARE_MARGIN) <= LEVEL
    return float(binom.pmf(right, problems, NEARLY)[shown].sum())


def near(frame: pd.DataFrame, column: str) -> pd.Series:
    """Whether each member's width is within TOLERANCE of another column; a diverged one is not."""
    return (frame["width"] - frame[column]).abs() <= TOLERANCE


def _fresh(results: pd.DataFrame) -> list[Verdict]:
    """The mean slope of each case over all draws of all its problems, normal."""
    made: list[Verdict] = []
    drawn = results[results["stage"] == "fresh"]
    for case, rows in drawn.groupby("case", sort=False) if len(drawn) else ():
        expected, off = float(rows["predicted"].iloc[0]), float(rows["off"].mean())
        error = float(np.sqrt(rows["error"].pow(2).sum())) / len(rows)
        half, room = norm.ppf(0.975) * error, (SLOPE_MARGIN - abs(off)) / error
        within, beyond = float(norm.sf(room)), min(1.0, 2 * float(norm.cdf(room)))
        power = max(2 * float(norm.cdf(SLOPE_MARGIN / error - norm.ppf(1 - LEVEL))) - 1, 0.0)
        ends = (expected, expected + off, expected + off - half, expected + off + half, SLOPE_MARGIN, power, np.nan)
        said = (within, beyond, outcome(within, beyond))
        made.append(Verdict(str(case), "fresh", "mean slope / |c|^2", int(rows["draws"].sum()), *ends, *said))
    return made
