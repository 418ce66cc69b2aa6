"""What soft_vs_fuzzy prints, and keeps as CSV and Markdown."""

from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from continuum.analysis.tables import terminal_table, write_tables
from continuum.exp import RunOptions
from continuum.exp.experiment import Tables

from .predictions import FAMILY_LEVEL, near, networks, readouts, verdicts

#: Starts from below are narrower than this.
BELOW = 2.0
#: A member that drifts by more from one tenth of the steps to the next has not arrived.
MOVING = 0.1


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    results = tables["results"]
    named = {"predictions": verdicts(results)}
    for name, make in (("readouts", readouts), ("networks", networks)):
        if (results["stage"] == name[:-1]).any():
            named[name] = make(results)
    return named


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: RunOptions) -> list[Table]:
    """The predictions under their assumptions; the readouts with Adam; the trained networks, law by law."""
    named, members = frames(tables), tables["results"]
    printed = [_predictions(named["predictions"], members)]
    if "readouts" in named:
        title = "share of readouts within 1/2 of the needed width"
        caption = "below, above: the start; Adam has no prediction"
        printed.append(terminal_table(title, _dropped(members), caption))
    if "networks" in named:
        title = "trained networks, means over tasks, prices and seeds"
        caption = "needed: the teacher's units, else the cheapest fixed width; found: within 1/2 of it; lost: diverged"
        printed.append(terminal_table(title, by_law(named["networks"]), caption))
    return printed


def _predictions(tested: pd.DataFrame, members: pd.DataFrame) -> Table:
    failed, outside = int((tested["verdict"] != "held").sum()), int(tested["outside"].sum())
    moving = float((members["drift"].abs() > MOVING).mean())
    title = f"{len(tested)} predictions, {failed} rejected by Holm at {FAMILY_LEVEL:.0%}"
    caption = (
        f"width predicted > found, share within 1/2 of it (×: rejected); {outside} outside their plain 95 % interval; "
        f"{moving:.0%} of all members still moved by {MOVING:g} in the last tenth"
    )
    return terminal_table(title, _brief(tested), caption)


def _brief(tested: pd.DataFrame) -> pd.DataFrame:
    """One row per law, order and price: both starts side by side."""
    rows = []
    for (law, order, price), frame in tested.groupby(["law", "order", "price"], sort=False, dropna=False):
        row: dict[str, object] = {"law": law, "features": order, "price": price, "below": "", "above": ""}
        for _, test in frame.iterrows():
            mark = "" if test["verdict"] == "held" else " ×"
            ends = f"{test['predicted_width']:.2f} > {test['width']:.2f}, "
            side = "below" if np.isnan(test["start"]) or test["start"] < BELOW else "above"
            row[side] = f"{'' if np.isnan(test['width']) else ends}{test['measured']:.3g}{mark}"
        rows.append(row)
    return pd.DataFrame(rows)


def _dropped(results: pd.DataFrame) -> pd.DataFrame:
    """Plain descent under the assumptions, and Adam without them, for features in order and shuffled."""
    members = results[results["stage"] == "readout"]
    members = members.assign(right=near(members, "needed"), side=np.where(members["start"] < BELOW, "below", "above"))
    rows = []
    for law, trained in members.groupby("law", sort=False):
        row: dict[str, object] = {"law": law}
        for (optimizer, order, side), frame in trained.groupby(["optimizer", "order", "side"], sort=False):
            row[f"{optimizer} {order} {side}"] = f"{frame['right'].mean():.2f}"
        rows.append(row)
    return pd.DataFrame(rows)


def by_law(means: pd.DataFrame) -> pd.DataFrame:
    """Over the tasks: width / needed from each side (geometric mean), how often it is found, what is left, the cost."""
    means = means.assign(ratio=np.log2(means["width"].clip(lower=0.25) / means["needed"]), below=means["start"] < BELOW)
    rows = []
    for law, frame in means.groupby("law", sort=False):
        below, above = (2 ** frame.loc[frame["below"] == side, "ratio"].mean() for side in (True, False))
        row = {"law": law, "below": below, "above": above}
        row |= {column: frame[column].mean() for column in ("found", "lost", "width", "live", "score")}
        row |= {"rounded": frame["rounded_score"].mean(), "gap": frame["gap"].mean()}
        rows.append(row | {"sd": np.sqrt(frame["noise_end"]).median(), "used": frame["used"].mean()})
    return pd.DataFrame(rows)
