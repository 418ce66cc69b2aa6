"""What soft_vs_fuzzy prints, and keeps as CSV and Markdown."""

from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, terminal_table, write_tables
from continuum.exp import RunOptions
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given, judged

from .predictions import BELOW, estimates, near, verdicts
from .trained import gates, networks, ratios, readouts

#: A member that drifts by more from one tenth of the steps to the next has not arrived.
MOVING = 0.1


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    results = tables["results"]
    named = {"verdicts": verdicts(results)}
    if (results["stage"] == "readout").any():
        named |= {"predictions": estimates(results), "readouts": readouts(results)}
    if (results["stage"] == "network").any():
        named |= {"networks": networks(results), "ratios": ratios(results), "gates": gates(results)}
    return named


def write(tables: Tables, folder: Path) -> list[Path]:
    """Keep every table as CSV and as Markdown."""
    return write_tables(frames(tables), folder)


def report(tables: Tables, config: RunOptions) -> list[Table]:
    """The predictions under their assumptions; the readouts with Adam; the trained networks, law by law."""
    named, members = frames(tables), tables["results"]
    printed = [_predictions(named["verdicts"], members, config)]
    if "readouts" in named:
        title = "share of readouts within 1/2 of the needed width"
        caption = "below, above: the start; Adam has no prediction"
        printed.append(terminal_table(title, _dropped(members), caption))
    if "networks" in named:
        title = "trained networks, means over tasks, prices and seeds"
        caption = "needed: the teacher's units, else the cheapest fixed width; found: within 1/2 of it; lost: diverged"
        printed.append(terminal_table(title, by_law(named["networks"]), caption))
        title = "the interval's gates in the same networks: width over that of linear gates, score minus theirs"
        caption = "intervals over tasks; powers and outcomes of: equal within the margin"
        printed.append(terminal_table(title, _gates(named["gates"], config), caption))
    return printed


def _predictions(tested: pd.DataFrame, members: pd.DataFrame, config: RunOptions) -> Table:
    counts = ", ".join(f"{number} {word}" for word, number in tested["outcome"].value_counts().items())
    moving = float((members["drift"].abs() > MOVING).mean())
    title = counted(f"{len(tested)} predictions", counts, config)
    caption = (
        "measured: share of independent problems all of whose members end within 1/2 of their predictions; "
        f"below, above: of members; {moving:.0%} of all members still moved by {MOVING:g} in the last tenth"
    )
    ends = [bounded(*row) for row in tested[["measured", "low", "high"]].itertuples(index=False)]
    columns = ["law", "order", "n", "expected", "measured", "margin", "power", "nearly", "below", "above", "outcome"]
    return terminal_table(title, given(tested.assign(measured=ends)[columns], config), caption)


def _gates(null: pd.DataFrame, config: RunOptions) -> pd.DataFrame:
    """Ratios and differences in one column each."""
    rows = []
    for _, row in null.iterrows():
        brief = {"law": row["law"], "from": row["side"], "tasks": row["tasks"]}
        for name in ("ratio", "score"):
            brief[name] = bounded(row[name], row[f"{name}_low"], row[f"{name}_high"])
            said = f"{row[f'{name}_outcome']}, " if judged(config) else ""
            brief[f"{name} null"] = f"{said}power {row[f'{name}_power']:.2f}"
        rows.append(brief)
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
