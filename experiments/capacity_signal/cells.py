"""The main cell of capacity_signal: one task, split and width, all geometries, horizons and methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .methods import estimates
from .network import GEOMETRIES, Network
from .rows import Rows, Weights, draw, mirrored
from .training import Schedule, curvature, pull, running_mean, train

FRACTIONS = (2.0**-16, 2.0**-14, 2.0**-12)
"""a, where the capacity loss is measured beside k: small for the terms of higher order, large for rounding."""


def horizons(steps: int) -> list[int]:
    """0, the powers of 2 below ``steps``, and ``steps``.

    >>> horizons(8)
    [0, 1, 2, 4, 8]
    """
    return [0, *(2**n for n in range(steps.bit_length()) if 2**n < steps), steps]


def rises(
    rows: Mapping[str, Rows], width: int, start: Weights, wanted: Mapping[str, Any], schedule: Schedule
) -> pd.DataFrame:
    """C_T(k + a) - C_T(k) of each start and its mirror image, final and averaged over time.

    ``rise`` is the mean over W_k and -W_k, which removes every odd power of the gate; ``odd`` is half the difference,
    the noise that it removes. The mean over starts of ``rise`` and of either single run estimate the same number.
    """
    frames = []
    for name in wanted["geometries"]:
        network = Network(rows, width, GEOMETRIES[name], wanted["decay"], wanted["activation"])
        base, *sides = _curves(network, start, schedule)
        for a, plus, minus in zip(FRACTIONS, sides[::2], sides[1::2], strict=True):
            frames += [_frame(name, a, (plus + minus) / 2 - base, (plus - minus) / 2)]
    return pd.concat(frames, ignore_index=True)


def _curves(network: Network, start: Weights, schedule: Schedule) -> Sequence[Tensor]:
    """Validation curves at k, then at each fraction, of the starts and of their mirror images."""
    other = mirrored(start)
    begun = [(0.0, start), *((a, weights) for a in FRACTIONS for weights in (start, other))]
    together = {name: torch.cat([weights[name] for _, weights in begun]) for name in start}
    gamma = torch.tensor([network.width + a for a, _ in begun], dtype=torch.float64)
    curves = train(network, together, gamma.repeat_interleave(len(start["W"])), schedule)[0]
    return curves.chunk(len(begun), 1)


def _frame(geometry: str, a: float, even: Tensor, odd: Tensor) -> pd.DataFrame:
    at = horizons(len(even) - 1)
    starts = even.shape[1]
    return pd.DataFrame(
        {
            "geometry": geometry,
            "a": a,
            "horizon": np.repeat(at, starts),
            "start": np.tile(np.arange(starts), len(at)),
            "rise": even[at].flatten().numpy(),
            "odd": odd[at].flatten().numpy(),
            "rise_mean": running_mean(even)[at].flatten().numpy(),
        }
    )


def methods(
    rows: Mapping[str, Rows], width: int, start: Weights, wanted: Mapping[str, Any], schedule: Schedule
) -> pd.DataFrame:
    """What each method says at k from the right: a single start, and the mean with its mirror image."""
    frames = []
    for name in wanted["geometries"]:
        network = Network(rows, width, GEOMETRIES[name], wanted["decay"], wanted["activation"])
        said = [estimates(network, weights, schedule) for weights in (start, mirrored(start))]
        for method, first in said[0].items():
            second = said[1][method]
            values = {
                "single": first.total,
                "pair": (first.total + second.total) / 2,
                "direct_single": first.direct,
                "direct_pair": (first.direct + second.direct) / 2,
            }
            head = {"geometry": name, "method": method, "gradients": first.gradients}
            columns = {key: value.detach().numpy() for key, value in values.items()}
            frames += [pd.DataFrame(head | {"start": np.arange(len(first.total))} | columns)]
    return pd.concat(frames, ignore_index=True)


def starts(network: Network, start: Weights, schedule: Schedule) -> pd.DataFrame:
    """What the closed forms need, at the exact integer: one row a start."""
    gamma = torch.full(start["W"].shape[:1], float(network.width), dtype=torch.float64)
    whole = [train(network, weights, gamma + 1, schedule)[0][-1] for weights in (start, mirrored(start))]
    one = train(network, start, gamma, Schedule(schedule.lr, 1))[1]
    curve, end = train(network, start, gamma, schedule)
    first = -schedule.lr * (pull(network, one, "validation") * pull(network, start, "train")).sum(-1)
    fresh = start["W"][..., -1, :]
    slope = pull(network, end, "train")
    return pd.DataFrame(
        {
            "start": np.arange(len(first)),
            "gain": ((whole[0] + whole[1]) / 2 - curve[-1]).numpy(),
            "curvature": curvature(network, start, "validation").numpy(),
            "first_step": first.numpy(),
            "immediate": (fresh * slope).sum(-1).numpy(),
            "score": slope.square().sum(-1).numpy(),
        }
    )


def signal(rows: Mapping[str, Rows], wanted: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """All tables of a main cell."""
    width, schedule = int(wanted["width"]), Schedule(wanted["lr"], wanted["steps"])
    start = draw(wanted["seed"], wanted["starts"], width + 1, rows["train"])
    network = Network(rows, width, GEOMETRIES["linear"], wanted["decay"], wanted["activation"])
    return {
        "results": methods(rows, width, start, wanted, schedule),
        "rises": rises(rows, width, start, wanted, schedule),
        "starts": starts(network, start, schedule),
    }


VARIANTS: dict[str, dict[str, Any]] = {
    "relu": {"activation": "relu"},
    "adam": {"optimizer": "adam", "lr": 0.01},
    "minibatches": {"minibatches": True},
}
"""Assumptions dropped, one at a time."""


def variants(rows: Mapping[str, Rows], wanted: Mapping[str, Any], names: Sequence[str]) -> pd.DataFrame:
    """The same capacity losses without one assumption, under the linear and the root mask."""
    start = draw(wanted["seed"], wanted["starts"], wanted["width"] + 1, rows["train"])
    frames = []
    for name in names:
        changed = {**wanted, **VARIANTS[name], "geometries": ("linear", "root")}
        schedule = Schedule(
            changed["lr"], wanted["steps"], changed.get("optimizer", "descent"), changed.get("minibatches", False)
        )
        frames += [rises(rows, wanted["width"], start, changed, schedule).assign(variant=name)]
    return pd.concat(frames, ignore_index=True)
