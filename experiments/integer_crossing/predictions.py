"""The predictions, as they stood before the run, confronted with what was measured."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtr
from scipy.stats import binomtest

from continuum.analysis.statistics import holm, mean_interval, share_interval

from .claims import FAMILY_LEVEL, PREDICTIONS, Prediction, Test


class Finding(NamedTuple):
    """A test of some rows: means of what was predicted and measured, 95 % interval of the latter, p-value."""

    n: int
    predicted: float
    measured: float
    low: float
    high: float
    p: float
    outside: bool


def find(rows: pd.DataFrame, test: Test, tolerance: float = 0.0) -> Finding:
    """Test the rows of one confrontation."""
    measured, predicted = rows["measured"].to_numpy(), rows["predicted"].to_numpy()
    if test in ("share", "at most"):
        return _share(measured, float(predicted[0]), one_sided=test == "at most")
    n, centre = len(rows), float(predicted.mean())
    if test == "chance":
        spread = np.sqrt((predicted * (1 - predicted)).sum()) / n
        off = float(measured.mean()) - centre
        p = float(2 * ndtr(-abs(off) / spread)) if spread else float(off == 0)
        low, high = measured.mean() - 1.96 * spread, measured.mean() + 1.96 * spread
        return Finding(n, centre, float(measured.mean()), low, high, p, not low <= centre <= high)
    mean, low, high = mean_interval(measured - predicted)
    error = (measured - predicted).std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    excess = max(abs(mean) - tolerance, 0.0)
    p = float(2 * stdtr(n - 1, -excess / error)) if error > 0 else float(excess == 0)
    outside = bool(low > tolerance or high < -tolerance)
    return Finding(n, centre, centre + mean, centre + low, centre + high, p, outside)


def _share(measured: np.ndarray, predicted: float, *, one_sided: bool) -> Finding:
    n, hits = len(measured), int(measured.sum())
    share, low, high = share_interval(hits, n)
    p = float(binomtest(hits, n, predicted, alternative="greater" if one_sided else "two-sided").pvalue)
    return Finding(n, predicted, share, low, high, p, low > predicted or (not one_sided and high < predicted))


def confrontations(results: pd.DataFrame) -> pd.DataFrame:
    """One row per claim, task and setting: the tests of the family, their p-values adjusted together."""
    tests = []
    for prediction in PREDICTIONS:
        for (task, setting, quantity), rows in _matching(results, prediction).groupby(
            ["task", "setting", "quantity"], sort=False
        ):
            finding = find(rows, prediction.test, prediction.tolerance)
            head = {"claim": prediction.claim, "task": task, "setting": setting, "quantity": quantity}
            tests.append(head | finding._asdict() | {"tolerance": prediction.tolerance})
    table = pd.DataFrame(tests)
    table["p_holm"] = holm(table["p"])
    table["verdict"] = np.where(table["p_holm"] > FAMILY_LEVEL, "held", "FAILED")
    return table


def summary(results: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: all its networks pooled, and what became of its tests."""
    claims = []
    for prediction in PREDICTIONS:
        rows, made = _matching(results, prediction), tests[tests["claim"] == prediction.claim]
        if not len(made):
            continue
        finding = find(rows, prediction.test, prediction.tolerance)._asdict()
        counts = {"tests": len(made), "outside_95": int(made["outside"].sum()), "least_p_holm": made["p_holm"].min()}
        failed = int((made["verdict"] != "held").sum())
        verdict = f"FAILED in {failed}" if failed else "held"
        claims.append({"claim": prediction.claim} | finding | counts | {"verdict": verdict})
    return pd.DataFrame(claims).drop(columns=["p", "outside"])


def without_assumptions(results: pd.DataFrame) -> pd.DataFrame:
    """One row per setting and quantity outside the family, tasks pooled: measured against a law that may fail."""
    inside = np.zeros(len(results), dtype=bool)
    for prediction in PREDICTIONS:
        inside |= _mask(results, prediction)
    laws = []
    rest = results[~inside & results["predicted"].notna()]
    for (part, setting, quantity), rows in rest.groupby(["part", "setting", "quantity"], sort=False):
        yes_or_no = rows["measured"].isin([0.0, 1.0]).all() and rows["predicted"].nunique() == 1
        finding = find(rows, "share" if yes_or_no else "mean")._asdict()
        laws.append({"part": part, "setting": setting, "quantity": quantity} | finding)
    table = pd.DataFrame(laws).drop(columns=["p", "outside"])
    return table.assign(change=table["measured"] - table["predicted"])


def _matching(results: pd.DataFrame, prediction: Prediction) -> pd.DataFrame:
    return results[_mask(results, prediction)]


def _mask(results: pd.DataFrame, prediction: Prediction) -> np.ndarray:
    selected = results["part"] == prediction.part
    for column, pattern in (("setting", prediction.settings), ("quantity", prediction.quantity)):
        names = [name for name in results[column].unique() if re.fullmatch(pattern, name)]
        selected &= results[column].isin(names)
    return selected.to_numpy()
