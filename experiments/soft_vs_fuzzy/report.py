"""What soft_vs_fuzzy prints, and keeps as CSV and Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE
from rich.table import Table

from continuum.analysis.tables import cell, write_tables
from continuum.exp import RunOptions

from .predictions import FAMILY_LEVEL, near, networks, readouts, verdicts

Tables = Mapping[str, pd.DataFrame]
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
    named = frames(tables)
    tested, members = named["predictions"], tables["results"]
    failed, outside = int((tested["verdict"] != "held").sum()), int(tested["outside"].sum())
    moving = float((members["drift"].abs() > MOVING).mean())
    printed = [_table(f"{len(tested)} predictions, {failed} rejected by Holm at {FAMILY_LEVEL:.0%}", _brief(tested))]
    printed[0].caption = (
        f"width predicted > found, share within 1/2 of it (×: rejected); {outside} outside their plain 95 % interval; "
        f"{moving:.0%} of all members still moved by {MOVING:g} in the last tenth"
    )
    if "readouts" in named:
        printed.append(_table("share of readouts within 1/2 of the needed width", _dropped(members)))
        printed[-1].caption = "below, above: the start; Adam has no prediction"
    if "networks" in named:
        printed.append(_table("trained networks, means over tasks, prices and seeds", by_law(named["networks"])))
        caption = "needed: the teacher's units, else the cheapest fixed width; found: within 1/2 of it; lost: diverged"
        printed[-1].caption = caption
    return printed


def _brief(tested: pd.DataFrame) -> pd.DataFrame:
    """One row per law, order and price: both starts side by side."""
    rows = []
    for (law, order, price), frame in tested.groupby(["law", "order", "price"], sort=False, dropna=False):
        row: dict[str, object] = {"law": law, "features": order, "price": price, "below": "", "above": ""}
        for _, one in frame.iterrows():
            mark = "" if one["verdict"] == "held" else " ×"
            ends = f"{one['predicted_width']:.2f} > {one['width']:.2f}, "
            side = "below" if np.isnan(one["start"]) or one["start"] < BELOW else "above"
            row[side] = f"{'' if np.isnan(one['width']) else ends}{one['measured']:.3g}{mark}"
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


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(title=title, title_justify="left", padding=(0, 0), box=SIMPLE)
    for place, name in enumerate(frame.columns):
        table.add_column(str(name).replace("_", " "), no_wrap=place == 0)
    for row in _cells(frame):
        table.add_row(*row)
    return table


def _cells(frame: pd.DataFrame) -> Sequence[Sequence[str]]:
    return [[cell(value) for value in row] for row in frame.to_numpy()]
