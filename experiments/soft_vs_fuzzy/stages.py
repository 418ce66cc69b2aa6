"""The three stages of soft_vs_fuzzy: settings of a cell in, one row per member out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from continuum.data import load, unchanged

from .fresh_unit import immediate_gradients
from .measurements import frame_of, measurements
from .methods import Method, build, method_of
from .problems import Networks, Readout, readout_moments
from .tasks import stream, teacher_width
from .theory import LEVELS, predicted_ends
from .training import Recipe

Settings = Mapping[str, Any]
#: Training rows of every problem.
TRAIN_ROWS = 1024
#: Targets and features at which a fresh unit is drawn.
FRESH_PROBLEMS = 10
#: Widths of the networks whose width is fixed.
FIXED = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)


def starts(units: int) -> tuple[float, float]:
    """From below, and from above.

    >>> starts(32)
    (1.5, 24.5)
    """
    return 1.5, units * 3 // 4 + 0.5


def fresh(settings: Settings) -> pd.DataFrame:
    """The immediate gradient at a fresh unit, for several targets and features."""
    seeds = range(settings["seed"], settings["seed"] + FRESH_PROBLEMS)
    drawn = [immediate_gradients(needed=4, units=8, draws=20000, seed=seed).assign(seed=seed) for seed in seeds]
    return pd.concat(drawn).assign(stage="fresh")


def on_readouts(settings: Settings) -> pd.DataFrame:
    """A method on readouts of fixed features, with its predictions where the optimizer is plain descent."""
    method, units = method_of(settings["law"]), settings["units"]
    price, start = _members(settings["prices"], units)
    repetitions = settings["seeds" if settings["optimizer"] == "gd" else "adam_seeds"]
    orders, seeds = ("first", "shuffled"), range(settings["seed"], settings["seed"] + repetitions)
    keys = [(needed, seed, order) for order in orders for needed in settings["needed"] for seed in seeds]
    problem = _readouts(keys, units, len(price))
    law = build(method, units, start.expand(len(keys), -1).clone(), **_law_options(settings))
    recipe = _readout_recipe(settings)
    columns = measurements(problem, law, method, price, recipe)
    columns["predicted"] = torch.full_like(columns["width"], torch.nan)
    if recipe.optimizer == "gd":
        columns["predicted"] = predicted_ends(method, problem, recipe.decay, price, start, _levels(method, settings))
    frame = frame_of(columns, price, start)
    named = pd.DataFrame(keys, columns=["needed", "seed", "order"]).loc[frame.pop("problem")].reset_index(drop=True)
    frame = pd.concat([named, frame], axis=1)
    return frame.assign(stage="readout", task="readout", law=method.name, optimizer=settings["optimizer"])


def _readout_recipe(settings: Settings) -> Recipe:
    plain = settings["optimizer"] == "gd"
    return Recipe(
        steps=settings["steps"] if plain else max(settings["steps"] // 2, 1),
        warmup=max(settings["steps"] // 100, 1),
        optimizer=settings["optimizer"],
        lr=0.5 if plain else 0.01,
        law_lr=0.2 if plain else 0.01,
        decay=settings["decay"],
        sharpness=tuple(settings["sharpness"]),
    )


def _readouts(keys: list[tuple[int, int, str]], units: int, members: int) -> Readout:
    drawn = [
        readout_moments(needed, units, TRAIN_ROWS, seed, shuffled=order == "shuffled", dtype=torch.float64)
        for needed, seed, order in keys
    ]
    moments, cross_moments, constant = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    weights = torch.zeros(len(keys), members, units, 1, dtype=torch.float64, requires_grad=True)
    return Readout(moments, cross_moments, constant, weights, [])


def _levels(method: Method, settings: Settings) -> tuple[float, ...]:
    if method.kind != "annealed":
        return (settings["kappa"],)
    first, last = settings["sharpness"]
    return tuple(np.geomspace(first, last, LEVELS).tolist())


def on_networks(settings: Settings) -> pd.DataFrame:
    """A method, or fixed widths, on networks of which all weights are trained."""
    method, units, task = method_of(settings["law"]), settings["units"], settings["task"]
    if "data" in settings:
        unchanged(load(task), settings["data"])
    price, start = _members(settings["network_prices"], units)
    if method.kind == "fixed":
        start = torch.tensor([float(k) for k in FIXED if k <= units])
        price = torch.zeros_like(start)
    price, start = price.float(), start.float()
    first = settings["seed"]
    streams = [stream(task, seed, TRAIN_ROWS) for seed in range(first, first + settings["network_seeds"])]
    problem = Networks(streams, len(price), units, batch=128, seed=len(task))
    law = build(method, units, start.expand(len(streams), -1).clone(), **_law_options(settings))
    frame = frame_of(measurements(problem, law, method, price, _network_recipe(settings)), price, start)
    frame = frame.rename(columns={"problem": "seed"})
    frame = frame.assign(seed=frame["seed"] + first, needed=float(teacher_width(task) or np.nan))
    return frame.assign(stage="network", task=task, law=method.name, optimizer="adam", order="none", predicted=np.nan)


def _network_recipe(settings: Settings) -> Recipe:
    return Recipe(
        steps=settings["network_steps"],
        warmup=max(settings["network_steps"] // 20, 1),
        optimizer="adam",
        lr=0.01,
        law_lr=0.03,
        decay=settings["network_decay"],
        sharpness=tuple(settings["sharpness"]),
    )


def _members(prices: list[float], units: int) -> tuple[Tensor, Tensor]:
    """Price and start of the members of a problem: all pairs."""
    axes = (torch.tensor(values, dtype=torch.float64) for values in (prices, starts(units)))
    pairs = torch.cartesian_prod(*axes)
    return pairs[:, 0], pairs[:, 1]


def _law_options(settings: Settings) -> dict[str, float]:
    kappa = settings["sharpness"][0] if settings["law"].startswith("annealed") else settings["kappa"]
    return {"kappa": kappa, "temperature": settings["temperature"]}


#: The stages by the name that a cell has in its settings.
STAGES: dict[str, Callable[[Settings], pd.DataFrame]] = {
    "fresh": fresh,
    "readout": on_readouts,
    "network": on_networks,
}
