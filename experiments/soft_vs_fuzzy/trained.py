"""Means over trained members: where laws end on readouts and in networks, and what the gate of the interval changes.

Nothing is predicted of networks trained whole. Their intervals are over tasks, Student's over the means of tasks: seeds
of the same task do not shorten them.
"""

import numpy as np
import pandas as pd

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.analysis.statistics import ConfidenceInterval, mean_interval

from .predictions import BELOW, TOLERANCE, near

#: Widths enter ratios as at least this.
LEAST = 0.25
#: The null of the gate: widths within this factor, scores within this difference.
FACTOR, SCORE = 1.25, 0.01
#: What identifies the same network with another gate.
PAIR = ["task", "price", "start", "seed"]
#: Gates of the interval that are compared with the linear one under the Euclidean norm.
PLAIN, OTHERS = "interval/euclidean", ("interval/root", "interval/l2")


def needed_widths(results: pd.DataFrame) -> pd.DataFrame:
    """Cheapest fixed width of each task and price: the smallest mean of loss + decay + price * width over seeds."""
    networks = results[results["stage"] == "network"]
    fixed = networks[networks["law"] == "fixed/euclidean"]
    means = fixed.groupby(["task", "start"])["objective"].mean().reset_index()
    rows = []
    priced = networks.loc[networks["price"] > 0, ["task", "price"]].drop_duplicates()
    for task, price in priced.itertuples(index=False):
        candidates = means[means["task"] == task]
        if len(candidates):
            total = candidates["objective"] + price * candidates["start"]
            rows.append({"task": task, "price": price, "oracle": float(candidates.loc[total.idxmin(), "start"])})
    return pd.DataFrame(rows, columns=["task", "price", "oracle"])


def members_of_networks(results: pd.DataFrame) -> pd.DataFrame:
    """One row per trained network with a learned width; needed is the teacher's width or the oracle."""
    members = results[(results["stage"] == "network") & (results["price"] > 0)]
    members = members.merge(needed_widths(results), on=["task", "price"], how="left")
    return members.assign(needed=members["needed"].fillna(members["oracle"]))


def networks(results: pd.DataFrame) -> pd.DataFrame:
    """Mean ends over seeds of each law on each task, price and start."""
    members = members_of_networks(results)
    members = members.assign(
        found=near(members, "needed").astype(float), close=_close(members), lost=members["width"].isna().astype(float)
    )
    columns = [
        "needed", "oracle", "width", "found", "close", "lost", "live", "score", "rounded_score", "gap", "slope_start",
        "noise_start", "noise_end", "used", "drift",
    ]  # fmt: skip
    keys = ["task", "law", "price", "start"]
    means = members.groupby(keys, sort=False)[columns].mean()
    bounds = members.groupby(keys, sort=False)["width"].apply(mean_interval)
    means.insert(3, "width_low", [bound.low for bound in bounds])
    means.insert(4, "width_high", [bound.high for bound in bounds])
    return means.reset_index()


def _close(frame: pd.DataFrame) -> pd.Series:
    """Within a quarter of the needed width, or half a unit."""
    margin = (frame["needed"] / 4).clip(lower=TOLERANCE)
    return ((frame["width"] - frame["needed"]).abs() <= margin).astype(float)


def readouts(results: pd.DataFrame) -> pd.DataFrame:
    """Mean ends of each law on readouts, with plain descent and with Adam."""
    members = results[results["stage"] == "readout"]
    members = members.assign(found=near(members, "needed").astype(float))
    columns = ["width", "predicted", "found", "live", "gap", "noise_start", "noise_end", "used", "drift"]
    keys = ["optimizer", "law", "order", "price", "start", "needed"]
    return members.groupby(keys, sort=False)[columns].mean().reset_index()


def ratios(results: pd.DataFrame) -> pd.DataFrame:
    """One row per law and side: width over the needed one (geometric mean) and score, with intervals over tasks."""
    members = members_of_networks(results)
    ratio = np.log(members["width"].clip(lower=LEAST) / members["needed"])
    members = members.assign(ratio=ratio, side=_sides(members))
    rows = []
    for (law, side), frame in members.groupby(["law", "side"], sort=False):
        width, score = (_over_tasks(frame, column) for column in ("ratio", "score"))
        ends = dict(zip(("ratio", "ratio_low", "ratio_high"), np.exp(width), strict=True))
        score_ends = dict(zip(("score", "score_low", "score_high"), score, strict=True))
        rows.append({"law": law, "side": side, "tasks": frame["task"].nunique(), "n": len(frame)} | ends | score_ends)
    return pd.DataFrame(rows)


def gates(results: pd.DataFrame) -> pd.DataFrame:
    """The same networks under another gate of the interval: width over that of linear gates, and score minus theirs.

    One row per gate and side. Intervals are over tasks, and so are the tests of the null: the means of the tasks are
    equal up to FACTOR and SCORE.
    """
    members = members_of_networks(results)
    plain = members[members["law"] == PLAIN]
    rows: list[dict[str, object]] = []
    for law in OTHERS:
        pairs = members[members["law"] == law].merge(plain, on=PAIR, suffixes=("", "_plain"))
        if not len(pairs):
            continue
        width = np.log(pairs["width"].clip(lower=LEAST) / pairs["width_plain"].clip(lower=LEAST))
        pairs = pairs.assign(ratio=width, gain=pairs["score"] - pairs["score_plain"], side=_sides(pairs))
        for side in ("below", "above", "both"):
            rows.append({"law": law, "side": side} | _null(pairs if side == "both" else pairs[pairs["side"] == side]))
    return pd.DataFrame(rows)


def _null(pairs: pd.DataFrame) -> dict[str, object]:
    """Ratio and difference with Student's intervals over tasks; equivalence of the tasks' means."""
    row: dict[str, object] = {"tasks": pairs["task"].nunique(), "n": len(pairs)}
    for name, column, margin in (("ratio", "ratio", float(np.log(FACTOR))), ("score", "gain", SCORE)):
        ends = _over_tasks(pairs, column)
        shown = np.exp(ends) if name == "ratio" else ends
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), shown, strict=True))
        e = mean_equivalence(pairs.groupby("task")[column].mean(), 0.0, margin)
        row |= {f"{name}_margin": FACTOR if name == "ratio" else SCORE, f"{name}_power": e.power}
        row |= {f"{name}_outcome": outcome(e.p_within, e.p_beyond)}
    return row


def _over_tasks(frame: pd.DataFrame, column: str) -> ConfidenceInterval:
    """Mean of the tasks' means, with Student's interval over the tasks."""
    return mean_interval(frame.groupby("task")[column].mean())


def _sides(frame: pd.DataFrame) -> pd.Series:
    """From which side of the needed width a member starts."""
    return pd.Series(np.where(frame["start"] < BELOW, "below", "above"), index=frame.index)
