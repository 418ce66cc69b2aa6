"""Does the width depend on the start, or on what a layer is born with?"""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from continuum.learn import LearnConfig
from continuum.learn.descent import DescentConfig, learn_table
from continuum.learn.descent.settings import batch_for
from continuum.sklearn.parameters import RESOLUTION, SKIP

from .encodings import pieces
from .fits import Row
from .parts import TableFold

#: Steps in which a width settles at the price that all tables share.
SETTLING = 800


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
    x, y = part.fold.tensors()
    train = part.standardised()
    inputs = {"raw": x, "piecewise": torch.tensor(pieces(train, train)[0], dtype=x.dtype)}
    shared = {"max_units": settings["max_units"], "skip": SKIP, "resolution": RESOLUTION, "batch": batch_for(len(x))}
    shared["largest_gate"] = math.inf
    config = LearnConfig(seed=part.fold.number, **shared, **factors)
    began = time.process_time()
    try:
        descent = DescentConfig(steps=settings["steps"], settling=SETTLING)
        result = learn_table(inputs, y, part.fold.loss, config, descent)
    except Exception as error:  # one that fails must not cost the others
        return {**head, "outcome": f"{type(error).__name__}: {error}"[:400], "seconds": np.nan}
    seconds = time.process_time() - began
    size = {"width": float(sum(result.widths)), "units": float(sum(result.units)), "seconds": seconds}
    size["settled"] = float(sum(result.settled_widths))
    return {**head, **size, "encoding": result.candidate, "price": result.price, "outcome": "ok"}
