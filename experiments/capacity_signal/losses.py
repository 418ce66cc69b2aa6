"""Capacity losses beside one integer of one task and split: all parametrisations, horizons and methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .initial import MemberWeights, initial_weights, mirrored, start_seed
from .methods import Estimate, estimates
from .network import Network
from .parametrisations import PARAMETRISATIONS
from .rows import TaskRows
from .training import Schedule, running_mean, train

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


def estimate_tables(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    """What each method answers."""
    networks = _networks(rows, {**settings, "geometries": settings["seen_parametrisations"]})
    return {"results": estimate_table(networks, _start(rows, settings), _schedule(settings))}


def rise_tables(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    """The capacity loss beside the integer."""
    return {"rises": rise_table(_networks(rows, settings), _start(rows, settings), _schedule(settings))}


def variant_table(rows: Mapping[str, TaskRows], settings: Settings, names: Sequence[str]) -> pd.DataFrame:
    """The same capacity losses without one assumption, under the linear and the square-root gate."""
    frames = []
    for name in names:
        changed = {**settings, **VARIANTS[name], "geometries": ("linear", "root")}
        optimizer, minibatches = changed.get("optimizer", "descent"), changed.get("minibatches", False)
        schedule = Schedule(changed["lr"], settings["steps"], optimizer, minibatches)
        frames += [rise_table(_networks(rows, changed), _start(rows, settings), schedule).assign(variant=name)]
    return pd.concat(frames, ignore_index=True)


def _start(rows: Mapping[str, TaskRows], settings: Settings) -> MemberWeights:
    seed = start_seed(settings["name"], settings["seed"], "methods")
    return initial_weights(seed, settings["starts"], settings["width"] + 1, rows["train"])


def _schedule(settings: Settings) -> Schedule:
    return Schedule(settings["lr"], settings["steps"])


def _networks(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, Network]:
    """One network per parametrisation."""
    width, decay, activation = (settings[name] for name in ("width", "decay", "activation"))
    names = settings["geometries"]
    return {name: Network(rows, width, PARAMETRISATIONS[name], decay, activation) for name in names}


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
    mirror = mirrored(start)
    both = {name: torch.cat([weights, mirror[name]]) for name, weights in start.items()}
    frames = []
    for name, network in networks.items():
        for method, answer in estimates(network, both, schedule).items():
            head: dict[str, Any] = {"geometry": name, "method": method, "gradients": answer.gradients}
            frames += [_estimates(answer).assign(**head)[[*head, *ESTIMATES]]]
    return pd.concat(frames, ignore_index=True)


def _estimates(answer: Estimate) -> pd.DataFrame:
    """One row per start; the second half of the members are the mirror images of the first."""
    total, direct = (value.detach().reshape(2, -1).numpy() for value in (answer.total, answer.direct))
    values = {"single": total[0], "pair": total.mean(0), "direct_single": direct[0], "direct_pair": direct.mean(0)}
    return pd.DataFrame({"start": np.arange(total.shape[1]), **values})
