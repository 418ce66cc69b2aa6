"""Between two integers: a^2/beta - |W|^2/alpha along joint training, which the gradient flow conserves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .confrontation import confront
from .motion import Motion, Optimizer
from .network import WEIGHTS, Examples, Networks, draw, examples_of

#: Allocated units, and the edge neuron.
UNITS, K = 3, 1
#: Time of the flow, and the steps with which it is followed.
TIME, STEPS = 2.0, (0.1, 0.05, 0.025)
#: Time and number of the orbits that are drawn.
LONG, SHOWN = 40.0, 24
#: Name: learning rate of gamma over that of the weights, and optimiser.
SETTINGS: dict[str, tuple[float, Optimizer]] = {
    "beta = alpha": (1.0, "gd"),
    "beta = 4 alpha": (4.0, "gd"),
    "beta = alpha / 4": (0.25, "gd"),
    "momentum": (1.0, "momentum"),
    "adam": (1.0, "adam"),
}
#: Factors of the steps of the optimisers that the flow does not describe.
SCALES: dict[Optimizer, float] = {"gd": 1.0, "momentum": 0.1, "adam": 0.05}


@dataclass(frozen=True)
class Orbit:
    """Gate and |W| of the edge neuron after each step (times, members), and the sum of the one-step changes."""

    a: np.ndarray
    weight: np.ndarray
    changes: np.ndarray
    size: np.ndarray

    def quantity(self, alpha: float, beta: float) -> np.ndarray:
        """a^2/beta - |W|^2/alpha."""
        return self.a**2 / beta - self.weight**2 / alpha

    @property
    def inside(self) -> np.ndarray:
        """Whether gamma never left the tile."""
        return np.asarray(((self.a > 0) & (self.a < 1)).all(0))


def follow(networks: Networks, gamma: Tensor, alpha: float, beta: float, steps: int, optimizer: Optimizer) -> Orbit:
    """Train all weights and gamma; |W| and a belong to neuron K."""
    running = networks.take(torch.arange(len(gamma)))
    motion = Motion(running, gamma, {"gamma": beta, **dict.fromkeys(WEIGHTS, alpha)}, optimizer)
    a, weight = np.empty((steps + 1, len(gamma))), np.empty((steps + 1, len(gamma)))
    changes, size = np.zeros(len(gamma)), np.zeros(len(gamma))
    for step in range(steps + 1):
        a[step], weight[step] = motion.gamma - K, running.outgoing[:, K].norm(dim=1)
        if step == steps:
            break
        gradient = motion.step()
        by_gate = beta * gradient.gates[:, K].square()
        by_weight = alpha * gradient.outgoing[:, K].square().sum(1)
        changes += (by_gate - by_weight).numpy()
        size += (by_gate + by_weight).numpy()
    return Orbit(a, weight, changes, size)


def run(task: str, kind: str | None, rows: int, members: int, seed: int) -> dict[str, pd.DataFrame]:
    """Drift of the quantity for three steps over one time of the flow."""
    examples, tables, portraits = examples_of(task, kind, rows), [], []
    loss = examples.usual_loss
    for number, (setting, (ratio, optimizer)) in enumerate(SETTINGS.items()):
        networks = draw(examples, members, UNITS, seed=[seed, 8, number], loss=loss)
        gamma = K + 0.3 + 0.4 * torch.from_numpy(np.random.default_rng([seed, 9, number]).random(members))
        scale = SCALES[optimizer]
        orbits = [
            follow(networks, gamma.clone(), scale * h, scale * ratio * h, round(TIME / h), optimizer) for h in STEPS
        ]
        inside = np.all([orbit.inside for orbit in orbits], axis=0)
        tables += _drifts(task, setting, orbits, inside, ratio, optimizer)
        if optimizer == "gd":
            portraits.append(_portrait(examples, task, setting, ratio, seed))
    return {"results": pd.concat(tables), "portraits": pd.concat(portraits)}


def _drifts(
    task: str, setting: str, orbits: list[Orbit], inside: np.ndarray, ratio: float, optimizer: Optimizer
) -> list[pd.DataFrame]:
    # In units of the flow's time: alpha = 1, beta = ratio, whatever the step.
    drift = [np.ptp(orbit.quantity(1.0, ratio)[[0, -1]], axis=0)[inside] for orbit in orbits]
    moved = [np.abs(np.diff(orbit.a**2 / ratio, axis=0)).sum(0)[inside] for orbit in orbits]
    size = np.sqrt(np.mean(drift[1] ** 2))
    tables = [
        confront("hyperbola", task, setting, f"|drift| / path of a^2/beta, h = {h:g}", 0.0, d / m)
        for h, d, m in zip(STEPS, drift, moved, strict=True)
    ]
    if optimizer == "gd":
        first = orbits[0]
        alpha, beta = STEPS[0], ratio * STEPS[0]
        change = (first.quantity(alpha, beta)[-1] - first.quantity(alpha, beta)[0] - first.changes) / first.size
        tables.append(confront("hyperbola", task, setting, "drift - sum of one-step changes", 0.0, change[inside]))
    tables.append(confront("hyperbola", task, setting, "drift, step halved", drift[1] / size / 2, drift[2] / size))
    tables.append(confront("hyperbola", task, setting, "left the tile", np.nan, ~inside))
    return tables


def _portrait(examples: Examples, task: str, setting: str, ratio: float, seed: int) -> pd.DataFrame:
    """Long orbits of networks with one output, until they leave the tile; with the sign of W."""
    networks = draw(examples.single(), SHOWN, UNITS, seed=[seed, 11], spread=0.7)
    gamma = K + torch.linspace(0.05, 0.95, SHOWN, dtype=torch.float64)
    orbit = follow(networks, gamma, STEPS[1], ratio * STEPS[1], round(LONG / STEPS[1]), "gd")
    sign = np.sign(networks.outgoing[:, K, 0].numpy())
    left = np.maximum.accumulate((orbit.a <= 0) | (orbit.a >= 1), axis=0)
    a, weight = np.where(left, np.nan, orbit.a)[::10], (orbit.weight * sign)[::10]
    step, member = np.indices(a.shape)
    columns = {"step": step.ravel(), "member": member.ravel(), "a": a.ravel(), "weight": weight.ravel()}
    return pd.DataFrame({"task": task, "setting": setting, "ratio": ratio, **columns}).dropna()
