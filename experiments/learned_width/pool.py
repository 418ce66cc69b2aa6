"""The preset ``pool``: does the width depend on how many units a layer is born with, and on which directions?

A layer is born with as many units at every start, so that equal widths from every start say little. Here the units at
birth, the start, and the seed of the directions are factors of a full design; beside the learner as it is stand its two
options that should keep the pool out of the width.
"""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from continuum import checks
from continuum.data import Task, unchanged
from continuum.errors import BadInput
from continuum.exp.experiment import JSON, Tables
from continuum.learn import LearnConfig, WidthResult, learn_width

from .fits import Row, row_head
from .folds import Fold, folds_of
from .stages import COLUMNS
from .tasks import TUNED, task_of

Settings = Mapping[str, Any]
#: Units at birth, starts, and seeds of the directions.
Factors = tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]
#: The learner as it is, and with options: gates without a bound, the noise of held-out rows, and both.
ARMS: dict[str, dict[str, Any]] = {
    "default": {},
    "unbounded": {"largest_gate": math.inf},
    "held_out": {"noise": "held_out"},
    "mended": {"largest_gate": math.inf, "noise": "held_out"},
}
#: Arms that meet every factor; of the others only values need any, from the least start and the first directions.
WHOLE = ("default", "mended")
#: Columns of the table "pool", and their types.
TYPES = {
    **{name: COLUMNS[name] for name in "task kind tuned fold seed".split()},
    "arm": "string",
    **dict.fromkeys("pool start directions width units".split(), "float64"),
    **dict.fromkeys("live length full nat price score train_loss test_loss seconds".split(), "float64"),
}


def plans(kind: str, pools: tuple[int, ...], starts: tuple[float, ...], directions: tuple[int, ...]) -> Iterator[Row]:
    """The factors of each arm."""
    for arm in ARMS:
        if arm in WHOLE:
            yield {"arm": arm, "pools": pools, "starts": starts, "directions": directions}
        elif kind == "regression":
            yield {"arm": arm, "pools": pools, "starts": (min(starts),), "directions": directions[:1]}


def planned(kind: str, parts: int, factors: Factors) -> Iterator[tuple[str, int, dict[str, JSON]]]:
    """Label, fits and settings of each cell of a task: one for every arm and fold."""
    for fold in range(parts):
        for plan in plans(kind, *factors):
            fits = len(plan["pools"]) * len(plan["starts"]) * len(plan["directions"])
            yield f"pool {plan['arm']} {fold}", fits, {**plan, "fold": fold}


def check_factors(
    pools: tuple[int, ...], directions: tuple[int, ...], parts: int, *, folds: int, max_units: int
) -> None:
    """Raise ``BadInput`` for factors that cannot be."""
    for pool in pools:
        checks.whole("pools", pool, at_least=1)
        checks.number("pools", pool, low=1, high=max_units, remedy="raise --max-units, where every pool ends")
    if pools and not directions:
        raise BadInput("directions", expected="one or more", came="none", remedy="leave --directions out")
    for seed in directions:
        checks.whole("directions", seed, at_least=0)
    checks.whole("parts", parts, at_least=1)
    checks.number("parts", parts, low=1, high=folds, remedy="there are no more folds")


def pool(settings: Settings) -> Tables:
    """One arm on one fold, at every pool, start and seed of the directions."""
    task: Task = unchanged(task_of(settings["task"], settings["rows"]), settings["data"])
    fold = folds_of(task, settings["folds"], settings["seed"])[settings["fold"]]
    rows = [
        _row(fold, settings, {"pool": size, "start": start, "directions": seed})
        for size in settings["pools"]
        for start in settings["starts"]
        for seed in settings["directions"]
    ]
    head = {name: settings[name] for name in ("task", "kind", "arm")} | {"tuned": settings["task"] in TUNED}
    frame = pd.DataFrame([head | row for row in rows], columns=list(TYPES)).astype(TYPES)
    return {"results": pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS), "pool": frame}


def _row(fold: Fold, settings: Settings, factors: dict[str, Any]) -> Row:
    x, y = fold.tensors()
    shared = {name: settings[name] for name in ("max_units", "steps", "batch")}
    config = LearnConfig(seed=fold.number, **shared, **factors, **ARMS[settings["arm"]])
    began = time.process_time()
    result = learn_width(x, y, fold.loss, config)
    seconds = time.process_time() - began
    said = {"price": result.price, "nat": result.nat, "seconds": seconds}
    return {**row_head(fold, "graded"), **factors, **sizes(result, config, len(x)), **said, **_scores(fold, result)}


def _scores(fold: Fold, result: WidthResult) -> dict[str, float]:
    return fold.scores_of(result.network)


def sizes(result: WidthResult, config: LearnConfig, rows: int) -> dict[str, float]:
    r"""Width and units; units that are on, their length :math:`\sum_i |v_i|`, and that of a whole unit.

    That is :math:`v_0 = \sqrt{2 \rho / \lambda}`, with the price :math:`\rho` of a unit per row. Where no gate is at
    its bound the width is the length in whole units.
    """
    last = result.graded[-1]
    assert isinstance(last, nn.Linear)  # noqa: S101  # of the library's own network
    norms = last.weight.detach().double().norm(dim=0).numpy()
    full = math.sqrt(2 * result.price * result.nat / rows / config.decay)
    return {
        "width": sum(result.widths),
        "units": sum(result.units),
        "live": float(np.count_nonzero(norms)),
        "length": float(norms.sum()),
        "full": full,
    }
