"""Capacity against accuracy as a real-valued width gamma crosses the integers.

For every task and seed, one network is trained at each gamma of a grid (same units, same minibatches), and the widest
of them is also *sliced*: cut to every gamma without training. A cell is one task and one seed.

Each row describes the network of the best epoch on the validation part. Losses are mean nats (classes) or half mean
squared errors of the standardised target (values); the derivatives in gamma are those of these losses, without weight
decay. ``auc`` is the mean of the validation score over training (trapezoidal, start included); ``steps_to_95`` counts
gradient steps until the validation accuracy first reaches 95 % of the best of the widest network (for values, until
the RMSE is within 1/0.95 of it), and is missing where that never happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from math import ceil
from typing import Any, Literal

import numpy as np
import pandas as pd

from continuum import checks
from continuum.data import Task, load, split, unchanged
from continuum.ensemble import Member, Settings, Stream, TrainedEnsemble, train
from continuum.ensemble.settings import check_device
from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions
from continuum.exp.options import RUN_FIELDS
from continuum.widths import WidthName, expresses

from .figures import draw
from .page import page
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "page", "report", "run"]

RESULT_VERSION = 2
#: Fields of the configuration that a cell has one of; all others, but those on how to run, are common to all cells.
PER_CELL = ("tasks", "seeds")
#: Fields that are passed on to the engine's settings.
COMMON = ("law", "kappa", "activation", "optimizer", "batch", "epochs", "scaling", "device")
SCORE_NAME = {"classification": "accuracy", "regression": "RMSE"}


@dataclass(frozen=True)
class Config(RunOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = ()
    """Names of tasks, or paths of CSV files with a header and a last column `target`. Default: iris, wine,
    breast_cancer and digits; with --quick wine and digits."""
    gammas: tuple[float, ...] = ()
    """Widths. Default: 0.5 to units - 0.5 in steps of 1/4, and 1/64 on either side of each integer."""
    law: WidthName = "interval"
    """Which gates a width stands for; the default grid is cut to what the law can express."""
    kappa: float = 10.0
    """Sharpness of the soft support."""
    units: int | None = None
    """Allocated hidden units: the largest width that can be asked for. Default: 17; with --quick 9."""
    seeds: int | None = None
    """Number of repetitions; each has its own split, initial weights and minibatches. Default: 10; with --quick 3."""
    epochs: int | None = None
    """Passes over the training rows. Default: 100; with --quick 20."""
    lr: float = 0.01
    """Learning rate."""
    batch: int = 32
    """Rows of a minibatch."""
    activation: Literal["tanh", "relu", "gelu"] = "tanh"
    """Activation of the hidden units."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """Optimiser of the weights."""
    weight_decay: float = 0.0
    """Weight decay of the units that are on."""
    scaling: Literal["standard", "mup", "ntk"] = "standard"
    """How initial weights and learning rates scale with the width."""
    patience: int = 0
    """Stop a network after that many epochs without a better validation loss; 0 trains to the end."""
    kind: Literal["classification", "regression"] | None = None
    """What the tasks are, where neither the catalogue nor the target tells."""
    device: str = "cpu"
    """Where to compute: cpu or cuda."""

    def resolved(self) -> "Config":
        """Fill in what was left open, the grid of widths too."""
        preset = QUICK if self.quick else DEFAULT
        given = {name: getattr(self, name) for name in preset}
        config = replace(self, **{name: value or preset[name] for name, value in given.items() if value in (None, ())})
        grid = default_grid(config.units) if config.units >= 1 else ()
        gammas = config.gammas or tuple(gamma for gamma in grid if expresses(config.law, config.units, gamma))
        kappa = config.kappa if config.law == "soft_support" else Config.kappa  # others do not use it
        return replace(config, gammas=tuple(sorted(set(map(float, gammas)))), kappa=kappa)

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        checks.whole("units", self.units, at_least=1)
        checks.whole("seeds", self.seeds, at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        checks.whole("patience", self.patience, at_least=0)
        for gamma in self.gammas:
            checks.number("gamma", gamma, low=0.0, high=self.units, remedy="lower gamma or raise --units")
            Member(gamma).check((self.units,), self.law)
        if not self.gammas:
            remedy = "raise --units, or give --gammas"
            raise BadInput("gammas", expected="widths between the ends of the default grid", came="none", remedy=remedy)
        if len(set(self.tasks)) < len(self.tasks):
            raise BadInput("tasks", expected="each once", came=list(self.tasks), remedy="drop the repeated ones")
        check_device(self.device)
        Member(0.0, lr=self.lr, weight_decay=self.weight_decay)
        Settings(self.units, law=self.law, kappa=self.kappa, batch=self.batch, epochs=self.epochs)


DEFAULT: dict[str, Any] = {
    "tasks": ("iris", "wine", "breast_cancer", "digits"),
    "units": 17,
    "seeds": 10,
    "epochs": 100,
}
QUICK: dict[str, Any] = {"tasks": ("wine", "digits"), "units": 9, "seeds": 3, "epochs": 20}


def default_grid(units: int) -> tuple[float, ...]:
    """Quarters from 1/2 to units - 1/2, with a point 1/64 below and above each integer between them.

    >>> default_grid(2)
    (0.5, 0.75, 0.984375, 1.0, 1.015625, 1.25, 1.5)
    """
    quarters = np.arange(2, 4 * units - 1) / 4
    integers = np.arange(1, units)
    return tuple(sorted({*quarters.tolist(), *(integers - 1 / 64).tolist(), *(integers + 1 / 64).tolist()}))


def cells(config: Config) -> list[Cell]:
    """One cell a task and seed: all widths, which share data and minibatches."""
    tasks = [(source, load(source, config.kind)) for source in config.tasks]
    names = [task.name for _, task in tasks]
    if len(set(names)) < len(names):
        raise BadInput("tasks", expected="different names", came=names, remedy="rename one of the files")
    for _, task in tasks:
        Stream.of(task, seed=0)  # a task that cannot be split is refused before anything is computed
    return [_cell(config, source, task, seed) for source, task in tasks for seed in range(config.seeds)]


def _cell(config: Config, source: str, task: Task, seed: int) -> Cell:
    shared = {f.name: getattr(config, f.name) for f in fields(Config) if f.name not in {*RUN_FIELDS, *PER_CELL}}
    parts = split(task, seed)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    # The split stands in the key: another version of what drew it must not mix with old cells.
    own = {
        "task": source,
        "data": {task.name: task.checksum},
        "seed": seed,
        "split": sha256(rows.tobytes()).hexdigest(),
    }
    units = sum((ceil(gamma) if config.law == "interval" else config.units) + 4 for gamma in config.gammas)
    steps = config.epochs * ceil(0.6 * task.n / config.batch)
    cost = steps * units * (config.batch * (task.d + 10) / 1e3 + 1)
    return Cell(f"{task.name} seed {seed}", shared | own, cost)


def run(cell: Cell) -> Mapping[str, pd.DataFrame]:
    """Train all widths of one task and seed, and slice the widest."""
    wanted: Mapping[str, Any] = cell.settings
    task = unchanged(load(wanted["task"], wanted["kind"]), wanted["data"])
    stream = Stream.of(task, wanted["seed"])
    common = {name: wanted[name] for name in COMMON}
    settings = Settings(wanted["units"], patience=wanted["patience"], **common)
    gammas = np.array(wanted["gammas"])
    members = [
        Member(gamma, init=wanted["seed"], lr=wanted["lr"], weight_decay=wanted["weight_decay"]) for gamma in gammas
    ]
    trained = train([stream], members, settings)
    head = {"task": task.name, "kind": task.kind, "law": wanted["law"], "seed": wanted["seed"], "gamma": gammas}
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
