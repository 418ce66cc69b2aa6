"""The predictions, as they stood before the run, confronted with what was measured."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from continuum.analysis.equivalence import mean_equivalence, outcome, share_equivalence
from continuum.analysis.power import share_power
from continuum.analysis.statistics import mean_interval, share_interval

from .claims import IDENTITIES, PREDICTIONS, CodeIdentity, Prediction, Test


class Finding(NamedTuple):
    """Of some rows: means of what was predicted and measured, 95 % interval of the latter, two p-values, power.

    ``p_within`` is small where the measurement shows what was predicted, ``p_beyond`` where it refutes it; ``power`` is
    the probability of the former if the prediction is exactly right (for ``below``: if it is less by the margin).
    """

    n: int
    predicted: float
    measured: float
    low: float
    high: float
    margin: float
    power: float
    p_within: float
    p_beyond: float


def find(rows: pd.DataFrame, test: Test, margin: float) -> Finding:
    """Estimate and test one quantity."""
    measured, predicted = rows["measured"].to_numpy(), rows["predicted"].to_numpy()
    n, centre, hits = len(rows), float(predicted.mean()), int(measured.sum())
    if test == "mean":
        e = mean_equivalence(measured - predicted, 0.0, margin)
        ends = (centre + e.estimate, centre + e.low, centre + e.high)
        return Finding(n, centre, *ends, margin, e.power, e.p_within, e.p_beyond)
    if test == "share":
        e = share_equivalence(hits, n, centre, margin)
        return Finding(n, centre, e.estimate, e.low, e.high, margin, e.power, e.p_within, e.p_beyond)
    power = share_power(n, centre, centre - margin, side="less")
    few, many = float(binom.cdf(hits, n, centre)), float(binom.sf(hits - 1, n, centre))
    return Finding(n, centre, *share_interval(hits, n), margin, power, few, many)


def confrontations(results: pd.DataFrame) -> pd.DataFrame:
    """One row per claim, task and setting: estimates, each with the margin and the power that so few networks have."""
    rows = []
    for prediction in PREDICTIONS:
        margin = prediction.row_margin or prediction.margin
        for (task, setting, quantity), part in matching(results, prediction).groupby(
            ["task", "setting", "quantity"], sort=False
        ):
            head: dict[str, object] = {"claim": prediction.claim, "test": prediction.test}
            head |= {"task": task, "setting": setting, "quantity": quantity}
            rows.append(head | _judged(find(part, prediction.test, margin), prediction.test))
    return pd.DataFrame(rows)


def _judged(finding: Finding, test: Test) -> dict[str, object]:
    """A finding, whether its point estimate and its interval agree with the claim, and its outcome by itself."""
    off = finding.measured - finding.predicted
    agrees = off <= 0 if test == "below" else abs(off) <= finding.margin
    missed = finding.low > finding.predicted or (test != "below" and finding.high < finding.predicted)
    said = outcome(finding.p_within, finding.p_beyond)
    return finding._asdict() | {"agrees": agrees, "outside": missed, "outcome": said}


def summary(results: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: all its networks pooled, its outcome at the level of each, and what its rows say."""
    claims = []
    for prediction in PREDICTIONS:
        rows, made = matching(results, prediction), tests[tests["claim"] == prediction.claim]
        if len(made):
            finding = find(rows, prediction.test, prediction.margin)
            counts = {"rows": len(made), "rows_agree": int(made["agrees"].sum())}
            counts |= {f"rows_{word}": int((made["outcome"] == word).sum()) for word in ("shown", "refuted")}
            said = {"outcome": outcome(finding.p_within, finding.p_beyond), "rows_power": made["power"].median()}
            claims.append({"claim": prediction.claim, "test": prediction.test} | finding._asdict() | counts | said)
    return pd.DataFrame(claims)


def identities(results: pd.DataFrame) -> pd.DataFrame:
    """One row per identity of the code: how far the worst network is from it, and how many are beyond rounding."""
    rows = []
    for identity in IDENTITIES:
        part = matching(results, identity)
        if len(part):
            off = (part["measured"] - part["predicted"]).abs()
            head = {"claim": identity.claim, "n": len(part), "settings": len(part.groupby(["task", "setting"]))}
            ends = {"worst": float(off.max()), "exceptions": int((off > identity.tolerance).sum())}
            rows.append(head | {"tolerance": identity.tolerance} | ends)
    return pd.DataFrame(rows)


def without_assumptions(results: pd.DataFrame) -> pd.DataFrame:
    """One row per setting and quantity outside the family, tasks pooled: measured against a law that may fail."""
    inside = np.zeros(len(results), dtype=bool)
    for prediction in (*PREDICTIONS, *IDENTITIES):
        inside |= _mask(results, prediction)
    laws = []
    rest = results[~inside & results["predicted"].notna() & (results["part"] != "flow")]
    for (part, setting, quantity), rows in rest.groupby(["part", "setting", "quantity"], sort=False):
        laws.append({"part": part, "setting": setting, "quantity": quantity} | _estimate(rows))
    table = pd.DataFrame(laws)
    return table.assign(change=table["measured"] - table["predicted"])


def landings(results: pd.DataFrame) -> pd.DataFrame:
    """One row per variant of joint training, tasks pooled: slopes where a step lands, and how many turned positive."""
    rows = results[results["part"] == "joint"]
    made = []
    for setting, part in rows.groupby("setting", sort=False):
        negative, turned = (_shared(part, name) for name in ("coin, at the landing", "turned positive"))
        made.append({"setting": setting, **negative, **{f"turned_{name}": v for name, v in turned.items()}})
    return pd.DataFrame(made)


def _shared(part: pd.DataFrame, quantity: str) -> dict[str, float]:
    values = part.loc[part["quantity"] == quantity, "measured"]
    share, low, high = share_interval(int(values.sum()), len(values))
    return {"n": len(values), "share": share, "low": low, "high": high}


def _estimate(rows: pd.DataFrame) -> dict[str, float]:
    """Means of what was predicted and measured, the latter with its interval."""
    n, predicted = len(rows), float(rows["predicted"].mean())
    if rows["measured"].isin([0.0, 1.0]).all() and rows["predicted"].nunique() == 1:
        ends = share_interval(int(rows["measured"].sum()), n)
        return {"n": n, "predicted": predicted, "measured": ends.mean, "low": ends.low, "high": ends.high}
    off = mean_interval(rows["measured"] - rows["predicted"])
    bounds = {"measured": predicted + off.mean, "low": predicted + off.low, "high": predicted + off.high}
    return {"n": n, "predicted": predicted, **bounds}


def matching(results: pd.DataFrame, prediction: Prediction | CodeIdentity) -> pd.DataFrame:
    """The rows that a claim speaks of."""
    return results[_mask(results, prediction)]


def _mask(results: pd.DataFrame, prediction: Prediction | CodeIdentity) -> np.ndarray:
    selected = results["part"] == prediction.part
    for column, pattern in (("setting", prediction.settings), ("quantity", prediction.quantity)):
        names = [name for name in results[column].unique() if re.fullmatch(pattern, name)]
        selected &= results[column].isin(names)
    return selected.to_numpy()
