"""How far the width moves with the start, and with what a layer is born with."""

import pandas as pd


def spreads(births: pd.DataFrame, column: str = "width") -> dict[str, float]:
    """Range of the mean width over starts and pools, in means, of every table; directions are averaged."""
    found = {}
    for name, rows in births[births["outcome"] == "ok"].groupby("task", sort=False):
        means = rows.groupby(["start", "pool"])[column].mean()
        found[str(name)] = _range(means)
    return found


def _range(means: pd.Series) -> float:
    """Range over mean; 0 where every width is 0."""
    wide = float(means.max() - means.min())
    return wide / float(means.mean()) if wide else 0.0


def births_table(births: pd.DataFrame) -> pd.DataFrame:
    """One row per table: mean width by pool, and the range over starts, pools, directions, each in means."""
    rows = []
    for name, frame in births[births["outcome"] == "ok"].groupby("task", sort=False):
        pools = frame.groupby("pool")["width"].mean()
        row = {"task": name, "kind": frame["kind"].iloc[0], "width": frame["width"].mean()}
        row |= {f"pool {pool:g}": width for pool, width in pools.items()}
        row |= {"starts and pools": spreads(frame)[str(name)]}
        row |= {f"{factor}s": _range(frame.groupby(factor)["width"].mean()) for factor in ("start", "pool")}
        row |= {"directions": _range(frame.groupby("directions")["width"].mean())}
        row |= {"settled": frame["settled"].mean(), "settled, all": spreads(frame, "settled")[str(name)]}
        rows.append(row)
    return pd.DataFrame(rows)
