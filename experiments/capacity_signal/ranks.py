"""Which number, known at an integer, tells the integers whose unit saves much: against the width and the loss alone."""

from functools import partial

import pandas as pd

from continuum.analysis.ranks import cluster_interval, partial_spearman, spearman
from continuum.exp.experiment import Tables

from .rows import data_of
from .statistics import RESAMPLES

#: Columns that say where a number is from.
KEYS = ["task", "seed", "width"]
#: What could tell: by the names of the table, the columns of ``integers``; the first three look at no gradient.
TELLERS = {
    "-k": "fewer",
    "training loss at k": "training",
    "validation loss at k": "validation",
    "mean of r": "immediate",
    "mean square of r": "square",
    "|G|^2": "score",
}
#: Tasks as they are, and those with noise or few rows.
SCOPES = ("tasks as they are", "with noise or few rows")


def integers(tables: Tables) -> pd.DataFrame:
    """One row per task, split and width: means over starts, ``gain`` (below 0 where the unit helps), ``data``, scope.

    ``gap`` is validation less training loss at k, ``error`` the standard error of the gain.
    """
    starts = tables["starts"].assign(square=lambda f: f["immediate"] ** 2)
    known = starts.groupby(KEYS, sort=False)[["immediate", "square", "score", "training", "validation"]].mean()
    gains = tables["gains"].groupby(KEYS, sort=False)["gain"].agg(gain="mean", error="sem")
    frame = known.join(gains).reset_index()
    data = frame["task"].map(data_of)
    return frame.assign(
        fewer=-frame["width"],
        saved=-frame["gain"],
        gap=frame["validation"] - frame["training"],
        data=data,
        scope=(frame["task"] == data).map({True: SCOPES[0], False: SCOPES[1]}),
    )


def ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Ranks within a task and split of what could tell and of what is saved."""
    columns = [*TELLERS.values(), "saved"]
    return frame.groupby(["task", "seed"])[columns].rank().assign(data=frame["data"])


def correlation(frame: pd.DataFrame, column: str, given: tuple[str, ...] = ()) -> float:
    """Rank correlation of a column with what is saved, and what is left of it where others are known."""
    if not given:
        return spearman(frame[column], frame["saved"])
    return partial_spearman(frame[column], frame["saved"], frame[list(given)])


def rank_table(tables: Tables) -> pd.DataFrame:
    """One row per scope and teller: rank correlations with what a unit saves, over integers of a task and split.

    ``rank`` is plain, ``given_k`` what is left once the width is known, ``given_training`` once the training loss at k
    is, ``given_both`` once both are; each with the 95 % interval of a bootstrap that draws whole data sources.
    """
    frame = integers(tables)
    rows = []
    for scope, part in frame.groupby("scope", sort=False):
        ranks = ranked(part)
        for name, column in TELLERS.items():
            row: dict[str, object] = {"scope": scope, "teller": name}
            for title, given in GIVEN.items():
                if column not in given:
                    ends = cluster_interval(ranks, "data", partial(correlation, column=column, given=given), RESAMPLES)
                    row |= {title: ends.mean, f"{title}_low": ends.low, f"{title}_high": ends.high}
            rows.append({**row, "data": part["data"].nunique(), "integers": len(part)})
    return pd.DataFrame(rows)


#: Names of the correlations, and what is known.
GIVEN: dict[str, tuple[str, ...]] = {
    "rank": (),
    "given_k": ("fewer",),
    "given_training": ("training",),
    "given_both": ("fewer", "training"),
}
