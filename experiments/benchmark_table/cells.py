"""The cells of the table, and what one computes: a block of networks of a task and seed, epoch by epoch."""

from collections.abc import Mapping
from hashlib import sha256
from math import ceil
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from continuum.benchmark import Space, stream
from continuum.benchmark.curves import PARTS, Curves, blocks, train_points
from continuum.data import load, unchanged
from continuum.ensemble import Stream
from continuum.exp import Cell
from continuum.exp.experiment import Tables

from .config import Config


def cells(config: Config) -> list[Cell]:
    """One cell per task, seed, depth and weight decay, in the order of the table."""
    return [
        _cell(config, task, seed, depth, decay)
        for task in config.tasks
        for seed in range(config.seeds)
        for depth in config.space.depth
        for decay in config.space.weight_decay
    ]


def _cell(config: Config, task: str, seed: int, depth: int, decay: float) -> Cell:
    rows = stream(task, seed)
    settings = {
        "task": task,
        "data": {task: load(task).checksum},
        "rows": _checksum(rows),
        "seed": seed,
        "depth": depth,
        "weight_decay": decay,
        "widths": config.space.gamma,
        "lrs": config.space.lr,
        "epochs": config.epochs,
    }
    units = len(config.lrs) * sum(4 + ceil(gamma) for gamma in config.widths) * depth
    steps = ceil(len(rows.train.x) / 32) * config.epochs
    return Cell(f"{task} seed {seed} depth {depth} decay {decay:g}", settings, steps * units / 1e6)


def _checksum(stream: Stream) -> str:
    """Of all rows as they are split: another version of what drew them must not mix with old cells."""
    parts = (getattr(stream, part) for part in PARTS)
    return sha256(b"".join(array.tobytes() for part in parts for array in (part.x, part.y))).hexdigest()


def run(cell: Cell) -> Tables:
    """Train one block."""
    setting: Mapping[str, Any] = cell.settings
    task, seed = setting["task"], setting["seed"]
    unchanged(load(task), setting["data"])
    axes = (setting["weight_decay"],), (setting["depth"],)
    space = Space(tuple(setting["widths"]), tuple(setting["lrs"]), *axes, setting["epochs"])
    begun = process_time()
    curves = train_points(task, seed, *blocks(space), space.epochs)
    spent = (process_time() - begun) / len(curves.points)
    results = _results(stream(task, seed), curves)
    results.insert(0, "task", task)
    results.insert(1, "seed", seed)
    seconds = pd.DataFrame({"task": [task], "seed": seed, "seconds": spent})
    return {"results": results, "curves": _long(curves), "seconds": seconds}


def _results(rows: Stream, curves: Curves) -> pd.DataFrame:
    """One row per network: its point, steps, its best epoch, and the losses there and at last."""
    epochs = curves.loss["validation"].shape[1]
    best = np.argmin(np.where(np.isnan(curves.loss["validation"]), np.inf, curves.loss["validation"]), 1)
    frame = pd.DataFrame([vars(point) for point in curves.points])
    frame["steps"] = epochs * ceil(len(rows.train.x) / 32)
    frame["diverged"] = np.isnan(curves.loss["validation"][:, -1])
    frame["best_epoch"] = best + 1
    for part in PARTS:
        frame[f"{part}_loss_best"] = curves.loss[part][np.arange(len(best)), best]
        frame[f"{part}_loss"] = curves.loss[part][:, -1]
        frame[f"{part}_score_best"] = curves.score[part][np.arange(len(best)), best]
        frame[f"{part}_score"] = curves.score[part][:, -1]
    return frame


def _long(curves: Curves) -> pd.DataFrame:
    columns = {
        f"{part}_{name}": values[part].ravel().astype(np.float32)
        for name, values in (("loss", curves.loss), ("score", curves.score))
        for part in PARTS
    }
    return pd.DataFrame(columns)
