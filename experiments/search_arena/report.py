"""What search_arena prints, and keeps as CSV and Markdown."""

from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, terminal_table
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given

from .measures import (
    COLUMNS,
    FEWEST_TASKS,
    against_random,
    answered,
    by_task,
    comparisons,
    nearest_budget,
    noise_floor,
    over_tasks,
    ranked,
)
from .questions import MIDDLE, SMALL, answers


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    rows = answered(tables)
    each = by_task(rows)
    budgets = list(dict.fromkeys(nearest_budget(rows, wanted) for wanted in (SMALL, MIDDLE)))
    compared = [comparisons(rows, budget) for budget in budgets]
    return {
        "questions": answers(rows, tables.get("pairs"), tables.get("agents")),
        "means": over_tasks(each),
        "comparisons": pd.concat(compared, ignore_index=True),
        "ranks": _ranks(rows, budgets),
        "against_random": against_random(rows, budgets),
        "noise_floor": noise_floor(each),
        "regret": each,
    }


def _ranks(rows: pd.DataFrame, budgets: list[int]) -> pd.DataFrame:
    found = []
    for budget in budgets:
        for column in COLUMNS:
            if (test := ranked(rows, budget, column)) is not None:
                ranks, p, difference = test
                table = ranks.rename("rank").rename_axis("searcher").reset_index()
                found.append(table.assign(budget=budget, rows=column, friedman_p=p, critical_difference=difference))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def report(tables: Tables, config: Any) -> list[Table]:
    """The questions, the means over tasks, and each searcher against random search."""
    named = frames(tables)
    rows = answered(tables)
    budget = nearest_budget(rows, MIDDLE)
    tasks = rows["task"].nunique()
    caption = "difference: first less second; a claim is confirmed where its interval lies below 0 (Holm over all)"
    asked = terminal_table(counted("questions", "", config), given(_asked(named["questions"]), config), caption)
    few = f"; {tasks} tasks are too few for Holm, {FEWEST_TASKS} are needed" if tasks < FEWEST_TASKS else ""
    return [
        asked,
        terminal_table(f"mean regret over {tasks} tasks, intervals over tasks", _means(named["means"], budget)),
        terminal_table(f"against random search at {budget} trainings, over tasks{few}", _compared(named, budget)),
        terminal_table("test regret of what needs no search: exhaustive is the noise floor", named["noise_floor"]),
    ]


def _asked(table: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        return table
    columns = ["claimed_below_0", "low", "high"]
    interval = [bounded(*values, form=".3f") for values in _triples(table, columns)]
    shown = table.assign(interval=interval).rename(columns={"interval": "below 0 if true"})
    return shown[["claim", "unit", "rows", "n", "difference", "below 0 if true", "power", "verdict"]]


def _means(table: pd.DataFrame, budget: int) -> pd.DataFrame:
    """Of searchers of the table at one budget, of methods that train at their largest, of baselines at the least."""
    last = table.groupby(["kind", "searcher"], sort=False)["budget"].transform("max")
    part = table[(table["budget"] == budget) | ((last < budget) & (table["budget"] == last))]
    brief = part.copy()
    for column in COLUMNS:
        triples = _triples(part, [column, f"{column}_low", f"{column}_high"])
        brief[column] = [bounded(*values, form=".3f") for values in triples]
    return brief[["searcher", "budget", *COLUMNS, "seconds"]]


def _compared(named: dict[str, pd.DataFrame], budget: int) -> pd.DataFrame:
    table = named["comparisons"]
    if table.empty:
        return table
    part = table[table["budget"] == budget]
    columns = ["improvement", "improvement_low", "improvement_high"]
    chance = [bounded(*values, form=".2f") for values in _triples(part, columns)]
    return part.assign(improvement=chance)[
        ["column", "method", "difference", "wins", "losses", "adjusted", "improvement"]
    ]


def _triples(table: pd.DataFrame, columns: list[str]) -> list[tuple[float, float, float]]:
    """A number and its bounds, row by row."""
    return [(float(mean), float(low), float(high)) for mean, low, high in table[columns].to_numpy(float)]
