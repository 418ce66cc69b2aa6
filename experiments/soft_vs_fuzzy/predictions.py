"""Predictions of soft_vs_fuzzy against measurements, and the needed widths."""

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from continuum.analysis.statistics import holm, mean_interval, share_interval

#: A width counts as predicted, or as the needed one, within half a unit.
TOLERANCE = 0.5
#: At least this share of members has the predicted width, the predictions say.
SHARE = 0.9
#: Level of Holm's procedure over all predictions.
FAMILY_LEVEL = 0.01
#: What names a prediction about widths.
GROUP = ["law", "order", "price", "start"]
#: What is said of it.
COLUMNS = ["statistic", "predicted_width", "width", "n", "expected", "measured", "low", "high", "outside", "p"]


def verdicts(results: pd.DataFrame) -> pd.DataFrame:
    """One row per prediction: its statistic with the 95 % interval, p-value, Holm's p-value, verdict."""
    tested = pd.concat([_widths(results), _fresh(results)], ignore_index=True)
    tested["holm"] = holm(tested["p"])
    tested["verdict"] = np.where(tested["holm"] < FAMILY_LEVEL, "FAILED", "held")
    return tested


def _widths(results: pd.DataFrame) -> pd.DataFrame:
    members = results[(results["stage"] == "readout") & results["predicted"].notna()]
    rows = [
        {**dict(zip(GROUP, key, strict=True)), **_share(frame), "needed_found": float(near(frame, "needed").mean())}
        for key, frame in members.groupby(GROUP, sort=False)
    ]
    return pd.DataFrame(rows, columns=[*GROUP, *COLUMNS, "needed_found"])


def _share(frame: pd.DataFrame) -> dict[str, object]:
    right, n = int(near(frame, "predicted").sum()), len(frame)
    share, low, high = share_interval(right, n)
    means = {"predicted_width": frame["predicted"].mean(), "width": frame["width"].mean()}
    p = float(binom.cdf(right, n, SHARE))  # of a share this low, if it is SHARE
    interval = {"measured": share, "low": low, "high": high, "outside": high < SHARE}
    return {"statistic": "share within 1/2", **means, "n": n, "expected": SHARE, **interval, "p": p}


def near(frame: pd.DataFrame, column: str) -> pd.Series:
    """Whether each member's width is within TOLERANCE of another column; a diverged one is not."""
    return (frame["width"] - frame[column]).abs() <= TOLERANCE


def _fresh(results: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, row in results[results["stage"] == "fresh"].iterrows():
        half, z = norm.ppf(0.975) * row["error"], abs(row["off"]) / row["error"]
        at = {"n": int(row["draws"]), "expected": row["predicted"], "measured": row["predicted"] + row["off"]}
        ends = {"low": at["measured"] - half, "high": at["measured"] + half}
        head = {"law": row["case"], "statistic": "mean slope / |c|^2", "order": "fresh"}
        test = {"outside": abs(row["off"]) > half, "p": float(2 * norm.sf(z))}
        rows.append(head | at | ends | test)
    return pd.DataFrame(rows)


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


def networks(results: pd.DataFrame) -> pd.DataFrame:
    """Mean ends over seeds of each law on each task, price and start; needed is the teacher's or the oracle."""
    members = results[(results["stage"] == "network") & (results["price"] > 0)]
    members = members.merge(needed_widths(results), on=["task", "price"], how="left")
    members = members.assign(needed=members["needed"].fillna(members["oracle"]))
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
