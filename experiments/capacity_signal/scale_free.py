"""Capacity losses under Adam and signSGD: the slope at an integer by theorem, by differences, and what a unit saves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .density import ScaleFree, losses, shadow, slopes, trained
from .initial import MemberWeights, initial_weights, mirrored
from .rows import TaskRows

Settings = Mapping[str, Any]

#: Adam, and signSGD; both with the rate of Adam among the dropped assumptions of the other parts.
OPTIMIZERS = {"adam": ScaleFree(0.01, (0.9, 0.999)), "sign": ScaleFree(0.01, (0.0, 0.0))}
#: Gate of the one-sided difference: a of the linear gate, the root of a under the square-root gate.
GATE = 2.0**-24
#: Gates and epsilons of Adam at which the kink is looked for again, beside GATE with epsilon 0.
CROSSOVER = ((2.0**-24, 1e-8), (2.0**-16, 1e-8), (2.0**-16, 1e-6), (2.0**-16, 1e-4))


def horizons(steps: int) -> list[int]:
    """T = 1, 5, 20 and the last.

    >>> horizons(128), horizons(4)
    ([1, 5, 20, 128], [1, 4])
    """
    return [*(t for t in (1, 5, 20) if t < steps), steps]


def scale_free_tables(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    """``slopes``: of each start with its mirror image; ``saved``: what a unit saves starts of its own, alike trained.

    Settings: task, seed, widths, starts, steps and activation. Other epsilons are tried at the middle width.
    """
    widths, tables = settings["widths"], []
    for width in widths:
        made = _at_integer(rows, {**settings, "width": width, "crossover": width == widths[len(widths) // 2]})
        tables.append({name: table.assign(width=width) for name, table in made.items()})
    return {name: pd.concat([table[name] for table in tables], ignore_index=True) for name in tables[0]}


def _at_integer(rows: Mapping[str, TaskRows], settings: Settings) -> dict[str, pd.DataFrame]:
    known, own = (_starts(rows, settings, use) for use in ("known", "own"))
    times, act = horizons(settings["steps"]), settings["activation"]
    frames, saved = [], []
    for name, optimizer in OPTIMIZERS.items():
        frames += [_slopes(rows, known, optimizer, GATE, times, act).assign(optimizer=name)]
        saved += [_saved(rows, own, optimizer, times, act).assign(optimizer=name)]
    for gate, eps in CROSSOVER if settings["crossover"] else ():
        adam = replace(OPTIMIZERS["adam"], eps=eps)
        frames += [_slopes(rows, known, adam, gate, times, act).assign(optimizer="adam")]
    return {"slopes": pd.concat(frames, ignore_index=True), "saved": pd.concat(saved, ignore_index=True)}


def _starts(rows: Mapping[str, TaskRows], settings: Settings, use: str) -> MemberWeights:
    """Starts of that use: what is said of an integer and what is true of it share no draw."""
    seed = crc32(f"{settings['task']} {settings['seed']} scale-free {use}".encode())
    return initial_weights(seed, settings["starts"], settings["width"] + 1, rows["train"])


def _slopes(
    rows: Mapping[str, TaskRows],
    start: MemberWeights,
    optimizer: ScaleFree,
    gate: float,
    times: list[int],
    act: str,
) -> pd.DataFrame:
    """One row per horizon and start: of one start, and the mean with its mirror image."""
    both, count = _joined(start, mirrored(start)), len(start["W"])
    paths = shadow(rows, both, optimizer, times, act, optimizer.eps / gate)
    gates = torch.tensor([gate] * 2 * count + [0.0] * count, dtype=torch.float64)
    ends = trained(rows, _joined(both, start), gates, optimizer, times, act)
    frames = []
    for time in times:
        direct, response = slopes(paths[time], rows["validation"], act)
        plus, minus, closed = losses(ends[time], gates, rows["validation"], act).chunk(3)
        columns = {
            "slope": _paired(direct + response),
            "direct": _paired(direct),
            "difference": ((plus + minus) / 2 - closed) / gate,
            "single": (direct + response)[:count],
            "training": losses(ends[time], gates, rows["train"], act).chunk(3)[2],
            "validation": closed,
        }
        frames.append(_frame(time, columns))
    return pd.concat(frames, ignore_index=True).assign(gate=gate, eps=optimizer.eps)


def _saved(
    rows: Mapping[str, TaskRows], start: MemberWeights, optimizer: ScaleFree, times: list[int], act: str
) -> pd.DataFrame:
    """C_T(k + 1) - C_T(k) of each start, mean over it and its mirror image."""
    together = _joined(_joined(start, mirrored(start)), start)
    count = len(start["W"])
    gates = torch.tensor([1.0] * 2 * count + [0.0] * count, dtype=torch.float64)
    ends = trained(rows, together, gates, optimizer, times, act)
    parts = {time: losses(ends[time], gates, rows["validation"], act).chunk(3) for time in times}
    return pd.concat(
        [_frame(time, {"gain": (plus + minus) / 2 - base}) for time, (plus, minus, base) in parts.items()],
        ignore_index=True,
    )


def _joined(first: MemberWeights, second: MemberWeights) -> MemberWeights:
    return {name: torch.cat([first[name], second[name]]) for name in first}


def _paired(values: Tensor) -> Tensor:
    plus, minus = values.chunk(2)
    return (plus + minus) / 2


def _frame(horizon: int, columns: Mapping[str, Tensor]) -> pd.DataFrame:
    """One row per start."""
    values = {name: column.numpy() for name, column in columns.items()}
    return pd.DataFrame({"horizon": horizon, "start": np.arange(len(next(iter(values.values())))), **values})
