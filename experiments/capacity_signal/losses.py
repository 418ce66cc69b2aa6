"""Capacity losses at one integer of one task and split: all parametrisations, horizons and methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .initial import MemberWeights, initial_weights, mirrored
from .methods import Estimate, estimates
from .network import Network
from .parametrisations import PARAMETRISATIONS
from .rows import TaskRows
from .training import Schedule, curvature, fresh_gradient, running_mean, train

Settings = Mapping[str, Any]

#: a, where the capacity loss is measured beside k: small for the terms of higher order, large for rounding.
FRACTIONS = (2.0**-16, 2.0**-14, 2.0**-12)
#: Assumptions dropped, one at a time.
VARIANTS: dict[str, dict[str, Any]] = {
    "relu": {"activation": "relu"},
    "adam": {"optimizer": "adam", "lr": 0.01},
    "minibatches": {"minibatches": True},
}
#: Columns of the estimates: totals and direct parts, of single starts and of pairs.
ESTIMATES = ("start", "single", "pair", "direct_single", "direct_pair")


def signal_tables(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    """All tables of the main part."""
    width, schedule = int(settings["width"]), Schedule(settings["lr"], settings["steps"])
    start = initial_weights(settings["seed"], settings["starts"], width + 1, rows["train"])
    networks = _networks(rows, width, settings)
    return {
        "results": estimate_table(networks, start, schedule),
        "rises": rise_table(networks, start, schedule),
        "starts": start_table(_network(rows, width, "linear", settings), start, schedule),
    }


def variant_table(rows: Mapping[str, TaskRows], settings: Settings, names: Sequence[str]) -> pd.DataFrame:
    """The same capacity losses without one assumption, under the linear and the square-root gate."""
    width = settings["width"]
    start = initial_weights(settings["seed"], settings["starts"], width + 1, rows["train"])
    frames = []
    for name in names:
        changed = {**settings, **VARIANTS[name], "geometries": ("linear", "root")}
        optimizer, minibatches = changed.get("optimizer", "descent"), changed.get("minibatches", False)
        schedule = Schedule(changed["lr"], settings["steps"], optimizer, minibatches)
        frames += [rise_table(_networks(rows, width, changed), start, schedule).assign(variant=name)]
    return pd.concat(frames, ignore_index=True)


def _networks(rows: Mapping[str, TaskRows], width: int, settings: Settings) -> dict[str, Network]:
    """One network per parametrisation."""
    return {name: _network(rows, width, name, settings) for name in settings["geometries"]}


def _network(rows: Mapping[str, TaskRows], width: int, name: str, settings: Settings) -> Network:
    return Network(rows, width, PARAMETRISATIONS[name], settings["decay"], settings["activation"])


# ---- the loss beside the integer -------------------------------------------------------------------------------


def horizons(steps: int) -> list[int]:
    """0, the powers of 2 below ``steps``, and ``steps``.

    >>> horizons(8)
    [0, 1, 2, 4, 8]
    """
    return [0, *(2**n for n in range(steps.bit_length()) if 2**n < steps), steps]


def rise_table(networks: Mapping[str, Network], start: MemberWeights, schedule: Schedule) -> pd.DataFrame:
    """C_T(k + a) - C_T(k) of each start and its mirror image, final and averaged over time.

    ``rise`` is the mean over W_k and -W_k, which removes every odd power of the gate; ``odd`` is half the difference,
    the noise that it removes. The mean over starts of ``rise`` and of either single run estimate the same number.
    """
    frames = []
    for name, network in networks.items():
        base, *sides = _curves(network, start, schedule)
        for a, plus, minus in zip(FRACTIONS, sides[::2], sides[1::2], strict=True):
            frames += [_rises(name, a, (plus + minus) / 2 - base, (plus - minus) / 2)]
    return pd.concat(frames, ignore_index=True)


def _curves(network: Network, start: MemberWeights, schedule: Schedule) -> Sequence[Tensor]:
    """Validation curves at k, then at each fraction, of the starts and of their mirror images."""
    runs = [(0.0, start), *((a, weights) for a in FRACTIONS for weights in (start, mirrored(start)))]
    together = {name: torch.cat([weights[name] for _, weights in runs]) for name in start}
    gamma = torch.tensor([network.width + a for a, _ in runs], dtype=torch.float64)
    curves = train(network, together, gamma.repeat_interleave(len(start["W"])), schedule)[0]
    return curves.chunk(len(runs), 1)


def _rises(name: str, a: float, even: Tensor, odd: Tensor) -> pd.DataFrame:
    """One row per horizon and start."""
    times = horizons(len(even) - 1)
    starts = even.shape[1]
    return pd.DataFrame(
        {
            "geometry": name,
            "a": a,
            "horizon": np.repeat(times, starts),
            "start": np.tile(np.arange(starts), len(times)),
            "rise": even[times].flatten().numpy(),
            "odd": odd[times].flatten().numpy(),
            "rise_mean": running_mean(even)[times].flatten().numpy(),
        }
    )


# ---- at the integer --------------------------------------------------------------------------------------------


def estimate_table(networks: Mapping[str, Network], start: MemberWeights, schedule: Schedule) -> pd.DataFrame:
    """What each method answers at k from the right: of a single start, and the mean with its mirror image."""
    frames = []
    for name, network in networks.items():
        answers, mirrors = (estimates(network, weights, schedule) for weights in (start, mirrored(start)))
        for method, answer in answers.items():
            head: dict[str, Any] = {"geometry": name, "method": method, "gradients": answer.gradients}
            frames += [_estimates(answer, mirrors[method]).assign(**head)[[*head, *ESTIMATES]]]
    return pd.concat(frames, ignore_index=True)


def _estimates(answer: Estimate, mirror: Estimate) -> pd.DataFrame:
    """One row per start."""
    values = {
        "single": answer.total,
        "pair": (answer.total + mirror.total) / 2,
        "direct_single": answer.direct,
        "direct_pair": (answer.direct + mirror.direct) / 2,
    }
    columns = {name: value.detach().numpy() for name, value in values.items()}
    return pd.DataFrame({"start": np.arange(len(answer.total)), **columns})


def start_table(network: Network, start: MemberWeights, schedule: Schedule) -> pd.DataFrame:
    """What the closed forms need, at the exact integer: one row per start."""
    gamma = torch.full(start["W"].shape[:1], float(network.width), dtype=torch.float64)
    whole = [train(network, weights, gamma + 1, schedule)[0][-1] for weights in (start, mirrored(start))]
    one = train(network, start, gamma, Schedule(schedule.lr, 1))[1]
    curve, end = train(network, start, gamma, schedule)
    after, before = fresh_gradient(network, one, "validation"), fresh_gradient(network, start, "train")
    fresh = start["W"][..., -1, :]
    gradient = fresh_gradient(network, end, "train")
    return pd.DataFrame(
        {
            "start": np.arange(len(curve[-1])),
            "gain": ((whole[0] + whole[1]) / 2 - curve[-1]).numpy(),
            "curvature": curvature(network, start, "validation").numpy(),
            "first_step": (-schedule.lr * (after * before).sum(-1)).numpy(),
            "immediate": (fresh * gradient).sum(-1).numpy(),
            "score": gradient.square().sum(-1).numpy(),
        }
    )
