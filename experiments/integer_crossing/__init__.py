r"""Gamma in motion: what happens when a width that is trained arrives at an integer.

Networks :math:`z = \sum_i m_i(\gamma)\,\phi(V_i x + b_i)\,W_i` of one hidden layer on real tasks, hundreds at once.
:math:`l` and :math:`r` are the left and right derivative of the training loss at an integer k, :math:`G_k` its
gradient in the weights of the fresh neuron when its gate is 1, :math:`\alpha, \beta` the rates of weights and gamma
(:math:`\eta = \beta` where only a neuron is trained), :math:`a = \gamma - k`.

Predictions, written before the run (pilots of at most 300 networks a setting chose sizes and tolerances). Where their
assumptions hold, every row of a task and a setting is one test; the p-values of all rows are adjusted together (Holm,
family level 1 %), and the number of rows outside their plain 95 % interval is reported too.

1. *Fair coin.* At the first arrival at the 1st, 2nd and 3rd fresh integer, r < 0 with probability 1/2, whatever trains
   gamma and weights (interval gates of any exponent; descent, momentum, Adam, minibatches; tanh and relu), and the
   fresh neuron is untouched, bit for bit. Statistic: number of r < 0; exact binomial.
2. *Geometric law.* The exact flow of gamma over frozen weights gains at least n fresh neurons with probability
   :math:`2^{-n}` for an affine loss from 0 and for small weights (s = 1e-4), and at most that for squared loss and
   cross-entropy. Exact binomial, two-sided and one-sided, n = 1 to 4.
3. *Crossing.* Squared loss, one output, W normal with deviation s: the flow that stands at k crosses the tile with
   probability :math:`\Phi(|v|/s) - 1/2`, :math:`v = \langle t - S_k, y_k\rangle/|y_k|^2`, known for each network. Sum
   of crossings minus probabilities; normal.
4. *Rotation.* Affine loss, frozen weights, l < 0 < r with ratio in [1/4, 4], phase uniform on the circle: the shares
   on, mean gates and frequencies have the means :math:`f = |l|/(|l|+r)`, :math:`\eta(|l|+r)f^2/2` and
   :math:`\min(f, 1-f)`; no step leaves :math:`[k - \eta r, k + \eta|l|)`. Student, on differences.
5. *Un-pinning.* Affine loss, the fresh neuron trained: :math:`n^*\alpha\eta|G|^2l^2/(r_0(2|l|+r_0)) \to 1` as eta
   falls (almost every start; it is extrapolated linearly from two steps; tolerance 0.005), and n* is never below
   :math:`r_0/(\alpha\eta|l||G|^2)`.
6. *Soft gates.* Affine loss, two neurons: descent rests where the fresh gate is
   :math:`\kappa^{-1}\log((1+|l|/r)/(1+e^{-\kappa}))` (tolerance 1e-9), and frees the neuron after the time of the
   kappa law for a slow W (extrapolated from two rates; tolerance 0.01).
7. *Hyperbolas.* Inside a tile :math:`a^2/\beta - |W|^2/\alpha` changes in a step by exactly :math:`\beta l_a^2 - \alpha
   |l_W|^2` (tolerance 1e-9), so that its drift over a fixed time halves with the step (tolerance 0.05 of its size).

Where assumptions are dropped (curved loss, all weights trained, Adam, discrete steps at a landing, soft gates at the
coin) a second table says by how much the same law is missed; nothing is predicted there. A cell is one part of this on
one task; of the joint training, one variant on one task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import torch

from continuum import checks
from continuum.data import load, unchanged
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions

from . import chatter, flow, hyperbola, joint, soft, unpin
from .figures import draw
from .report import report
from .variants import VARIANTS

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 1
PARTS = ("flow", "rotation", "unpin", "soft", "hyperbola", "joint")
#: Relative time of a cell of each part at the default size.
COSTS = {"flow": 6.0, "rotation": 4.0, "unpin": 10.0, "soft": 10.0, "hyperbola": 3.0, "joint": 8.0}


@dataclass(frozen=True)
class Config(RunOptions):
    """On which networks to look."""

    tasks: tuple[str, ...] = ("iris", "breast_cancer", "digits", "two_spirals")
    """Names of tasks, or paths of CSV files with a header and a last column `target`."""
    variants: tuple[str, ...] = tuple(VARIANTS)
    """Variants of joint training."""
    draws: int = 3000
    """Networks with frozen weights per task and setting."""
    pinned: int = 150
    """Networks pinned at an integer per task and setting."""
    networks: int = 100
    """Jointly trained networks per task, variant and starting gamma."""
    steps: int = 1000
    """Steps of the joint training and of the rotation."""
    rows: int = 64
    """Most training rows that are used of a task."""
    seed: int = 1
    """Seed of all initial weights, phases and minibatches."""
    kind: Literal["classification", "regression"] | None = None
    """What the tasks are, where neither the catalogue nor the target tells."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        checks.whole("draws", self.draws, at_least=10)
        checks.whole("pinned", self.pinned, at_least=5)
        checks.whole("networks", self.networks, at_least=1)
        checks.whole("steps", self.steps, at_least=40)
        checks.whole("rows", self.rows, at_least=joint.BATCH)
        checks.whole("seed", self.seed, at_least=0)
        checks.whole("jobs", self.jobs, at_least=0)
        for name in self.variants:
            checks.one_of("variant", name, VARIANTS, plural="variants")
        for what, names in (("tasks", self.tasks), ("variants", self.variants)):
            if len(set(names)) < len(names):
                raise BadInput(what, expected="each once", came=list(names), remedy="drop the repeated ones")


