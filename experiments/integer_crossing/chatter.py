"""Discrete steps at a kink: gamma turns on a circle about the integer while weights are frozen."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .motion import Motion
from .network import LOSSES, Networks, data, pinned
from .record import chatter, rotation
from .rows import confront

UNITS, K = 3, 2
#: Standard deviation of W: where the loss is curved, large weights are hardly ever pinned.
SPREADS = {"affine": 0.5, "squared": 0.05}
#: Step of gamma, as the length eta(|l| + r) of the circle on which it turns.
CIRCLES = (0.2, 0.02)


def at_kink(given: tuple[Tensor, Tensor], members: int, loss: str, seed: list[int]) -> tuple[Networks, Tensor, Tensor]:
    """Networks that are pinned at K, with |l| and r."""
    return pinned(given, members, UNITS, K, seed=seed, loss=loss, spread=SPREADS[loss])


def starts(left: Tensor, right: Tensor, eta: Tensor, seed: list[int]) -> Tensor:
    """Widths uniform on the circle [K - eta r, K + eta |l|)."""
    phase = torch.from_numpy(np.random.default_rng(seed).random(len(left)))
    return K - eta * right + phase * eta * (left + right)


def turn(task: str, kind: str | None, rows: int, members: int, steps: int, seed: int) -> dict[str, pd.DataFrame]:
    """Gamma with frozen weights, for an affine and a squared loss."""
    given, tables, orbits = data(task, kind, rows), [], []
    for number, (loss, circle) in enumerate((loss, circle) for loss in ("affine", "squared") for circle in CIRCLES):
        networks, left, right = at_kink(given, members, loss, [seed, 3, number])
        eta = circle / (left + right)
        motion = Motion(networks, starts(left, right, eta, [seed, 4, number]), {"gamma": eta})
        history = np.empty((steps, len(left)))
        for step in range(steps):
            history[step] = motion.gamma
            motion.step()
        seen, expected = chatter(history), rotation(left.numpy(), right.numpy())
        setting = f"{loss}, circle {circle:g}"
        found = {"on": seen.on, "gate": seen.gate / circle, "frequency": seen.frequency}
        tables += [confront("rotation", task, setting, name, expected[name], found[name]) for name in found]
        outside = (history < K - (eta * right).numpy() - 1e-9) | (history > K + (eta * left).numpy() + 1e-9)
        tables.append(confront("rotation", task, setting, "outside the circle", 0.0, outside.any(0)))
        tables.append(confront("rotation", task, setting, "amplitude / circle", 1.0, seen.amplitude / circle))
        orbits.append(_zoom(task, setting, history[:60, :3]))
    return {"results": pd.concat(tables), "orbits": pd.concat(orbits)}


def _zoom(task: str, setting: str, history: np.ndarray) -> pd.DataFrame:
    step, member = np.indices(history.shape)
    columns = {"step": step.ravel(), "member": member.ravel(), "gamma": history.ravel()}
    return pd.DataFrame({"task": task, "setting": setting, **columns})


def pull(networks: Networks) -> Tensor:
    """G_K = <F'(S_K), y_K> of every network, (members, 1, outputs)."""
    y = networks.features()
    _, slope = LOSSES[networks.loss](y[:, :, :K] @ networks.outgoing[:, :K], networks.target)
    return y[:, :, K : K + 1].mT @ slope
