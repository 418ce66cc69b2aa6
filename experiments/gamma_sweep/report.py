"""What gamma_sweep prints at the end: one small table per task."""

from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.sheet import Sheet
from continuum.analysis.statistics import mean_interval, one_standard_error
from continuum.exp.experiment import Tables


def report(tables: Tables, config: Any) -> list[Sheet]:
    """One table per task: the smallest width that is as good as the best, the best score, the size of the kinks."""
    printed = [_table(str(name), frame, config.units) for name, frame in tables["results"].groupby("task", sort=False)]
    printed[-1].caption = f"± 1 s.e., [95 % interval]; kinks in {_units(tables['results']['kind'])} per unit of width"
    return printed


def _units(kinds: pd.Series) -> str:
    """What losses are measured in."""
    units = {"classification": "nats", "regression": "half squared errors"}
    return " or ".join(f"{units[kind]} ({kind})" if kinds.nunique() > 1 else units[kind] for kind in kinds.unique())


def _table(name: str, frame: pd.DataFrame, units: int) -> Sheet:
    table = Sheet(
        "measure", "value", title=f"{name} ({frame['seed'].nunique()} seeds)", title_justify="left", min_width=60
    )
    score = frame["score_name"].iloc[0]
    best, error, at = _best(frame)
    if np.isfinite(best):
        digits = 4 if abs(best) < 10 else 2
        spread = "" if np.isnan(error) else f" ± {error:.{digits}f}"
        table.add_row(f"best test {score}", f"{best:.{digits}f}{spread} at γ = {at:g}")
        table.add_row("smallest γ within 1 s.e. of it", f"{smallest_sufficient(frame):g}")
    table.add_row("kink of the training loss", _kink(frame, "train", units))
    table.add_row("kink of the validation loss", _kink(frame, "val", units))
    for outcome, count in frame["outcome"].value_counts().items():
        if outcome != "ok":
            table.add_row(f"networks {outcome}", f"{count} of {len(frame)}")
    return table


def _curve(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean test score at every width and its standard error (NaN for one seed), widths as the index.

    A width at which a network diverged is left out, for the mean of the survivors would flatter.
    """
    scores = frame.groupby("gamma")["test_score"]
    curve = pd.DataFrame({"mean": scores.agg(lambda s: s.mean(skipna=False)), "error": scores.sem(ddof=1)})
    return curve.dropna(subset="mean")


def _best(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Best mean score over the seeds, its standard error (NaN for one seed), and the width where it stands."""
    curve = _curve(frame)
    if curve.empty:
        return np.nan, np.nan, np.nan
    means = curve["mean"].to_numpy()
    place = means.argmin() if _lower_is_better(frame) else means.argmax()
    return float(means[place]), float(curve["error"].iloc[place]), float(curve.index.to_numpy(dtype=float)[place])


def smallest_sufficient(frame: pd.DataFrame) -> float:
    """Smallest width whose mean score is within one standard error of the best (the one-standard-error rule).

    It describes the measured curve: the test part that it looks at must not choose a width for use.
    """
    curve = _curve(frame)
    if curve.empty:
        return np.nan
    scores = -curve["mean"] if _lower_is_better(frame) else curve["mean"]
    return float(curve.index[one_standard_error(scores, curve["error"], curve.index)])


def _lower_is_better(frame: pd.DataFrame) -> bool:
    return bool(frame["score_name"].iloc[0] == "RMSE")


def _kink(frame: pd.DataFrame, part: str, units: int) -> str:
    """Mean |right - left| of the derivative in gamma at integers, per unit; its 95 % interval over seeds."""
    if frame["law"].iloc[0] != "interval":
        return "none: this law is smooth"
    inner = frame[(frame["gamma"] % 1 == 0) & (frame["gamma"] > 0) & (frame["gamma"] < units)]
    jumps = (inner[f"{part}_dgamma_right"] - inner[f"{part}_dgamma_left"]).abs()
    by_seed = jumps.groupby(inner["seed"]).mean()
    if not len(by_seed):
        return "no integer among the widths"
    mean, low, high = mean_interval(by_seed)
    return f"{mean:.4f}" + ("" if np.isnan(low) else f" [{low:.4f}, {high:.4f}]")
