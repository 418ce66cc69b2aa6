"""What is read off the tables of capacity_signal again and again."""

from collections.abc import Iterator

import pandas as pd

from continuum.exp.experiment import Tables

from .losses import FRACTIONS
from .statistics import order, proportion


def by_task(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The frames of the tasks by name, in the order of the run."""
    return ((str(task), part) for task, part in frame.groupby("task", sort=False))


def per_seed(frame: pd.DataFrame, measured: str, claimed: str) -> list[float]:
    """Factor between a measured and a claimed column, in each seed."""
    return [proportion(part[measured], part[claimed]) for _, part in frame.groupby("seed")]


def final(rises: pd.DataFrame) -> pd.DataFrame:
    """The rows of the longest horizon."""
    last: pd.DataFrame = rises[rises["horizon"] == rises["horizon"].max()]
    return last


def learned_gammas(tables: Tables) -> pd.DataFrame:
    """The table ``lead``: of what it calls mask, begun and found, the gate, the start and the learned gamma."""
    return tables["lead"].rename(columns={"mask": "gate", "begun": "start", "found": "gamma"})


def kappa(tables: Tables, parametrisation: str = "root") -> pd.DataFrame:
    """(C_T(k + a) - C_T(k)) / a at the smallest a, kappa_T for root, beside the closed forms of the starts."""
    rises = tables["rises"]
    rises = rises[(rises["geometry"] == parametrisation) & (rises["a"] == FRACTIONS[0])]
    with_starts = rises.merge(tables["starts"], on=["task", "seed", "width", "start"])
    return with_starts.assign(slope=lambda f: f["rise"] / f["a"], slope_mean=lambda f: f["rise_mean"] / f["a"])


def exponents(rises: pd.DataFrame, parametrisation: str) -> pd.Series:
    """Orders in a, one per seed: the mean over those widths whose mean rise is two standard errors from 0."""
    small = final(rises)[lambda f: f["geometry"] == parametrisation]
    stats = small.groupby(["seed", "width", "a"])["rise"].agg(["mean", "sem"])
    clear = (stats["mean"].abs() > 2 * stats["sem"]).groupby(["seed", "width"]).transform("all")
    means = stats.loc[clear, "mean"].unstack("a")
    orders = means.apply(lambda row: order(row.index, row), axis=1) if len(means) else pd.Series(dtype=float)
    return orders.groupby("seed").mean() if len(means) else orders
