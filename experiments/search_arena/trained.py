"""Methods that train for real: those that share weights, those that learn a width, and pairs of controllers."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from continuum.benchmark import Live, Point, Request, Space
from continuum.exp import Cell
from continuum.exp.experiment import JSON
from continuum.search import SharingMethod, Trace
from continuum.search.registry import by_name

from .config import Config
from .judge import SEARCHED, Judge, judge_of
from .repetitions import judged, path, seed_of
from .roster import Entrant

#: Pairs of methods, the second with what the first lacks, and the divisions of the rows in which they meet.
PAIRS: dict[tuple[str, str], tuple[str, ...]] = {
    ("enas", "enas_response"): ("plain", "few", "noise"),
    ("enas_separate", "enas_joint"): ("plain",),
}
#: Tasks of the pairs: small ones, of which many runs are cheap.
PAIRED_TASKS = ("wine", "breast_cancer")
#: Trainings that each method of a pair may spend.
PAIRED_BUDGET = 4
#: Seeds of rows from here on are in no table: a learner that draws split and weights by one seed takes them.
FRESH = 100


class Answer(NamedTuple):
    """An answer that is to be judged: where it belongs, and its row of the trace."""

    repetition: int
    seed: int
    budget: int
    seconds: float
    row: "pd.Series | None"


def trained_cells(
    config: Config, tasks: Sequence[str], entrants: Sequence[Entrant], shared: dict[str, JSON]
) -> list[Cell]:
    """One cell per task and method that trains, and one per pair, division and task."""
    planned = []
    budgets = list(config.trained_budgets)
    for task in config.trained_tasks or tasks:
        for entrant in entrants if budgets else ():
            if entrant.kind in ("sharing", "ours"):
                settings: dict[str, JSON] = {"stage": "trained", "task": task, "searcher": entrant.name}
                settings |= {"repetitions": config.trained_repetitions, "budgets": budgets}
                cost = config.trained_repetitions * entrant.seconds
                planned.append(Cell(f"{task} {entrant.name}", {**shared, **settings}, cost))
    named = {entrant.name for entrant in entrants}
    return planned + list(_paired_cells(config, named))


def _paired_cells(config: Config, named: set[str]) -> Iterator[Cell]:
    for task in PAIRED_TASKS[: config.paired_tasks]:
        for pair, divisions in PAIRS.items():
            for division in divisions if pair[1] in named else ():
                settings: dict[str, JSON] = {"stage": "paired", "task": task, "pair": pair, "division": division}
                settings |= {"runs": config.paired_runs, "budget": PAIRED_BUDGET}
                yield Cell(f"{task} {pair[1]} paired, {division}", settings, config.paired_runs * 1.0)


def trained(settings: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Search several times, and judge each answer: by the table on its grid, else by networks trained for it."""
    task, name, budgets = settings["task"], settings["searcher"], settings["budgets"]
    judge = judge_of(settings["table"], task)
    answers, paths = [], []
    for repetition in range(settings["repetitions"]):
        start = time.perf_counter()
        seed, trace = _search(name, task, repetition, max(budgets) * judge.space.epochs, judge.space)
        seconds = time.perf_counter() - start
        paths.append(path(trace, repetition, judge.space.epochs))
        for budget in budgets:
            answers.append(Answer(repetition, seed, budget, seconds, trace.answer(budget * judge.space.epochs)))
    results = pd.DataFrame(_judged(judge, task, answers)).assign(task=task, searcher=name, kind="trained")
    where = {"task": task, "searcher": name, "kind": "trained"}
    return {"results": results, "paths": pd.concat(paths, ignore_index=True).assign(**where)}


def _search(name: str, task: str, repetition: int, budget: int, space: Space) -> tuple[int, Trace]:
    """A method that shares weights searches a split of the table; others draw split and weights by one seed."""
    kind: Any = by_name(name)
    if not issubclass(kind, SharingMethod):
        raise TypeError(f"{name} does not train by itself")
    from continuum.search.shared import METHODS

    if name in METHODS:
        split = SEARCHED[repetition % len(SEARCHED)]
        return split, kind(space, split=split).search(task, budget, seed_of(task, repetition) % 10_000)
    seed = FRESH + repetition
    return seed, kind(space).search(task, budget, seed)


def _judged(judge: Judge, task: str, answers: Sequence[Answer]) -> Iterator[dict[str, float]]:
    off = [answer for answer in answers if answer.row is not None and Trace.point(answer.row) not in judge.space]
    regrets = dict(zip(map(id, off), _live(judge, task, off), strict=True))
    for answer in answers:
        head = {"repetition": answer.repetition, "seed": answer.seed, "budget": answer.budget}
        searched = answer.seed in judge.searched
        measured = judged(judge, answer.row, answer.seed if searched else judge.searched[0])
        if not searched and answer.row is not None:
            measured["validation"] = np.nan  # rows that are in no table: nothing exact can be said of them
        measured["test"] = regrets.get(id(answer), measured["test"])
        yield {**head, "seconds": answer.seconds, **measured}


def _live(judge: Judge, task: str, answers: Sequence[Answer]) -> list[float]:
    """Test regrets of points off the grid: each is trained anew from every judging seed, and stopped where it was."""
    rows = [answer.row for answer in answers if answer.row is not None]
    asked = list(dict.fromkeys((Trace.point(row), int(row["best_epoch"])) for row in rows))
    if not asked:
        return []
    longest: dict[Point, int] = {}
    for point, epoch in asked:
        longest[point] = max(epoch, longest.get(point, 0))
    values: dict[Point, Any] = {}
    evaluators = [Live(task, seed) for seed in judge.judging]
    curves = [evaluator.curves([Request(p, t) for p, t in longest.items()]) for evaluator in evaluators]
    for place, point in enumerate(longest):
        pairs = zip(evaluators, curves, strict=True)
        values[point] = np.mean([live.objective.values(found[place], "test") for live, found in pairs], axis=0)
    return [judge.test_regret_of(float(values[Trace.point(r)][int(r["best_epoch"]) - 1])) for r in rows]


def paired(settings: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """J on test rows of the second method less that of the first, run by run."""
    from continuum.search.shared import response_effect

    first, second = settings["pair"]
    task, division = settings["task"], settings["division"]
    budget = settings["budget"] * Space().epochs
    start = time.perf_counter()
    effect = response_effect(task, list(range(settings["runs"])), budget, division, (first, second))
    head = {"task": task, "first": first, "second": second, "division": division, "budget": settings["budget"]}
    table = pd.DataFrame({"run": effect.index.to_numpy(), "difference": effect.to_numpy(float)}).assign(**head)
    results = pd.DataFrame([{"task": task, "kind": "paired", "seconds": time.perf_counter() - start}])
    return {"results": results, "pairs": table}
