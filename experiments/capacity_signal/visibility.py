"""Which method tells, under which parametrisation and at which cost, that one more unit would help."""

import numpy as np
import pandas as pd

from continuum.exp.experiment import Tables

from .statistics import ranked

#: An estimate below this share of the gain of a whole unit counts as silence.
SILENT = 1e-3


def gains(tables: Tables) -> pd.DataFrame:
    """C_T(k+1) - C_T(k) of each task, split and width, mean over starts; no gate or metric enters it."""
    return tables["starts"].groupby(["task", "seed", "width"], sort=False)["gain"].mean().reset_index()


def visibility(tables: Tables) -> pd.DataFrame:
    """One row per task, split, width, parametrisation and method: the estimate, whether its sign is that of the gain.

    ``needed`` is how many gradient evaluations tell the sign of the mean at 95 % (normal): mirrored pairs of starts,
    (1.96 spread / mean)^2 of them and one at least, at twice the price of a start.
    """
    keys = ["task", "seed", "width", "geometry", "method"]
    columns = {
        "estimate": ("pair", "mean"),
        "spread": ("pair", "std"),
        "answered": ("pair", "count"),
        "starts": ("pair", "size"),
        "price": ("gradients", "first"),
    }
    estimates = tables["results"].groupby(keys, sort=False).agg(**columns)
    frame = estimates.reset_index().merge(gains(tables), on=["task", "seed", "width"])
    audible = frame["estimate"].abs() > SILENT * frame["gain"].abs()
    pairs = np.maximum(1.0, (1.96 * frame["spread"] / frame["estimate"]) ** 2)
    return frame.assign(
        right=audible & (frame["estimate"] * frame["gain"] > 0),
        silent=~audible,
        needed=np.where(audible, pairs * 2 * frame["price"], np.inf),
    )


def summary(tables: Tables) -> pd.DataFrame:
    """One row per parametrisation and method: shares over tasks, splits and widths, median cost, rank correlation.

    The ranks are those of estimate and gain within a task; the interval draws splits of tasks anew.
    """
    rows = []
    for (parametrisation, method), part in visibility(tables).groupby(["geometry", "method"], sort=False):
        ranks = part.groupby("task")[["estimate", "gain"]].rank()
        rank = ranked("", "", ranks["estimate"], ranks["gain"], part["task"] + " " + part["seed"].astype(str))
        shares = {"right": part["right"].mean(), "silent": part["silent"].mean()}
        shares["answered"] = part["answered"].sum() / part["starts"].sum()
        cost = {"price": part["price"].iloc[0], "needed": part["needed"].median()}
        ends = {"rank": rank.measured, "rank_low": rank.low, "rank_high": rank.high}
        rows.append({"geometry": parametrisation, "method": method, **shares, **cost, **ends})
    return pd.DataFrame(rows)
