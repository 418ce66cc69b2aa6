"""Discrete steps at a kink: how long until the fresh neuron, trained while gamma chatters, sets gamma free."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .chatter import UNITS, K, at_kink, fresh_gradient, starts
from .confrontation import confront
from .motion import LearningRates, Motion, Optimizer, first_time
from .network import WEIGHTS, Networks, examples_of

#: Predicted numbers of steps until r = 0; eta is proportional to their inverses, alpha the same for all.
LENGTHS = (250, 500, 1000, 2000)
#: A network that takes this many times its prediction is not waited for.
LONGEST = 2
#: Length eta(|l| + r) of the circle at the first of the lengths, and Adam's learning rate.
CIRCLE, ADAM = 0.2, 0.01


@dataclass(frozen=True)
class Setting:
    """What is trained beside gamma, and how; the theorem speaks of the first one."""

    loss: str
    everything: bool = False
    optimizer: Optimizer = "gd"


#: By what tables call them.
SETTINGS = {
    "affine, fresh neuron": Setting("affine"),
    "squared, fresh neuron": Setting("squared"),
    "squared, all weights": Setting("squared", everything=True),
    "affine, fresh neuron, adam": Setting("affine", optimizer="adam"),
}


def run(task: str, kind: str | None, rows: int, members: int, seed: int) -> pd.DataFrame:
    """Steps until r <= 0, for every setting and length."""
    examples, tables = examples_of(task, kind, rows), []
    for number, (name, setting) in enumerate(SETTINGS.items()):
        networks, left, right = at_kink(examples, members, setting.loss, [seed, 5, number])
        steps = _steps(networks, left, right, setting, [seed, 6, number])
        for length, times in steps.items():
            label = f"law = {length}"
            tables.append(confront("unpin", task, name, f"steps / law, {label}", 1.0, times / length))
            tables.append(confront("unpin", task, name, f"never, {label}", 0.0, times >= LONGEST * length))
        short, long = LENGTHS[-2:]
        growth = np.log(steps[long] / steps[LENGTHS[0]]) / np.log(long / LENGTHS[0])
        tables.append(confront("unpin", task, name, "order in 1/eta", 1.0, growth))
        limit = 2 * steps[long] / long - steps[short] / short
        tables.append(confront("unpin", task, name, "steps / law, extrapolated", 1.0, limit))
        bound = 1 / (2 + (right / left).numpy())  # r_0 / (alpha eta |l| |G|^2), as part of the law
        early = np.any([times < bound * length - 1e-6 for length, times in steps.items()], axis=0)
        tables.append(confront("unpin", task, name, "before the lower bound", 0.0, early))
    return pd.concat(tables)


def _steps(networks: Networks, left: Tensor, right: Tensor, setting: Setting, seed: list[int]) -> dict[int, np.ndarray]:
    """First step at which the derivative in the gate of the fresh neuron is not positive, all lengths at once."""
    copies = torch.arange(len(left)).repeat(len(LENGTHS))
    running, left, right = networks.take(copies), left[copies], right[copies]
    length = torch.tensor(LENGTHS, dtype=left.dtype).repeat_interleave(len(copies) // len(LENGTHS))
    eta = CIRCLE * LENGTHS[0] / length / (left + right)
    rho, square = right / left, fresh_gradient(running).square().sum((1, 2))
    alpha = rho * (2 + rho) / (length * eta * square)
    lr = (alpha if setting.optimizer == "gd" else torch.full_like(alpha, ADAM)).view(-1, 1, 1)
    fresh = (torch.arange(UNITS) == K).view(1, -1, 1)
    weights: LearningRates = dict.fromkeys(WEIGHTS, lr) if setting.everything else {"outgoing": lr * fresh}
    gamma = starts(left, right, eta, seed)
    motion = Motion(running, gamma, {"gamma": eta, **weights}, setting.optimizer, width_optimizer="gd")
    steps = first_time(motion, lambda gradient: gradient.gates[:, K] <= 0, LONGEST * length)
    return dict(zip(LENGTHS, np.split(steps, len(LENGTHS)), strict=True))
