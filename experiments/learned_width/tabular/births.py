"""Does the width depend on the start, or on what a layer is born with?"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from continuum.learn import LearnConfig, learn_width

from .fits import Row
from .parts import TableFold


def birth_rows(part: TableFold, settings: Mapping[str, Any]) -> list[Row]:
    """One row per start, pool and seed of the directions; one that fails says why."""
    factors = [
        {"start": float(start), "pool": pool, "directions": seed}
        for pool in settings["pools"]
        for start in settings["starts"]
        for seed in settings["directions"]
    ]
    return [_row(part, settings, each) for each in factors]


def _row(part: TableFold, settings: Mapping[str, Any], factors: dict[str, Any]) -> Row:
    head = {"fold": part.fold.fold, "seed": part.fold.seed, **factors}
    shared = {name: settings[name] for name in ("max_units", "steps", "batch")}
    x, y = part.fold.tensors()
    began = time.process_time()
    try:
        result = learn_width(x, y, part.fold.loss, LearnConfig(seed=part.fold.number, **shared, **factors))
    except Exception as error:  # one that fails must not cost the others
        return {**head, "outcome": f"{type(error).__name__}: {error}"[:400], "seconds": np.nan}
    seconds = time.process_time() - began
    size = {"width": float(sum(result.widths)), "units": float(sum(result.units)), "seconds": seconds}
    return {**head, **size, "score": part.fold.scores_of(result.network)["score"], "outcome": "ok"}
