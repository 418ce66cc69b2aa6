"""What is measured of a law that is trained: its noise before and after, and its end; one row per member."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Generator, Tensor

from continuum.widths import Width

from .methods import LIVE, Method, width_slope
from .problems import Networks, Problem
from .training import Recipe, Trajectory, expected_width, objective, train

#: Averages are over the last tenth of the steps; the drift is against the tenth before.
TAIL, BEFORE = 0.9, 0.8
#: Samples of the gates by which the noise of a derivative is measured.
DRAWS = 64


def measurements(problem: Problem, law: Width, method: Method, price: Tensor, recipe: Recipe) -> dict[str, Tensor]:
    """Train the law; measure the noise of its slope before and after, and what stands at the end."""
    generator = Generator().manual_seed(0)
    fixed = method.kind == "fixed"
    zeros = problem.readout.new_zeros(problem.readout.shape[:2])
    early = (zeros, zeros) if fixed else slope_noise(problem, law, method, generator)
    trajectory = train(problem, law, method, price, recipe, generator)
    late = early if fixed else slope_noise(problem, law, method, generator)
    noise = {"slope_start": early[0], "noise_start": early[1], "slope_end": late[0], "noise_end": late[1]}
    return _ends(problem, law.eval(), method, price, recipe.decay, trajectory) | noise


def slope_noise(problem: Problem, law: Width, method: Method, generator: Generator) -> tuple[Tensor, Tensor]:
    """Mean and variance, over draws of the gates alone, of the derivative of the loss in the width."""
    everything = problem.whole()
    draws = DRAWS if method.samples else 1
    slopes = []
    for _ in range(draws):
        loss = everything.loss(law.gates(generator))
        slopes.append(width_slope(law, loss, expected_width(law)).detach())
    stacked = torch.stack(slopes)
    return stacked.mean(0), stacked.var(0, correction=min(draws - 1, 1))


@torch.no_grad()
def _ends(
    problem: Problem, law: Width, method: Method, price: Tensor, decay: float, trajectory: Trajectory
) -> dict[str, Tensor]:
    """What stands at the end, with expected gates and with rounded ones."""
    everything, gates = problem.whole(), law.expected_gates()
    rounded = (gates >= 0.5).to(gates.dtype)
    _, total = objective(everything, law, method, price, decay, Generator())
    loss = everything.loss(gates)
    ends = {
        "width": trajectory.mean("widths", TAIL),
        "drift": trajectory.mean("widths", TAIL) - trajectory.mean("widths", BEFORE, TAIL),
        "live": (gates > LIVE).sum(-1).double(),
        "on": rounded.sum(-1),
        "used": trajectory.mean("used", 0.0),
        "loss": loss,
        "objective": total - price * expected_width(law),
        "gap": everything.loss(rounded) - loss,
    }
    if isinstance(problem, Networks):
        ends |= {"score": problem.score(gates), "rounded_score": problem.score(rounded)}
    return ends


def frame_of(columns: Mapping[str, ArrayLike], price: Tensor, start: Tensor) -> pd.DataFrame:
    """One row per member, problem by problem."""
    problems, members = np.asarray(columns["width"]).shape
    flat = {name: np.asarray(values, dtype=np.float64).reshape(-1) for name, values in columns.items()}
    # Prices come back from single precision with their digits.
    heads = {
        name: np.tile(values.double(), problems).round(9) for name, values in {"price": price, "start": start}.items()
    }
    return pd.DataFrame({"problem": np.repeat(np.arange(problems), members), **heads, **flat})
