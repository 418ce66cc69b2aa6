"""What is measured of a law that has been trained: its noise, its end, and one row a member."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Generator, Tensor

from continuum.widths import Width

from .arms import Arm
from .learning import Course, Recipe, learn, live, noise, objective, width
from .problems import Networks, Problem

#: Averages are over the last tenth of the steps; the drift is against the tenth before.
TAIL, BEFORE = 0.9, 0.8


def measured(problem: Problem, law: Width, arm: Arm, price: Tensor, recipe: Recipe) -> dict[str, Any]:
    """Train the law, with its noise before and after."""
    generator = Generator().manual_seed(0)
    fixed = arm.rule == "fixed"
    early = (
        (problem.readout.new_zeros(problem.readout.shape[:2]),) * 2 if fixed else noise(problem, law, arm, generator)
    )
    course = learn(problem, law, arm, price, recipe, generator)
    late = early if fixed else noise(problem, law, arm, generator)
    rows = {"slope_start": early[0], "noise_start": early[1], "slope_end": late[0], "noise_end": late[1]}
    return _ends(problem, law.eval(), arm, price, recipe.decay, course) | rows


def _ends(problem: Problem, law: Width, arm: Arm, price: Tensor, decay: float, course: Course) -> dict[str, Any]:
    """What stands at the end, with expected gates and with rounded ones."""
    with torch.no_grad():
        everything, gates = problem.whole(), law.expected_gates()
        rounded = (gates >= 0.5).to(gates.dtype)
        _, total = objective(everything, law, arm, price, decay, Generator())
        loss = everything.loss(gates)
        rows = {
            "width": course.mean("widths", TAIL),
            "drift": course.mean("widths", TAIL) - course.mean("widths", BEFORE, TAIL),
            "live": live(law),
            "on": rounded.sum(-1),
            "used": course.mean("used", 0.0),
            "loss": loss,
            "objective": total - price * width(law),
            "gap": everything.loss(rounded) - loss,
        }
        if isinstance(problem, Networks):
            rows |= {"score": problem.score(gates), "rounded_score": problem.score(rounded)}
        return rows


def frame_of(rows: Mapping[str, Any], price: Tensor, start: Tensor) -> pd.DataFrame:
    """One row a member, problem by problem."""
    problems, members = np.asarray(rows["width"]).shape
    flat = {name: np.asarray(values, dtype=np.float64).reshape(-1) for name, values in rows.items()}
    heads = {"price": np.tile(price.double(), problems), "start": np.tile(start.double(), problems)}
    # Prices come back from single precision with their digits.
    heads = {name: np.asarray(values).round(9) for name, values in heads.items()}
    return pd.DataFrame({"problem": np.repeat(np.arange(problems), members), **heads, **flat})
