"""How far probabilities can be believed, by table and method."""

import pandas as pd

from .measures import BINS, calibration_error


def errors_by_method(bins: pd.DataFrame) -> pd.DataFrame:
    """Calibration error, one row per table and one column per method; the folds of a table count together."""
    errors = {
        (str(task), str(method)): calibration_error(rows)
        for (task, method), rows in bins.groupby(["task", "method"], sort=False)
    }
    return pd.Series(errors, dtype="float64").unstack(sort=False) if errors else pd.DataFrame()


def calibration_table(bins: pd.DataFrame, tabular: pd.DataFrame) -> pd.DataFrame:
    """One row per method: means over tables of the calibration error, log-loss and Brier score, on tables of all."""
    errors = errors_by_method(bins)
    sound = tabular[(tabular["outcome"] == "ok") & (tabular["kind"] == "classification")]
    means = sound.groupby(["method", "task"], sort=False)[["loss", "brier", "temperature"]].mean()
    whole = errors.dropna(axis=0).index
    rows = []
    for method in errors.columns:
        of_method = means.loc[method].reindex(whole)
        row = {"method": method, "calibration error": errors.loc[whole, method].mean()}
        row |= {"log-loss": of_method["loss"].mean(), "Brier": of_method["brier"].mean()}
        rows.append(row | {"temperature": of_method["temperature"].mean(), "tables": len(whole)})
    return pd.DataFrame(rows)


def curve(bins: pd.DataFrame) -> pd.DataFrame:
    """Mean confidence and share of right answers of every bin, tables counting alike; ``rows`` is their share."""
    weighed = bins.copy()
    per_table = bins.groupby("task")["rows"].sum()
    for column in ("rows", "confidence", "right"):
        weighed[column] = bins[column] / bins["task"].map(per_table)
    sums = weighed.groupby("bin")[["rows", "confidence", "right"]].sum().reindex(range(BINS)).dropna()
    return pd.DataFrame(
        {
            "confidence": sums["confidence"] / sums["rows"],
            "right": sums["right"] / sums["rows"],
            "rows": sums["rows"] / len(per_table),
        }
    )
