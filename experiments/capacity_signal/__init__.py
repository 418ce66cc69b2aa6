r"""Who sees that one more unit would help: the capacity loss, and the ways to its derivative at an integer width.

The capacity loss :math:`C_T(\gamma)` is the mean validation loss, over fresh initialisations, after T steps of training
at width gamma (and its mean over time). At gamma = k unit k is fresh: off, with random weights. A cell is one task, one
split and one width; each start is trained together with its mirror image, -W_k for W_k. Averaging the two (the evenness
trick) removes every odd power of the gate from a loss, which is most of the noise; single starts are kept beside.

Predictions, written before the run. Setting: tanh, full-batch gradient descent, decay of outgoing weights, normal
initial weights whose law knows k but not gamma; the mean over the starts at hand and their mirror images is itself an
expectation under a bounded symmetric law, so that theorems on expectations hold for it exactly.

1. Fair coin: P(immediate gradient < 0) = 1/2 at k+, for every task (exact binomial, single starts).
2. The *exact* hypergradient of a single run under the linear mask is a fair coin, too; mirrored, it is 0 at k+ for
   linear gates with decay on :math:`|W_k|^2` or on :math:`a|W_k|^2` (relative to single ones, margin 1e-4).
3. :math:`C_T(k+a) - C_T(k)` is of order :math:`a^{2p}`: 2 for linear gates, 1 for root gates, still 2 with the penalty
   of L2(E), 1 where W_k steps by lr / a, the metric of L2(E) (margin 0.02).
4. :math:`\kappa_0 = \frac12 E\langle c, F''c\rangle` (margin 1 %), and :math:`\kappa_0 \ge 0`: before training a fresh
   unit does harm on average.
5. Unrolling is exact: its mirrored mean is the slope of C_T wherever that is not 0 (margin 1 %).
6. After one step of lr / a the slope is :math:`-\mathrm{lr}\,\langle G_1^{val}, G_0\rangle` (margin 1 %).
7. Frozen features, optimal readout: the variance of the immediate gradient carries the slope of the root mask,
   :math:`V'(k+) = -E r^2 / (2 \lambda s^2)` (chi-squared).
8. Frozen features, no decay, outer loss = training loss: :math:`\kappa_T / T \to -\mathrm{lr}\,|G_\infty|^2` (margin
   1 %; where the slowest mode has shrunk below 1e-3).

They are tested together, Holm at 1 %; values are per split unless said otherwise, tests of means are Student's.
Expected without a theorem: kappa_T < 0 at the last T, not monotone in T; direct part and total differ in sign in some
starts; with Adam the orders are 1 and 1/2, with ReLU and minibatches they stay; and, as the source has it, descent of
gamma on the immediate loss leads it where capacity is needed (rank correlation with the oracle width above 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from continuum import checks
from continuum.data import Task, unchanged
from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions

from . import readout
from .cells import VARIANTS, signal, variants
from .figures import draw
from .lead import lead, task_of
from .network import GEOMETRIES
from .report import report
from .rows import rows_of

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 1
PER_CELL = ("tasks", "lead_tasks", "seeds", "widths")
TASKS = ("iris", "wine", "breast_cancer", "digits", "two_spirals")


@dataclass(frozen=True)
class Config(RunOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = TASKS
    """Names of tasks, or paths of CSV files."""
    widths: tuple[int, ...] = (1, 3, 8)
    """Integers k at which the derivative is measured."""
    geometries: tuple[str, ...] = tuple(GEOMETRIES)
    """Gates, penalty and metric of the fresh unit."""
    seeds: int = 5
    """Splits."""
    starts: int = 8
    """Fresh initialisations, each with its mirror image."""
    steps: int = 128
    """Steps of training, T."""
    rows: int = 300
    """Most rows of a part."""
    fresh: int = 32
    """Fresh features of the optimal readout."""
    lr: float = 0.3
    """Learning rate of gradient descent."""
    decay: float = 0.01
    """Decay of the outgoing weights."""
    activation: str = "tanh"
    """Activation of the hidden units: tanh or relu."""
    lead_tasks: tuple[str, ...] = (*TASKS, "digits/3", "digits/5", "digits/7")
    """Tasks on which gamma is learned; digits/3 is the first 3 classes."""
    lead_steps: int = 1200
    """Steps of Adam of the networks that learn gamma."""
    gamma_lr: float = 0.02
    """Learning rate of gamma."""
    units: int = 12
    """Units of the networks that learn gamma."""
    inits: int = 3
    """Their initialisations."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        for name in ("seeds", "starts", "rows", "fresh", "lead_steps", "units", "inits"):
            checks.whole(name, getattr(self, name), at_least=1)
        checks.whole("starts", self.starts, at_least=2)
        checks.whole("steps", self.steps, at_least=2)
        checks.whole("units", self.units, at_least=2)
        checks.whole("jobs", self.jobs, at_least=0)
        for name in ("lr", "decay", "gamma_lr"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        checks.one_of("activation", self.activation, ("tanh", "relu"))
        for name in self.geometries:
            checks.one_of("geometries", name, GEOMETRIES, plural="geometries")
        for width in self.widths:
            checks.whole("widths", width, at_least=1)
        for name in ("tasks", "widths", "geometries", "lead_tasks"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")


def cells(config: Config) -> list[Cell]:
    """One cell a task, split and width; one a task and split for each other part."""
    shared = {name: value for name, value in config.configuration().items() if name not in PER_CELL}
    found = []
    for source in config.tasks:
        task = task_of(source)
        middle = config.widths[len(config.widths) // 2]
        for seed in range(config.seeds):
            parts = {f"width {width}": {"part": "signal", "width": width} for width in config.widths}
            parts["optimal readout"] = {"part": "readout", "widths": config.widths}
            parts["assumptions dropped"] = {"part": "dropped", "width": middle, "variants": list(VARIANTS)}
            for name, own in parts.items():
                cost = (own.get("width", 0) + 2) * (min(task.n, config.rows) + 100) * (task.d + 20)
                found.append(_cell(f"{source} seed {seed} {name}", task, source, seed, shared | own, cost))
    for source in config.lead_tasks:
        task = task_of(source)
        found += [
            _cell(f"{source} seed {seed} learned", task, source, seed, shared | {"part": "lead"}, 30_000.0)
            for seed in range(config.seeds)
        ]
    return found


def _cell(label: str, task: Task, source: str, seed: int, settings: Mapping[str, Any], cost: float) -> Cell:
    own = {"task": source, "seed": seed, "data": {task.name: task.checksum}}
    return Cell(label, {**settings, **own}, cost)


def run(cell: Cell) -> Mapping[str, pd.DataFrame]:
    """Compute one cell."""
    wanted: Mapping[str, Any] = cell.settings
    task = unchanged(task_of(wanted["task"]), wanted["data"])
    head = {"task": task.name, "seed": wanted["seed"]}
    return {name: table.assign(**head) for name, table in PARTS[wanted["part"]](task, wanted).items()}


def _signal(task: Task, wanted: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    tables = signal(rows_of(task, wanted["seed"], wanted["rows"]), wanted)
    return {name: table.assign(width=wanted["width"]) for name, table in tables.items()}


def _readout(task: Task, wanted: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, wanted["seed"], wanted["rows"])
    frames = [readout.readout(rows, {**wanted, "width": width}).assign(width=width) for width in wanted["widths"]]
    return {"results": pd.DataFrame(), "readout": pd.concat(frames, ignore_index=True)}


def _dropped(task: Task, wanted: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    rows = rows_of(task, wanted["seed"], wanted["rows"])
    found = variants(rows, wanted, wanted["variants"]).assign(width=wanted["width"])
    return {"results": pd.DataFrame(), "variants": found}


def _lead(task: Task, wanted: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {"results": pd.DataFrame(), "lead": lead(task, wanted)}


PARTS = {"signal": _signal, "readout": _readout, "dropped": _dropped, "lead": _lead}
