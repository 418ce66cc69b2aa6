"""Discrete steps at a kink: gamma turns on a circle about the integer while weights are frozen."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .confrontation import confront
from .history import chatter, rotation
from .motion import Motion
from .network import LOSSES, Examples, Networks, examples_of, pinned

#: Allocated units, and the integer at which networks are pinned.
UNITS, K = 3, 2
#: Standard deviation of W: where the loss is curved, large weights are hardly ever pinned.
SPREADS = {"affine": 0.5, "squared": 0.05}
#: Step of gamma, as the length eta(|l| + r) of the circle on which it turns.
CIRCLES = (0.2, 0.02)


def at_kink(examples: Examples, members: int, loss: str, seed: list[int]) -> tuple[Networks, Tensor, Tensor]:
    """Networks that are pinned at K, with |l| and r."""
    return pinned(examples, members, UNITS, K, seed=seed, loss=loss, spread=SPREADS[loss])


def starts(left: Tensor, right: Tensor, eta: Tensor, seed: list[int]) -> Tensor:
    """Widths uniform on the circle [K - eta r, K + eta |l|)."""
    phase = torch.from_numpy(np.random.default_rng(seed).random(len(left)))
    return K - eta * right + phase * eta * (left + right)


def run(task: str, kind: str | None, rows: int, members: int, steps: int, seed: int) -> dict[str, pd.DataFrame]:
    """Gamma with frozen weights, for an affine and a squared loss."""
    examples, tables, orbits = examples_of(task, kind, rows), [], []
    for number, (loss, circle) in enumerate((loss, circle) for loss in ("affine", "squared") for circle in CIRCLES):
        networks, left, right = at_kink(examples, members, loss, [seed, 3, number])
        eta = circle / (left + right)
        motion = Motion(networks, starts(left, right, eta, [seed, 4, number]), {"gamma": eta})
        history = np.empty((steps, len(left)))
        for step in range(steps):
            history[step] = motion.gamma
            motion.step()
        turns, law = chatter(history), rotation(left.numpy(), right.numpy())
        setting = f"{loss}, circle {circle:g}"
        shares = {"on": turns.on, "gate": turns.gate / circle, "frequency": turns.frequency}
        tables += [confront("rotation", task, setting, name, law[name], share) for name, share in shares.items()]
        outside = (history < K - (eta * right).numpy() - 1e-9) | (history > K + (eta * left).numpy() + 1e-9)
        tables.append(confront("rotation", task, setting, "outside the circle", 0.0, outside.any(0)))
        tables.append(confront("rotation", task, setting, "amplitude / circle", 1.0, turns.amplitude / circle))
        orbits.append(_orbits(task, setting, history[:60, :3]))
    return {"results": pd.concat(tables), "orbits": pd.concat(orbits)}


def _orbits(task: str, setting: str, history: np.ndarray) -> pd.DataFrame:
    """One row per step and network."""
    step, member = np.indices(history.shape)
    columns = {"step": step.ravel(), "member": member.ravel(), "gamma": history.ravel()}
    return pd.DataFrame({"task": task, "setting": setting, **columns})


def fresh_gradient(networks: Networks) -> Tensor:
    """G_K = <F'(S_K), y_K> of every network, (members, 1, outputs)."""
    y = networks.features()
    _, slope = LOSSES[networks.loss](y[:, :, :K] @ networks.outgoing[:, :K], networks.target)
    return y[:, :, K : K + 1].mT @ slope
