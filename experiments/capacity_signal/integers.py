"""What is known at an integer width, and what one more unit would save: one row per start."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .initial import MemberWeights, initial_weights, mirrored, start_seed
from .network import Network
from .parametrisations import PARAMETRISATIONS
from .rows import TaskRows
from .training import Schedule, curvature, fresh_gradient, train

Settings = Mapping[str, Any]


def integer_tables(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    """``starts``: what the starts of the methods know at k; ``gains``: what unit k saves other starts.

    The gain is measured on starts of its own: what is said of it at k and what it is share no draw.
    """
    width, schedule = int(settings["width"]), Schedule(settings["lr"], settings["steps"])
    network = Network(rows, width, PARAMETRISATIONS["linear"], settings["decay"], settings["activation"])
    known, own = (start_seed(settings["name"], settings["seed"], use) for use in ("methods", "gain"))
    return {
        "starts": start_table(network, initial_weights(known, settings["starts"], width + 1, rows["train"]), schedule),
        "gains": gain_table(network, initial_weights(own, settings["gain_starts"], width + 1, rows["train"]), schedule),
    }


def gain_table(network: Network, start: MemberWeights, schedule: Schedule) -> pd.DataFrame:
    """C_T(k + 1) - C_T(k) of each start, mean over it and its mirror image; no gate or metric enters it."""
    below, above, mirror = _validation(network, start, schedule)
    return pd.DataFrame({"start": np.arange(len(below)), "gain": ((above + mirror) / 2 - below).numpy()})


def _validation(network: Network, start: MemberWeights, schedule: Schedule) -> tuple[Tensor, ...]:
    """Final validation losses of width k, of width k + 1, and of width k + 1 from the mirror image."""
    runs = [(0, start), (1, start), (1, mirrored(start))]
    together = {name: torch.cat([weights[name] for _, weights in runs]) for name in start}
    gamma = torch.tensor([network.width + a for a, _ in runs], dtype=torch.float64)
    return train(network, together, gamma.repeat_interleave(len(start["W"])), schedule, watched=False)[0][-1].chunk(3)


def start_table(network: Network, start: MemberWeights, schedule: Schedule) -> pd.DataFrame:
    """What is known at the exact integer, before and after training at k, and what the closed forms need."""
    gamma = torch.full(start["W"].shape[:1], float(network.width), dtype=torch.float64)
    one = train(network, start, gamma, Schedule(schedule.lr, 1), watched=False)[1]
    curve, end = train(network, start, gamma, schedule, watched=False)
    after, before = fresh_gradient(network, one, "validation"), fresh_gradient(network, start, "train")
    fresh = start["W"][..., -1, :]
    gradient = fresh_gradient(network, end, "train")
    with torch.no_grad():
        fitted = network.loss(end, gamma, "train")
    return pd.DataFrame(
        {
            "start": np.arange(len(gamma)),
            "curvature": curvature(network, start, "validation").numpy(),
            "first_step": (-schedule.lr * (after * before).sum(-1)).numpy(),
            "immediate": (fresh * gradient).sum(-1).numpy(),
            "score": gradient.square().sum(-1).numpy(),
            "training": fitted.numpy(),
            "validation": curve[-1].numpy(),
        }
    )
