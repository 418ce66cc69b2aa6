"""Repeated searches of one task: what each would have answered at every budget."""

import time
from collections.abc import Callable, Iterator, Sequence
from zlib import crc32

import numpy as np
import pandas as pd

from continuum.benchmark import Point
from continuum.search import Trace

from .judge import SEARCHED, Judge

#: Repetitions whose incumbents are kept for the pages of figures.
SHOWN = 8


def seed_of(task: str, repetition: int) -> int:
    """Seed of a repetition: all searchers share it, so that they are paired; no two tasks do."""
    return crc32(f"{task} {repetition}".encode()) % 2**31


def repeated(
    search: Callable[[int, int], Trace], task: str, repetitions: int, budgets: Sequence[int], judge: Judge, epochs: int
) -> dict[str, pd.DataFrame]:
    """Search ``repetitions`` times, the searched seeds by turns, and judge the answers.

    Args:
        search: from the seed of the table and that of the searcher to a trace.
        task: its name, part of the seeds.
        repetitions: how many.
        budgets: in whole trainings.
        judge: of the task.
        epochs: of a whole training.
    """
    rows, paths = [], []
    for repetition in range(repetitions):
        seed = SEARCHED[repetition % len(SEARCHED)]
        start = time.perf_counter()
        trace = search(seed, seed_of(task, repetition))
        seconds = time.perf_counter() - start
        answers = _answers(trace, [budget * epochs for budget in budgets])
        for budget, answer in zip(budgets, answers, strict=True):
            head = {"repetition": repetition, "seed": seed, "budget": budget, "seconds": seconds}
            rows.append(head | judged(judge, answer, seed))
        if repetition < SHOWN:
            paths.append(path(trace, repetition, epochs))
    return {"results": pd.DataFrame(rows), "paths": pd.concat(paths, ignore_index=True)}


def judged(judge: Judge, answer: "pd.Series | None", seed: int) -> dict[str, float]:
    """The answer and its regrets; before the first answer, those of the average network: 1."""
    if answer is None:
        return {"gamma": np.nan, "lr": np.nan, "weight_decay": np.nan, "depth": np.nan, "best_epoch": np.nan,
                "value": np.nan, "validation": 1.0, "test": 1.0}  # fmt: skip
    point, epoch = Trace.point(answer), int(answer["best_epoch"])
    regrets = {"validation": judge.validation_regret(point, epoch, seed), "test": judge.test_regret(point, epoch)}
    return {**_plain(point), "best_epoch": float(epoch), "value": float(answer["value"]), **regrets}


def _plain(point: Point) -> dict[str, float]:
    return {"gamma": point.gamma, "lr": point.lr, "weight_decay": point.weight_decay, "depth": float(point.depth)}


def _answers(trace: Trace, costs: Sequence[int]) -> Iterator["pd.Series | None"]:
    rows = trace.rows[trace.rows["incumbent"]]
    spent = rows["cost"].to_numpy()
    for cost in costs:
        place = int(np.searchsorted(spent, cost, side="right")) - 1
        yield rows.iloc[place] if place >= 0 else None


def path(trace: Trace, repetition: int, epochs: int) -> pd.DataFrame:
    """What was tried and when, of the first repetition; of the others what became the answer."""
    rows = trace.rows if repetition == 0 else trace.rows[trace.rows["incumbent"]]
    kept = rows[["gamma", "lr", "value", "incumbent"]].astype({"incumbent": bool})
    return kept.assign(trainings=rows["cost"] / epochs, repetition=repetition)
