"""The cut of search_arena into cells: one per task and searcher, one per agent, one per task for baselines."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import torch

from continuum import checks
from continuum.exp import Cell
from continuum.exp.experiment import JSON, Tables
from continuum.exp.keys import installed
from continuum.search import Searcher, Trace
from continuum.search import run as search
from continuum.search.registry import make

from .agents import agent_cells, agents
from .baselines import baselines
from .config import Config
from .judge import SEARCHED, judge_of, lookup, table_at, values
from .repetitions import repeated
from .roster import Entrant, chosen
from .trained import paired, trained, trained_cells

#: What random search is also given, to see whether a searcher is worth twice the budget.
TWICE = 2


def cells(config: Config) -> list[Cell]:
    """One cell per task and searcher, and what belongs to a task or an agent alone."""
    path = str(config.table or "")
    table = table_at(path)
    for name in ("tasks", "trained_tasks"):
        for task in getattr(config, name):
            checks.one_of(name, task, table.tasks, plural="tasks of the table")
    tasks = config.tasks or tuple(table.tasks)
    shared: dict[str, JSON] = {"table": path, "data": {"table": table.checksum}}
    entrants = list(chosen((*config.searchers, "random") if config.searchers else ()))
    planned = list(_table_cells(config, tasks, entrants, shared))
    planned += trained_cells(config, tasks, entrants, shared)
    return planned + agent_cells(config, tasks, entrants, shared)


def _table_cells(
    config: Config, tasks: tuple[str, ...], entrants: list[Entrant], shared: dict[str, JSON]
) -> Iterator[Cell]:
    budgets = list(config.budgets)
    for task in tasks:
        yield Cell(f"{task} baselines", {**shared, "stage": "baselines", "task": task, "budgets": budgets}, 1.0)
        for entrant in entrants:
            if entrant.kind not in ("table", "keras", "agent"):
                continue
            repetitions = min(config.repetitions, entrant.repetitions)
            settings: dict[str, JSON] = {"stage": "table", "task": task, "searcher": entrant.name}
            settings |= {"repetitions": repetitions, "budgets": [b for b in budgets if b <= entrant.most]}
            settings |= {"versions": {name: installed(name.replace("_", "-")) for name in entrant.needs}}
            yield Cell(f"{task} {entrant.name}", {**shared, **settings}, repetitions * entrant.seconds)


def run(cell: Cell) -> Tables:
    """Compute a cell: ``results``, one row per repetition and budget, and ``paths``, what was tried and when."""
    torch.set_num_threads(1)  # many small products: threads would wait for each other
    settings: dict[str, Any] = dict(cell.settings)
    tables = STAGES[settings["stage"]](settings)
    return {name: frame for name, frame in tables.items() if len(frame)}


def _baselines(settings: dict[str, Any]) -> dict[str, pd.DataFrame]:
    path, task = settings["table"], settings["task"]
    judge = judge_of(path, task)
    training = {seed: values(table_at(path), task, seed, "train") for seed in SEARCHED}
    frame = baselines(judge, training).assign(task=task, kind="baseline", seconds=0.0)
    rows = [frame.assign(budget=budget, repetition=frame["seed"]) for budget in settings["budgets"]]
    return {"results": pd.concat(rows, ignore_index=True)}


def _searched(settings: dict[str, Any]) -> dict[str, pd.DataFrame]:
    path, task, name = settings["table"], settings["task"], settings["searcher"]
    judge = judge_of(path, task)
    epochs, budgets = judge.space.epochs, settings["budgets"]
    twice = TWICE if name == "random" else 1
    asked = sorted({*budgets, *(TWICE * budget for budget in budgets)}) if twice > 1 else budgets

    def one(seed: int, own: int) -> Trace:
        evaluator = lookup(path, task, seed)
        searcher = make(name, evaluator.space, own)
        if not isinstance(searcher, Searcher):
            raise TypeError(f"{name} does not ask and tell")
        return search(searcher, evaluator, max(asked) * epochs)

    tables = repeated(one, task, settings["repetitions"], asked, judge, epochs)
    tables = {key: frame.assign(task=task, searcher=name, kind="table") for key, frame in tables.items()}
    if twice > 1:
        tables["results"] = doubled(tables["results"], budgets)
    return tables


def doubled(results: pd.DataFrame, budgets: list[int]) -> pd.DataFrame:
    """Random search, and the same with twice the budget as a searcher of its own."""
    doubled = results.assign(budget=results["budget"] / TWICE, searcher="random_twice", kind="baseline")
    both = pd.concat([results, doubled], ignore_index=True)
    kept: pd.DataFrame = both[both["budget"].isin(budgets)].astype({"budget": int}).reset_index(drop=True)
    return kept


#: What runs a cell of each stage.
STAGES: dict[str, Callable[[dict[str, Any]], dict[str, pd.DataFrame]]] = {
    "baselines": _baselines,
    "table": _searched,
    "trained": trained,
    "paired": paired,
    "agents": agents,
}
