"""What is read off the tables of capacity_signal again and again."""

from collections.abc import Callable

import pandas as pd

from continuum.exp.experiment import Tables

from .losses import FRACTIONS
from .rows import data_of
from .statistics import order, proportion


def by_data(frame: pd.DataFrame, value: Callable[[pd.DataFrame], float]) -> list[float]:
    """A value of the rows of each data source, in the order of the run: what intervals over tasks are made of."""
    return [value(part) for _, part in frame.groupby(frame["task"].map(data_of), sort=False)]


def factor(measured: str, claimed: str) -> Callable[[pd.DataFrame], float]:
    """Factor between a measured and a claimed column."""
    return lambda part: proportion(part[measured], part[claimed])


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


def clear_order(rises: pd.DataFrame) -> float:
    """Order in a of the mean rise: the mean over those integers where it is two standard errors from 0; NaN if none."""
    stats = final(rises).groupby(["task", "seed", "width", "a"])["rise"].agg(["mean", "sem"])
    clear = (stats["mean"].abs() > 2 * stats["sem"]).groupby(["task", "seed", "width"]).transform("all")
    means = stats.loc[clear, "mean"].unstack("a")
    return float(means.apply(lambda row: order(row.index, row), axis=1).mean()) if len(means) else float("nan")
