"""The cells of a sweep, and what one computes: the networks of a task and seed, and the slice of the widest."""

from collections.abc import Mapping
from hashlib import sha256
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from continuum.data import Task, load, split, unchanged
from continuum.ensemble import Member, Settings, Stream, TrainedEnsemble, train
from continuum.errors import BadInput
from continuum.exp import Cell
from continuum.exp.experiment import Tables

from .config import Config

#: What a cell has one of; all else is common to the cells of a run.
PER_CELL = ("tasks", "seeds")
#: What is passed on to the engine's settings.
COMMON = ("law", "kappa", "activation", "optimizer", "batch", "epochs", "scaling", "device")
#: What the score of a task is.
SCORE_NAME = {"classification": "accuracy", "regression": "RMSE"}


def cells(config: Config) -> list[Cell]:
    """One cell per task and seed: all widths, which share data and minibatches."""
    tasks = [(source, load(source, config.kind)) for source in config.tasks]
    names = [task.name for _, task in tasks]
    if len(set(names)) < len(names):
        raise BadInput("tasks", expected="different names", came=names, remedy="rename one of the files")
    for _, task in tasks:
        Stream.of(task, seed=0)  # a task that cannot be split is refused before anything is computed
    return [_cell(config, source, task, seed) for source, task in tasks for seed in range(config.seeds)]


def _cell(config: Config, source: str, task: Task, seed: int) -> Cell:
    shared = {name: value for name, value in config.configuration().items() if name not in PER_CELL}
    parts = split(task, seed)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    # The split stands in the key: another version of what drew it must not mix with old cells.
    single = {
        "task": source,
        "data": {task.name: task.checksum},
        "seed": seed,
        "split": sha256(rows.tobytes()).hexdigest(),
    }
    units = sum((ceil(gamma) if config.law == "interval" else config.units) + 4 for gamma in config.grid)
    steps = config.epochs * ceil(0.6 * task.n / config.batch)
    cost = steps * units * (config.batch * (task.d + 10) / 1e3 + 1)
    return Cell(f"{task.name} seed {seed}", shared | single, cost)


def run(cell: Cell) -> Tables:
    """Train all widths of one task and seed, and slice the widest."""
    setting: Mapping[str, Any] = cell.settings
    task = unchanged(load(setting["task"], setting["kind"]), setting["data"])
    stream = Stream.of(task, setting["seed"])
    common = {name: setting[name] for name in COMMON}
    settings = Settings(setting["units"], patience=setting["patience"], **common)
    widths = np.array(setting["gammas"])
    members = [
        Member(gamma, init=setting["seed"], lr=setting["lr"], weight_decay=setting["weight_decay"]) for gamma in widths
    ]
    trained = train([stream], members, settings)
    head = {"task": task.name, "kind": task.kind, "law": setting["law"], "seed": setting["seed"], "gamma": widths}
    return {"results": _results(head, trained), "slice": _slice(head, trained)}


def _results(head: Mapping[str, Any], trained: TrainedEnsemble) -> pd.DataFrame:
    measured = {part: trained.measure(part) for part in ("train", "validation", "test")}
    train_sides = trained.gamma_derivatives("train")
    val_sides = trained.gamma_derivatives("validation")
    return pd.DataFrame(
        {
            **head,
            "cardinality": head["gamma"],
            "params": trained.parameters_in_use(),
            "train_loss": measured["train"][0],
            "val_loss": measured["validation"][0],
            "test_loss": measured["test"][0],
            "score_name": SCORE_NAME[head["kind"]],
            "test_score": measured["test"][1],
            "train_dgamma_left": train_sides[0][:, 0],
            "train_dgamma_right": train_sides[1][:, 0],
            "val_dgamma_left": val_sides[0][:, 0],
            "val_dgamma_right": val_sides[1][:, 0],
            "best_epoch": trained.best_epoch,
            "auc": _area(trained),
            "steps_to_95": _steps_to_95(trained),
            "outcome": trained.outcome,
        }
    )


def _area(trained: TrainedEnsemble) -> np.ndarray:
    """Mean height of each validation curve (trapezoidal); a network that stopped early keeps its last score."""
    curves = pd.DataFrame(trained.validation_score).ffill().to_numpy()
    heights = (curves[1:] + curves[:-1]).mean(0) / 2
    return np.where(_diverged(trained), np.nan, heights)


def _steps_to_95(trained: TrainedEnsemble) -> np.ndarray:
    scores, widest = trained.validation_score, len(trained.members) - 1
    if _diverged(trained)[widest]:
        return np.full(scores.shape[1], np.nan)
    if trained.streams[0].kind == "classification":
        reached = scores >= 0.95 * np.nanmax(scores[:, widest])
    else:
        reached = scores <= np.nanmin(scores[:, widest]) / 0.95
    per_epoch = ceil(len(trained.streams[0].train.x) / trained.settings.batch)
    return np.where(reached.any(0) & ~_diverged(trained), reached.argmax(0) * per_epoch, np.nan)


def _diverged(trained: TrainedEnsemble) -> np.ndarray:
    return np.array([outcome == "diverged" for outcome in trained.outcome])


def _slice(head: Mapping[str, Any], trained: TrainedEnsemble) -> pd.DataFrame:
    widest = len(trained.members) - 1
    losses, scores = {}, {}
    for part in ("train", "validation", "test"):
        losses[part], scores[part] = trained.slice(widest, part, head["gamma"])
    return pd.DataFrame(
        {
            **head,
            "cardinality": head["gamma"],
            "train_loss": losses["train"],
            "val_loss": losses["validation"],
            "test_loss": losses["test"],
            "score_name": SCORE_NAME[head["kind"]],
            "test_score": scores["test"],
        }
    )
