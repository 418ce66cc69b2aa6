"""Regret by task and in the mean, differences from random search, ranks over tasks.

An interval within a task is over repetitions of the search, paired by seed; one over tasks takes each task's mean for
one observation. They are kept in tables of their own.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from continuum.analysis.comparison import bootstrap_mean, critical_difference, friedman, improvement, wilcoxon_holm
from continuum.errors import BadInput

#: What all are compared with.
RANDOM = "random"
#: The two regrets.
COLUMNS = ("validation", "test")
#: Baselines that are no choice of one network, or cost more than any budget.
UNRANKED = ("average", "trained_rows", "exhaustive")
#: Draws of each bootstrap.
DRAWS = 1000
#: Fewest tasks whose ranks are tested: with 8 the least p of Wilcoxon, .0078, never passes Holm's correction over 11.
FEWEST_TASKS = 12


def answered(tables: "dict[str, pd.DataFrame] | object") -> pd.DataFrame:
    """The rows of answers on tasks; pairs of controllers, and agents over tasks, have tables of their own."""
    results: pd.DataFrame = tables["results"]  # type: ignore[index]
    rows: pd.DataFrame = results[~results["kind"].isin(["paired", "agents"])].copy()
    rows["budget"] = rows["budget"].astype(int)
    return rows


def by_task(rows: pd.DataFrame) -> pd.DataFrame:
    """Regret of each searcher on each task at each budget, with intervals over repetitions."""
    keys = ["task", "kind", "searcher", "budget"]
    found = []
    for key, group in rows.groupby(keys, sort=False):
        head = {"n": len(group), "seconds": float(group["seconds"].mean())}
        found.append(dict(zip(keys, key, strict=True)) | head | _intervals(group))
    return pd.DataFrame(found)


def _intervals(values: pd.DataFrame) -> dict[str, float]:
    """Mean of each kind of regret, and the ends of its interval."""
    record: dict[str, float] = {}
    for column in COLUMNS:
        interval = bootstrap_mean(values[column].to_numpy(), DRAWS)
        record |= {column: interval.mean, f"{column}_low": interval.low, f"{column}_high": interval.high}
    return record


def over_tasks(each: pd.DataFrame) -> pd.DataFrame:
    """Mean over tasks of each searcher at each budget, with intervals over tasks; only where all tasks have it."""
    keys = ["kind", "searcher", "budget"]
    found = []
    for key, group in each.groupby(keys, sort=False):
        head = {"tasks": len(group), "seconds": float(group["seconds"].mean())}
        found.append(dict(zip(keys, key, strict=True)) | head | _intervals(group))
    return pd.DataFrame(found)


def against_random(rows: pd.DataFrame, budgets: Sequence[int]) -> pd.DataFrame:
    """Per task: regret less that of random search of the same repetition, with intervals over repetitions."""
    found = []
    for (task, budget), group in rows[rows["budget"].isin(budgets)].groupby(["task", "budget"], sort=False):
        reference = group[group["searcher"] == RANDOM].set_index("repetition")
        for name, own in group[group["kind"] == "table"].groupby("searcher", sort=False):
            if name == RANDOM:
                continue
            differences = own.set_index("repetition")[list(COLUMNS)] - reference[list(COLUMNS)]
            found.append({"task": task, "budget": budget, "searcher": name} | _intervals(differences))
    return pd.DataFrame(found)


def means(rows: pd.DataFrame, budget: int, column: str) -> pd.DataFrame:
    """(tasks, searchers): mean regret at a budget, of the searchers that have it on every task."""
    part = rows[rows["budget"] == budget]
    wide = part.pivot_table(index="task", columns="searcher", values=column, aggfunc="mean", sort=False)
    kept: pd.DataFrame = wide.dropna(axis=1)
    return kept


def ranked(rows: pd.DataFrame, budget: int, column: str) -> tuple[pd.Series, float, float] | None:
    """Mean ranks over tasks, Friedman's p, and the critical difference; None for fewer than two of either."""
    wide = means(rows[~rows["searcher"].isin(UNRANKED)], budget, column)
    try:
        test = friedman(wide)
    except BadInput:
        return None
    return test.ranks, test.p, critical_difference(wide.shape[1], wide.shape[0])


def comparisons(rows: pd.DataFrame, budget: int) -> pd.DataFrame:
    """Each searcher against random search over tasks: Wilcoxon with Holm, and the probability of improvement."""
    found = []
    for column in COLUMNS:
        wide = means(rows[rows["kind"] != "baseline"], budget, column)  # a baseline is no candidate: Holm pays for each
        if RANDOM not in wide or wide.shape[0] < 2 or wide.shape[1] < 2:
            continue
        runs = {
            str(name): {
                str(task): group[column].to_numpy() for task, group in own.groupby("task") if task in wide.index
            }
            for name, own in rows[rows["budget"] == budget].groupby("searcher")
        }
        table = wilcoxon_holm(wide, RANDOM).assign(column=column, budget=budget, tasks=len(wide))
        chances = [improvement(runs[name], runs[RANDOM], DRAWS) for name in table["method"]]
        for place, name in enumerate(("improvement", "improvement_low", "improvement_high")):
            table[name] = [chance[place] for chance in chances]
        found.append(table)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def noise_floor(each: pd.DataFrame) -> pd.DataFrame:
    """Test regret of what needs no search, by task: the exhaustive search of one split is the floor."""
    still = each[(each["kind"] == "baseline") & (each["budget"] == each["budget"].min())]
    still = still[still["searcher"] != "random_twice"]
    table: pd.DataFrame = still.pivot_table(index="task", columns="searcher", values="test", sort=False).reset_index()
    return table


def nearest_budget(rows: pd.DataFrame, wanted: int) -> int:
    """The budget of the table's searches that is nearest to the one that is wanted."""
    budgets = np.array(sorted(set(rows.loc[rows["kind"] == "table", "budget"])))
    return int(budgets[np.abs(np.log(budgets / wanted)).argmin()])
