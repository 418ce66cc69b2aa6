"""The three kinds of cells of soft_vs_fuzzy: settings in, one row a member out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from continuum.data import load, unchanged

from .arms import Arm, build, by_name
from .fresh import immediate
from .learning import Recipe
from .measures import frame_of, measured
from .problems import Networks, Readout, readout
from .tasks import stream, teacher_width
from .theory import LEVELS, flows_to

Settings = Mapping[str, Any]
TRAIN_ROWS = 1024
#: Widths of the networks whose width is fixed.
FIXED = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)


def starts(units: int) -> tuple[float, float]:
    """From below, and from above.

    >>> starts(32)
    (1.5, 24.5)
    """
    return 1.5, units * 3 // 4 + 0.5


def fresh(settings: Settings) -> pd.DataFrame:
    """The immediate gradient at a fresh unit."""
    return immediate(needed=4, units=8, draws=20000, seed=0).assign(stage="fresh")


def on_readouts(settings: Settings) -> pd.DataFrame:
    """A law on readouts of fixed features, with its predictions where the optimiser is plain descent."""
    arm, gd = by_name(settings["law"]), settings["optimizer"] == "gd"
    price, start = _members(settings["prices"], settings["units"])
    keys = [(k, s, o) for o in ("first", "shuffled") for k in settings["needed"] for s in range(settings["seeds"])]
    problem = _readouts(keys, settings["units"], len(price))
    law = build(arm, settings["units"], start.expand(len(keys), -1).clone(), **_law_options(settings))
    recipe = Recipe(
        steps=settings["steps"] if gd else max(settings["steps"] // 2, 1),
        warmup=max(settings["steps"] // 100, 1),
        optimizer=settings["optimizer"],
        rate=0.5 if gd else 0.01,
        law_rate=0.2 if gd else 0.01,
        decay=settings["decay"],
        sharpness=tuple(settings["sharpness"]),
    )
    rows = measured(problem, law, arm, price, recipe)
    levels = _levels(arm, settings)
    predicted = (
        flows_to(arm, problem, recipe.decay, price, start, levels) if gd else np.full(rows["width"].shape, np.nan)
    )
    frame = frame_of(rows | {"predicted": np.asarray(predicted)}, price, start)
    named = pd.DataFrame(keys, columns=["needed", "seed", "order"]).loc[frame.pop("problem")].reset_index(drop=True)
    frame = pd.concat([named, frame], axis=1)
    return frame.assign(stage="readout", task="readout", law=arm.name, optimizer=settings["optimizer"])


def _readouts(keys: list[tuple[int, int, str]], units: int, members: int) -> Readout:
    drawn = [readout(k, units, TRAIN_ROWS, s, shuffled=o == "shuffled", dtype=torch.float64) for k, s, o in keys]
    moments, pulls, rest = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    weights = torch.zeros(len(keys), members, units, 1, dtype=torch.float64, requires_grad=True)
    return Readout(moments, pulls, rest, weights, [])


def _levels(arm: Arm, settings: Settings) -> tuple[float, ...]:
    if arm.rule != "annealed":
        return (settings["kappa"],)
    first, last = settings["sharpness"]
    return tuple(np.geomspace(first, last, LEVELS).tolist())


def on_networks(settings: Settings) -> pd.DataFrame:
    """A law, or fixed widths, on networks of which all weights are trained."""
    arm, units, task = by_name(settings["law"]), settings["units"], settings["task"]
    if "data" in settings:
        unchanged(load(task), settings["data"])
    price, start = _members(settings["network_prices"], units)
    if arm.rule == "fixed":
        start = torch.tensor([float(k) for k in FIXED if k <= units])
        price = torch.zeros_like(start)
    price, start = price.float(), start.float()
    streams = [stream(task, seed, TRAIN_ROWS) for seed in range(settings["network_seeds"])]
    problem = Networks(streams, len(price), units, batch=128, seed=len(task))
    law = build(arm, units, start.expand(len(streams), -1).clone(), **_law_options(settings))
    recipe = Recipe(
        steps=settings["network_steps"],
        warmup=max(settings["network_steps"] // 20, 1),
        optimizer="adam",
        rate=0.01,
        law_rate=0.03,
        decay=settings["network_decay"],
        sharpness=tuple(settings["sharpness"]),
    )
    frame = frame_of(measured(problem, law, arm, price, recipe), price, start)
    frame = frame.rename(columns={"problem": "seed"}).assign(needed=float(teacher_width(task) or np.nan))
    return frame.assign(stage="network", task=task, law=arm.name, optimizer="adam", order="none", predicted=np.nan)


def _members(prices: list[float], units: int) -> tuple[Tensor, Tensor]:
    """Price and start of the members of a problem: all pairs."""
    pairs = torch.cartesian_prod(
        torch.tensor(prices, dtype=torch.float64), torch.tensor(starts(units), dtype=torch.float64)
    )
    return pairs[:, 0], pairs[:, 1]


def _law_options(settings: Settings) -> dict[str, float]:
    kappa = settings["sharpness"][0] if settings["law"].startswith("annealed") else settings["kappa"]
    return {"kappa": kappa, "temperature": settings["temperature"]}


COMPUTE: dict[str, Callable[[Settings], pd.DataFrame]] = {
    "fresh": fresh,
    "readout": on_readouts,
    "network": on_networks,
}
