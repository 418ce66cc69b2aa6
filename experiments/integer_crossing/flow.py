"""The exact flow of gamma with frozen weights: how many fresh neurons it gains, and who crosses a whole tile.

The loss is convex, so that on a tile the flow goes up where its right end still descends: no steps in time are needed.
"""

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr
from torch import Tensor

from .confrontation import confront
from .network import Examples, Networks, draw, examples_of

#: Name: loss, standard deviation of W, and whether the law of neurons gained is 2^-n exactly or at most.
SETTINGS: dict[str, tuple[str, float, bool]] = {
    "affine": ("affine", 0.5, True),
    "squared, s = 1e-4": ("squared", 1e-4, True),
    "squared, s = 0.5": ("squared", 0.5, False),
    "squared, s = 2": ("squared", 2.0, False),
    "cross-entropy, s = 0.5": ("cross_entropy", 0.5, False),
}
#: Allocated units, and the most that are counted as gained.
UNITS, MOST = 8, 4
#: Standard deviations of W and starting integers of those that may cross a tile.
SPREADS, STARTS = (0.5, 2.0), (0, 2)


def entered(networks: Networks, start: int = 0) -> tuple[Int[Tensor, " members"], Bool[Tensor, " members"]]:
    """Fresh tiles that the flow enters from the integer ``start``, upwards wherever it can; whether it crosses one."""
    y, count = networks.features(), len(networks.outgoing)
    going, total = torch.ones(count, dtype=torch.bool), torch.zeros(count, dtype=torch.int64)
    crossed = going
    for k in range(start, networks.units):
        right = networks.sides(_at(k, count), y)[1]
        going = going & (right < 0)
        total += going
        left = networks.sides(_at(k + 1, count), y)[0]
        going = going & (left < 0)
        crossed = going if k == start else crossed
    return total, crossed


def aim(networks: Networks, k: int) -> Float[Tensor, "members outputs"]:
    """v = <t - S_k, y_k> / |y_k|^2, the weights of neuron k with the least squared loss at gate 1."""
    y = networks.features()
    residual = networks.target - y[:, :, :k] @ networks.outgoing[:, :k]
    fresh = y[:, :, k : k + 1]
    return (residual * fresh).sum(1) / fresh.square().sum(1)


def reach(networks: Networks, k: int) -> Float[Tensor, " members"]:
    """|v| of networks with one output."""
    return aim(networks, k).squeeze(-1).abs()


def _at(k: int, count: int) -> Float[Tensor, " members"]:
    return torch.full((count,), float(k), dtype=torch.float64)


def run(task: str, kind: str | None, rows: int, members: int, seed: int) -> pd.DataFrame:
    """All settings on one task."""
    examples, tables = examples_of(task, kind, rows), []
    for number, (setting, (loss, spread, exact)) in enumerate(SETTINGS.items()):
        if loss == "cross_entropy" and examples.target.shape[1] == 1:
            continue
        for start in STARTS if not exact or loss == "squared" else (0,):
            networks = draw(examples, members, UNITS, seed=[seed, 1, number, start], spread=spread, loss=loss)
            gained = entered(networks, start)[0].numpy()
            label = f"{setting}, from {start}"
            quantity = "gained = law" if exact else "gained <= law"
            for n in range(1, MOST + 1):
                tables.append(confront("flow", task, label, f"{quantity}, n = {n}", 2.0**-n, gained >= n))
            tables.append(confront("flow", task, label, "gained", np.nan, gained))
    return pd.concat([*tables, *_crossing(examples, task, members, seed)])


def _crossing(examples: Examples, task: str, members: int, seed: int) -> list[pd.DataFrame]:
    """One output, normal W: who crosses the whole tile above the integer at which the flow stands."""
    single, tables = examples.single(), []
    for number, (spread, k) in enumerate((spread, k) for spread in SPREADS for k in STARTS):
        networks = draw(single, members, k + 1, seed=[seed, 2, number], spread=spread)
        predicted = ndtr(reach(networks, k).numpy() / spread) - 0.5
        crossed = entered(networks, k)[1]
        tables.append(confront("flow", task, f"squared, s = {spread:g}, k = {k}", "crosses a tile", predicted, crossed))
    return tables