def cells(config: Config) -> list[Cell]:
    """One cell a task and part; of the joint training one a task and variant."""
    found, names = [], set()
    for source in config.tasks:
        task = load(source, config.kind)
        Stream.of(task, seed=0)  # a task that cannot be split is refused before anything is computed
        if task.name in names:
            raise BadInput("tasks", expected="different names", came=task.name, remedy="rename one of the files")
        names.add(task.name)
        shared: dict[str, Any] = {"task": source, "kind": config.kind, "data": {task.name: task.checksum}}
        shared |= {"rows": config.rows, "seed": config.seed}
        for part in PARTS:
            for variant in config.variants if part == "joint" else ("",):
                own = {"part": part, "variant": variant, **_sizes(part, config)}
                label = f"{task.name} {part}" + (f", {variant}" if variant else "")
                found.append(Cell(label, shared | own, COSTS[part] * (1 + task.d / 30)))
    return found


def _sizes(part: str, config: Config) -> dict[str, Any]:
    members = {"flow": config.draws, "joint": config.networks}.get(part, config.pinned)
    return {"members": members} | ({"steps": config.steps} if part in ("joint", "rotation") else {})


def run(cell: Cell) -> Mapping[str, pd.DataFrame]:
    """Compute one part on one task."""
    wanted: Mapping[str, Any] = cell.settings
    task = unchanged(load(wanted["task"], wanted["kind"]), wanted["data"])
    torch.set_num_threads(1)  # thousands of tiny products: threads would wait for each other
    given = {name: wanted[name] for name in ("task", "kind", "rows", "members", "seed")}
    tables = _compute(wanted, given)
    return {name: table.assign(task=task.name).reset_index(drop=True) for name, table in tables.items()}


def _compute(wanted: Mapping[str, Any], given: dict[str, Any]) -> Mapping[str, pd.DataFrame]:
    match wanted["part"]:
        case "flow":
            return {"results": flow.run(**given)}
        case "rotation":
            return chatter.turn(**given, steps=wanted["steps"])
        case "unpin":
            return {"results": unpin.run(**given)}
        case "soft":
            return {"results": soft.run(**given)}
        case "hyperbola":
            return hyperbola.run(**given)
    return joint.run(**given, steps=wanted["steps"], name=wanted["variant"])
