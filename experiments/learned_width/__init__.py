r"""Does one run find the width that a grid of fixed widths finds, from any start, and with a network as good?

Every task is cut into the same folds for all methods: a grid of fixed widths on the engine; ours (``graded``) from
several starts; the other routes by name; scikit-learn's perceptron; and for every width learned a fixed network of
exactly ceil(width) units. All are trained by Adam on minibatches with a rate that falls from 0.01 to 0 along a cosine,
and fixed ones take as many *steps* as ours takes in its graded phase and in rounding together; what ours takes
to calibrate its price comes on top, is part of its ``steps`` and ``seconds``, and helps no weight. Scores are accuracy,
or R2 of values. Where a task cannot be had on this machine a line says so, and the others are run.

*Oracle*: the smallest grid width whose mean score is within one standard error of the best width's (over folds and
repetitions), with the 10th and 90th percentile of 500 bootstraps of the folds. It looks at the test folds: it describes
the grid's curve, and is not a method.

Targets, fixed before the run. Intervals are corrected resampled t intervals of paired differences, 95 %: the variance
of a mean over J folds counts as (1/J + n_test/n_train) times that of a fold, since training rows overlap (Nadeau &
Bengio 2003; Bouckaert & Frank 2004). A score of ours is the mean over its starts.

* *digits*: accuracy >= .975 at <= 24 units; *two spirals*: >= .995 at <= 16.
* *starts*: the mean widths of the starts differ by at most 3 % (classes) and 6 % (values) of their mean, on every task.
* *same width*: no interval of ours minus the fixed twin reaches below -.01, and at least 3 tasks lie above 0.
* *noise*: on every task of known Bayes error, mean width <= 2 oracles.
* *best*: on at least 80 % of the tasks the mean score is >= that of the best grid width minus one standard error.
* *time*: wall clock of a whole fit over a training of one fixed network alone on the engine, for the steps of the
  graded phase: <= 1.4 for 64 units and <= 2 for the oracle's (interpolated in the logarithm of the width), on every
  task, median of turns; one thread each, in turns, in one process. *digits* in <= 1 s.
* *peers* (with ``--peers``): ahead of gromo, GAL and BAL on digits and two spirals in accuracy, at no more units.

Defaults of the learner were frozen before; ``tuned`` marks the tasks that they were chosen on. With ``--quick``
training is too short for the verdicts to mean anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from continuum import checks
from continuum.data import Task
from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions
from continuum.exp.keys import installed
from continuum.learn.settings import LearnConfig, steps_for

from . import cells as stages
from .figures import draw
from .fits import LABELS
from .folds import folds_of, geometric
from .peers import PEERS
from .report import report
from .tasks import MOST_UNITS, had

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 2
TASKS = tuple(
    "digits two_spirals vehicle segment satimage letter glass ionosphere banknote concrete energy_heating airfoil "
    "yacht wine breast_cancer noisy_3 noisy_4 teacher_4 teacher_16".split()
)
#: Tasks with one repetition, for they are large.
LARGE = ("satimage", "letter")
#: Tasks on which the other routes start from every start, not from the default one alone.
EVERY_START = ("digits", "two_spirals", "vehicle", "concrete")
#: Regression tasks with published figures on 20 splits, and tasks whose path of prices is drawn.
PUBLISHED, PATHS = ("concrete", "energy_heating", "yacht"), ("digits", "two_spirals", "concrete", "noisy_3")
#: Most units to start from: rounding inverts their Gram matrix, with the square in memory and the cube in time.
MOST_AT_START = 4096
#: Rows of which a tenth are two.
LEAST_PUBLISHED = 20
ROUTES = tuple(name for name in LABELS if name != "graded")
#: Seconds of a step of ours, of a route, of the grid and of scikit-learn, for the order of cells alone.
STEP = {
    "ours": 1.3e-4,
    "route": 4.5e-4,
    "grid": 2.4e-4,
    "sklearn": 3.5e-4,
    "clock": 1.6e-4,
    "peers": 1e-3,
    "path": 1e-4,
}


@dataclass(frozen=True)
class Config(RunOptions):
    """Which methods, on which tasks."""

    tasks: tuple[str, ...] = TASKS
    """Tasks: names of the catalogue, noisy_3, noisy_4, teacher_K. Of the default ones, those that this machine lacks
    are left out."""
    folds: int = 5
    """Folds of a repetition."""
    seeds: int = 2
    """Repetitions, each with its own folds; satimage and letter have one."""
    starts: tuple[float, ...] = (1, 8, 64)
    """Start widths of ours."""
    widths: tuple[int, ...] = geometric(1, 512, 24)
    """Fixed widths of the grid."""
    routes: tuple[str, ...] = ROUTES
    """Other methods by name."""
    steps: int | None = None
    """Steps of the graded phase; none: by the learner's own rule."""
    batch: int = 32
    """Rows of a minibatch."""
    rows: int = 5000
    """Most rows of a task; larger ones are cut to so many random ones."""
    splits: int = 20
    """Published splits of the regression tasks."""
    max_units: int = 512
    """Most units of a learned width."""
    peers: bool = False
    """Compare with gromo and neural-trees instead of other methods: --preset peers (pip install
    continuum-width[peers])."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        checks.whole("folds", self.folds, at_least=2)
        for name in ("seeds", "batch", "rows", "splits"):
            checks.whole(name, getattr(self, name), at_least=1)
        if self.steps is not None:
            checks.whole("steps", self.steps, at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        for route in self.routes:
            checks.one_of("routes", route, ROUTES, plural="routes")
        for name in ("tasks", "starts", "widths", "routes"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise BadInput(name, expected="each once", came=list(given), remedy="drop the repeated ones")
        self._check_widths()

    def _check_widths(self) -> None:
        for width in self.widths:
            _units("widths", width, at_least=1)
        # The clock, the published splits and most routes start from the learner's own default; peers need none of them.
        _units("max_units", self.max_units, at_least=1 if self.peers else int(LearnConfig.start))
        most = min(self.max_units, MOST_AT_START)
        remedy = "lower --starts" if most < self.max_units else "lower --starts or raise --max-units"
        for start in self.starts:
            checks.number("starts", start, low=1, high=most, remedy=remedy)
        if not self.starts:
            raise BadInput("starts", expected="at least one width to start from", came="none", remedy="give --starts 8")


def _units(name: str, value: int, *, at_least: int) -> None:
    checks.whole(name, value, at_least=at_least)
    if value > MOST_UNITS:
        expected = f"at most {MOST_UNITS} units, which fit into memory for all folds at once"
        raise BadInput(name, expected=expected, came=value, remedy=f"give {MOST_UNITS} or fewer")


def cells(config: Config) -> list[Cell]:
    """A cell is a task, a kind of method and a repetition."""
    tasks = had(config.tasks, config.rows, strict=config.tasks != TASKS)
    for name, task in tasks.items():
        _check_rows(config, name, task)
    return [cell for name, task in tasks.items() for cell in _cells(config, name, task)]


def _check_rows(config: Config, name: str, task: Task) -> None:
    """Refuse more folds than can be stratified, and test parts of fewer rows than the two that R2 needs."""
    if task.kind == "classification":
        most, what = int(np.bincount(task.target, minlength=task.classes).min()), "the rows of its smallest class"
    else:
        most, what = task.n // 2, "half its rows"
    if config.folds > most:
        remedy = "lower --folds, raise --rows, or leave the task out of --tasks"
        raise BadInput("folds", expected=f"at most {most} for {name}, {what}", came=config.folds, remedy=remedy)
    if name in PUBLISHED and not config.peers and task.n < LEAST_PUBLISHED:
        expected = f"at least {LEAST_PUBLISHED} of {name}, whose published splits test on a tenth"
        remedy = "raise --rows, or leave the task out of --tasks"
        raise BadInput("rows", expected=expected, came=task.n, remedy=remedy)


def _cells(config: Config, name: str, task: Task) -> Iterator[Cell]:
    steps = 1.5 * steps_for(config.steps, task.n * (1 - 1 / config.folds)) * config.folds

    def cell(stage: str, seed: int, fits: float, label: str = "", **own: Any) -> Cell:
        folds = folds_of(task, config.folds, seed)
        cut = sha256(b"".join(fold.stream.test.y.tobytes() for fold in folds)).hexdigest()  # type: ignore[union-attr]
        shared = {key: getattr(config, key) for key in ("folds", "steps", "batch", "rows", "max_units")}
        named = {
            "stage": stage,
            "task": name,
            "kind": task.kind,
            "seed": seed,
            "data": {name: task.checksum},
            "split": cut,
        }
        text = f"{name} {label or stage} {seed}" if stage not in ("splits", "clock", "path") else f"{name} {stage}"
        return Cell(text, {**shared, **named, **own}, steps * fits * STEP.get(stage, 1e-4))

    for seed in range(1 if name in LARGE else config.seeds):
        yield cell("grid", seed, len(config.widths) / 22, widths=config.widths)
        yield cell("ours", seed, len(config.starts), starts=config.starts)
        yield cell("sklearn", seed, 1)
        for peer in PEERS if config.peers else ():
            yield cell("peers", seed, 1, peer, method=peer, version=installed(PEERS[peer]))
    if config.peers:
        return
    for route in config.routes:
        starts = config.starts if name in EVERY_START else (LearnConfig.start,)
        yield cell("route", 0, len(starts), route, method=route, starts=starts)
    yield cell("clock", 0, 4)
    if name in PUBLISHED:
        yield cell("splits", 0, 2 * config.splits / config.folds, splits=config.splits)
    if name in PATHS:
        yield cell("path", 0, 1)


def run(cell: Cell) -> Mapping[str, pd.DataFrame]:
    """Train the networks of a cell; a row each."""
    return stages.COMPUTE[str(cell.settings["stage"])](cell.settings)
