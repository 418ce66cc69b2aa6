"""The predictions of the preset ``perspective``, each beside the base rate: the same fit with other random numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.exp.experiment import Tables

from .perspective import ARMS, BASE

PRICE, LENGTH = ARMS
#: What is compared with the reference on the same fold: columns, and whether as a ratio.
MEASURES = {"width": True, "graded_score": False, "score": False}
#: Largest ratio of widths that counts as none, difference of scores before rounding, after it, and from the grid.
SAME_WIDTH, SAME_GRADED, SAME_SCORE, NEAR_SCORE = 1.05, 0.005, 0.01, 0.02
#: Differences of scores with the price held, as the recorded grid of fixed widths has them at the widths predicted.
BY_GRID = {4 / 3: -0.037, 1.5: -0.019, 3.0: 0.007}


@dataclass(frozen=True)
class Claim:
    """The mean over tasks of a difference from the reference is ``target`` up to ``margin``; ratios by logarithms."""

    arm: str
    power: float
    measure: str
    target: float
    margin: float

    def row(self, differences: pd.DataFrame) -> dict[str, Any]:
        """Estimate with its interval over tasks, the margin, the power, and the outcome."""
        e = mean_equivalence(_values(differences, self.arm, self.power, self.measure), self.target, self.margin)
        base = mean_equivalence(_values(differences, BASE, 2.0, self.measure), 0.0, self.margin)
        shown = math.exp if MEASURES[self.measure] else float
        numbers = {"predicted": self.target, "estimate": e.estimate, "low": e.low, "high": e.high}
        head = {"held": self.arm, "q": self.power, "measure": self.measure}
        ends = {name: shown(value) for name, value in numbers.items()} | {"margin": shown(self.margin)}
        found = {"tasks": e.n, "power": e.power, "outcome": outcome(e.p_within, e.p_beyond)}
        return head | ends | found | {name: shown(getattr(base, key)) for name, key in BASE_COLUMNS.items()}


#: The base rate: the reference with other random numbers, less itself.
BASE_COLUMNS = {"base": "estimate", "base low": "low", "base high": "high"}


def claims(powers: list[float]) -> Iterator[Claim]:
    """All predictions, for the powers that were run."""
    for q in powers:
        dual = q / (q - 1)
        yield Claim(PRICE, q, "width", math.log(2 / dual), math.log(SAME_WIDTH))
        yield Claim(PRICE, q, "graded_score", 0.0, SAME_GRADED)
        if q in BY_GRID:
            yield Claim(PRICE, q, "score", BY_GRID[q], NEAR_SCORE)
        yield Claim(LENGTH, q, "width", 0.0, math.log(SAME_WIDTH))
        yield Claim(LENGTH, q, "graded_score", 0.0, SAME_GRADED)
        yield Claim(LENGTH, q, "score", 0.0, SAME_SCORE)


def differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Each fit less the reference on its fold (of widths the logarithm of their ratio), means over folds by task."""
    keys = ["task", "seed", "fold"]
    reference = rows[(rows["arm"] == PRICE) & (rows["power"] == 2)].set_index(keys)
    others = rows[~((rows["arm"] == PRICE) & (rows["power"] == 2))].set_index(keys)
    shared = reference.reindex(others.index)
    columns = {
        name: np.log(others[name] / shared[name]) if ratio else others[name] - shared[name]
        for name, ratio in MEASURES.items()
    }
    each = others[["arm", "power"]].assign(**columns).reset_index()
    return each.groupby(["arm", "power", "task"], sort=False)[list(MEASURES)].mean().reset_index()


def _values(each: pd.DataFrame, arm: str, power: float, measure: str) -> pd.Series:
    return each.loc[(each["arm"] == arm) & (each["power"] == power), measure]


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    rows = tables["perspective"]
    powers = [float(power) for power in rows["power"].unique() if power != 2]
    each = differences(rows)
    return {
        "perspective_claims": pd.DataFrame([claim.row(each) for claim in claims(powers)]),
        "perspective_tasks": task_table(rows, each),
    }


def task_table(rows: pd.DataFrame, each: pd.DataFrame) -> pd.DataFrame:
    """One row per task, power and what is held: means over folds, and differences from the reference."""
    names = ["width", "units", "graded_units", "whole", "graded_score", "score", "seconds"]
    keys = ["task", "arm", "power"]
    means = rows.groupby(keys, sort=False)[names].mean().reset_index()
    means.insert(1, "kind", means["task"].map(rows.groupby("task")["kind"].first()))
    gaps = each.rename(columns={name: f"{name} gap" for name in MEASURES})
    table = means.merge(gaps, on=keys, how="left")
    table["width ratio"] = np.exp(table.pop("width gap"))
    return table
