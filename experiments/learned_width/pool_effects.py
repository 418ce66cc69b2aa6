"""What the factors of the preset ``pool`` do to the width, task by task and over tasks."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.ranks import cluster_interval

FACTORS = ("pool", "start", "directions")


def log_ratio(rows: pd.DataFrame, factor: str, high: float, low: float, column: str = "width") -> float:
    """Mean over all else of the logarithm at one level less that at another; of scores their difference."""
    value = rows[column] if column == "score" else np.log(rows[column])
    means = value.groupby(rows[factor]).mean()
    return float(means.get(high, np.nan) - means.get(low, np.nan))


def by_task(rows: pd.DataFrame, of: Callable[[pd.DataFrame], float]) -> pd.Series:
    """A number of each task."""
    return pd.Series({name: of(frame) for name, frame in rows.groupby("task", sort=False)}, dtype=float)


def shares(rows: pd.DataFrame) -> dict[str, float]:
    """Shares of the variance of the logarithm of one task's width, in a balanced design.

    Main effects of folds, of each factor, of pool and start together, and what is left.

    >>> grid = [(f, p, s, 1, 2.0**p) for f in (0, 1) for p in (1, 2) for s in (1, 8)]
    >>> columns = ["fold", "pool", "start", "directions", "width"]
    >>> shares(pd.DataFrame(grid, columns=columns))["pool"]
    1.0
    """
    value = np.log(rows["width"])
    total = float(value.var(ddof=0))
    names = ("fold", *FACTORS)
    main = {name: float(value.groupby(rows[name]).transform("mean").var(ddof=0)) for name in names}
    both = float(value.groupby([rows["pool"], rows["start"]]).transform("mean").var(ddof=0))
    main["pool x start"] = both - main["pool"] - main["start"]
    main["rest"] = total - sum(main.values())
    return {name: part / total if total else np.nan for name, part in main.items()}


def deviation(rows: pd.DataFrame, factor: str) -> float:
    """Standard deviation of the logarithm of the width over a factor, all else equal (mean of the variances)."""
    others = [name for name in ("fold", *FACTORS) if name != factor]
    variances = np.log(rows["width"]).groupby([rows[name] for name in others]).var(ddof=1)
    return float(np.sqrt(variances.mean()))


def widths_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per task and arm: width and score at every pool, and what the factors do."""
    return pd.DataFrame(list(_width_rows(rows)))


def _width_rows(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for (name, arm), frame in rows.groupby(["task", "arm"], sort=False):
        means = frame.groupby("pool")[["width", "units", "score"]].mean()
        row: dict[str, Any] = {"task": name, "kind": frame["kind"].iloc[0], "arm": arm, "fits": len(frame)}
        row |= {f"width at {pool:g}": value for pool, value in means["width"].items()}
        row |= {f"score at {pool:g}": value for pool, value in means["score"].items()}
        row["largest / smallest pool"] = float(np.exp(log_ratio(frame, "pool", means.index.max(), means.index.min())))
        row |= {f"sd over {factor}": deviation(frame, factor) for factor in FACTORS}
        yield row


def spread_table(rows: pd.DataFrame, arms: Sequence[str], usual: float) -> pd.DataFrame:
    """Standard deviation of the logarithm of the width over each factor, mean over tasks with its interval over tasks.

    Starts at the learner's own pool and at the smallest one; ``tasks`` is the deviation between tasks, beside which a
    width that looked at nothing would have none.
    """
    least = rows["pool"].min()
    factors: dict[str, Callable[[pd.DataFrame], float]] = {
        "pool": partial(deviation, factor="pool"),
        f"start, pool {usual:g}": lambda frame: deviation(frame[frame["pool"] == usual], "start"),
        f"start, pool {least:g}": lambda frame: deviation(frame[frame["pool"] == least], "start"),
        "directions": partial(deviation, factor="directions"),
        "fold": partial(deviation, factor="fold"),
    }
    if rows["fold"].nunique() == 1:
        del factors["fold"]
    table = []
    for (kind, arm), frame in rows[rows["arm"].isin(arms)].groupby(["kind", "arm"], sort=False):
        head = {"kind": kind, "arm": arm}
        for name, of in factors.items():
            each = by_task(frame, of).rename("sd").rename_axis("task").reset_index()
            sd = cluster_interval(each, "task", lambda table: float(table["sd"].mean()))
            table.append(head | {"over": name, "sd": sd.mean, "low": sd.low, "high": sd.high})
        between = by_task(frame, lambda task: float(np.log(task["width"]).mean())).std(ddof=1)
        table.append(head | {"over": "tasks", "sd": between, "low": np.nan, "high": np.nan})
    return pd.DataFrame(table)


def shares_table(rows: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Shares of variance, mean over the tasks of a kind."""
    table = [
        {"kind": kind, "arm": arm, "tasks": frame["task"].nunique()}
        | pd.DataFrame([shares(task) for _, task in frame.groupby("task", sort=False)]).mean().to_dict()
        for (kind, arm), frame in rows[rows["arm"].isin(arms)].groupby(["kind", "arm"], sort=False)
    ]
    return pd.DataFrame(table)


def parts_table(rows: pd.DataFrame) -> pd.DataFrame:
    r"""How the largest pool's width comes to exceed the smallest one's, as factors whose product is the ratio.

    With the length :math:`L = \sum_i |v_i|` and that of a whole unit :math:`v_0` the width is
    :math:`\gamma = (L / v_0) \cdot c`, where c < 1 counts what gates at their bound leave out. From the least start and
    the first directions, which all arms have; one row per task of values and arm.
    """
    rows = rows[(rows["kind"] == "regression") & (rows["start"] == rows["start"].min())]
    rows = rows[rows["directions"] == rows["directions"].min()]
    rows = rows.assign(bound=rows["width"] * rows["full"] / rows["length"])
    high, low = rows["pool"].max(), rows["pool"].min()
    table = []
    for (name, arm), frame in rows.groupby(["task", "arm"], sort=False):
        row: dict[str, Any] = {"task": name, "arm": arm}
        for column, sign in (("width", 1), ("length", 1), ("full", -1), ("bound", 1), ("nat", 1)):
            key = {"full": "1 / whole unit", "nat": "noise"}.get(column, column)
            row[key] = float(np.exp(sign * log_ratio(frame, "pool", high, low, column)))
        table.append(row)
    return pd.DataFrame(table)
