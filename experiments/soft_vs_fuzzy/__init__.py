r"""Soft supports, fuzzy grades, random widths: do their expectations find the width that a task needs, or add noise?

Every law learns its own cardinality, at the same price rho a unit of width, from below and from above. On tasks whose
needed width is known: a *readout* of fixed features of which the target uses K (there the theorems hold, and each
member has its own prediction), and *networks* trained whole: teachers of K units, two spirals, digits, where the needed
width of the last two is that of the cheapest fixed width, loss + decay + price, trained in the same way.

Predictions, fixed before the run (readout; plain gradient descent with small steps; full batch). The statistic of each
is the share of members whose width ends within TOLERANCE = 1/2 of the predicted one; the prediction says at least
SHARE = 0.9. Its p-value is the exact binomial probability of a share as low, over independent problems. A prediction is
one law, measure, order of the features, price and start. Holm at 1 % over all of them, and the four of the fresh unit.

* *interval, linear mask*: pinned at the first integer above the start, though the next unit pays (a flow in
  V + rho gamma; only psi = a^2 enters, with slope 0 at integers). From above it stops at the last unit that pays.
* *interval, root mask or L2(E)* (psi = a): from both sides the needed width, where rho < lambda |W|^2 / 2; where rho is
  larger, but every unit still pays, the flow stops inside the first tile whose root is not worth its price.
* *ordered laws, shuffled features*: they stop at the first unit that does not pay, wherever that is.
* *soft support*: its gates are never 0, so that it passes integers that pin the linear mask: quasi-static descent in
  V_kappa + rho * cardinality, for the annealed one at rising kappa.
* *fuzzy, L2(E) or root*: start and order do not matter: sum of min(1, |v_i| / v_0) at the optimum of the convex reverse
  Huber problem, v_0 = sqrt(2 rho / lambda): a capacity in the sense of a norm, which shrinks with the price while every
  needed unit stays live.
* *bernoulli, systematic, L2(E)*: a sampled gate adds C_ii v_i^2 (1/g_i - 1) / 2 to the loss, which is a decay of
  strength C_ii in L2(E): the same with lambda + C_ii. So noise itself is a measure of capacity, and grades are crisper
  than those of deterministic gates at the same price. With the Euclidean norm: from above the needed width.
* *concrete*, and unordered Euclidean grades from below: no theorem gives a number; measured only.
* *fresh unit*: see ``fresh``; the interval's immediate gradient is a fair coin with mean 0,
  the exact gradient of a sampled gate is biased against fresh units by half their second moment.

Where assumptions are dropped (Adam, all weights trained, minibatches) the same shares are reported without a test.
``--quick`` is too short for flows to end: its verdicts mean nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from continuum import checks
from continuum.data import load
from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions
from continuum.exp.experiment import JSON

from . import cells as stages
from .arms import ARMS, by_name
from .figures import draw
from .report import report
from .tasks import teacher_width

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 1
PER_CELL = ("tasks", "laws")
TEACHERS = ("teacher_1", "teacher_4", "teacher_8", "teacher_16")


@dataclass(frozen=True)
class Config(RunOptions):
    """Which laws, on which tasks, at which price."""

    laws: tuple[str, ...] = tuple(arm.name for arm in ARMS)
    """Laws and measures of the outgoing weights, as interval/root; default: all."""
    tasks: tuple[str, ...] = (*TEACHERS, "two_spirals", "digits")
    """Tasks of the trained networks: teacher_K, or names of the catalogue."""
    needed: tuple[int, ...] = (1, 4, 8, 16)
    """Numbers of needed features of the readouts."""
    units: int = 32
    """Hidden units of a network."""
    seeds: int = 5
    """Repetitions of a readout."""
    network_seeds: int = 4
    """Repetitions of a trained network."""
    steps: int = 6000
    """Steps of plain descent on readouts."""
    network_steps: int = 1500
    """Steps of Adam."""
    decay: float = 0.2
    """Decay lambda of the outgoing weights of readouts."""
    prices: tuple[float, ...] = (0.03, 0.08)
    """Prices rho of readouts, in half squared errors a unit of width."""
    network_decay: float = 0.02
    """Decay lambda of the outgoing weights of trained networks."""
    network_prices: tuple[float, ...] = (0.005, 0.02)
    """Prices rho of trained networks, in nats or half squared errors a unit of width."""
    kappa: float = 10.0
    """Sharpness of the soft support."""
    sharpness: tuple[float, ...] = (4.0, 200.0)
    """Sharpness of the annealed soft support at the start and at the end."""
    temperature: float = 0.5
    """Temperature of the concrete law."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        for name in ("units", "seeds", "network_seeds", "steps", "network_steps"):
            checks.whole(name, getattr(self, name), at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        for name in ("decay", "network_decay", "kappa", "temperature"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        for name in ("prices", "network_prices", "sharpness"):
            for value in getattr(self, name):
                checks.positive(name, value, remedy="without a price every width is worth having")
        for law in self.laws:
            checks.one_of("laws", law, [arm.name for arm in ARMS], plural="laws")
        for width in self.needed:
            if not 1 <= width < self.units:
                raise BadInput(
                    "needed", expected=f"widths from 1 to {self.units - 1}", came=width, remedy="raise --units"
                )
        checks.whole("units", self.units, at_least=4)
        if len(self.sharpness) != 2:
            raise BadInput("sharpness", expected="start and end", came=self.sharpness, remedy="give two numbers")


def cells(config: Config) -> list[Cell]:
    """One cell a law and stage: readouts by plain descent and by Adam, each task, and the fresh unit."""
    shared = {name: value for name, value in config.configuration().items() if name not in PER_CELL}
    found = [Cell("fresh unit", {**shared, "stage": "fresh", "law": "all"}, 0.1)]
    for law in config.laws:
        heavy = 1.0 + by_name(law).samples + 2.0 * by_name(law).rule.startswith(("soft", "anneal"))
        for optimizer, cost in (("gd", 8.0), ("adam", 4.0)):
            own = {"stage": "readout", "law": law, "optimizer": optimizer}
            found.append(Cell(f"readout {optimizer} {law}", {**shared, **own}, cost * heavy))
    for task in config.tasks:
        known = teacher_width(task)
        data: dict[str, JSON] = {} if known else {"data": {task: load(task).checksum}}
        for law in (*config.laws, "fixed/euclidean"):
            named = {"stage": "network", "law": law, "task": task}
            found.append(Cell(f"{task} {law}", {**shared, **named, **data}, 12.0 if task == "digits" else 8.0))
    return found


def run(cell: Cell) -> Mapping[str, pd.DataFrame]:
    """Train all members of a law on one stage; one row a member."""
    return {"results": stages.COMPUTE[str(cell.settings["stage"])](cell.settings)}
