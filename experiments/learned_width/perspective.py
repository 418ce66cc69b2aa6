r"""The preset ``perspective``: does the decay of another :math:`L_q(E)` than :math:`L_2(E)` learn better widths?

With price and threshold held all powers cost the same, :math:`\mu|v|`, until a unit is whole; they differ in how long a
whole unit's weights are, and in how the longest ones shrink. So each power is run with the price held, at which that
length differs, and with the length held, at which the price of a whole unit differs.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from jaxtyping import Float64
from numpy.typing import ArrayLike
from torch import nn

from continuum.checks import positive
from continuum.data import unchanged
from continuum.errors import BadInput
from continuum.exp.experiment import Tables
from continuum.learn import LearnConfig, WidthResult, learn_width
from continuum.learn.settings import DEFAULT_PRICE

from .fits import Row, row_head
from .folds import Fold, folds_of
from .stages import COLUMNS
from .tasks import TUNED, task_of

Settings = Mapping[str, Any]
#: Held beside the threshold; and the base rate: power 2 with other random numbers.
ARMS = ("price", "length")
BASE = "seed"
#: Repetitions begin here: trials looked at the first one.
FIRST = 2
#: What is added to the seed of a fit for the base rate.
OTHER_SEED = 1000
#: Columns of the table "perspective", and their types.
TYPES = {
    **{name: COLUMNS[name] for name in "task kind tuned fold seed".split()},
    "arm": "string",
    **dict.fromkeys(
        "power width units graded_units whole score graded_score train_loss test_loss train_rows test_rows "
        "seconds".split(),
        "float64",
    ),
}


def check_powers(powers: Sequence[float]) -> None:
    """Raise ``BadInput`` for powers that cannot be compared with 2."""
    for power in powers:
        if positive("powers", power, remedy="give numbers above 1") <= 1 or power == 2:
            remedy = "2 is run in any case, and below 1 nothing is convex"
            raise BadInput("powers", expected="numbers above 1 other than 2", came=power, remedy=remedy)


def fits_of(powers: Sequence[float]) -> int:
    """Fits on each fold: the reference, its base rate, and every power with either held."""
    return 2 + len(ARMS) * len(powers)


def perspective(settings: Settings) -> Tables:
    """All powers on all folds of a repetition."""
    task = unchanged(task_of(settings["task"], settings["rows"]), settings["data"])
    arms = list(arms_of(settings["powers"]))
    folds = folds_of(task, settings["folds"], settings["seed"])
    rows = [_row(fold, settings, arm, power) for fold in folds for arm, power in arms]
    head = {"task": settings["task"], "kind": settings["kind"], "tuned": settings["task"] in TUNED}
    frame = pd.DataFrame([head | row for row in rows], columns=list(TYPES)).astype(TYPES)
    return {"results": pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS), "perspective": frame}


def arms_of(powers: Sequence[float]) -> Iterator[tuple[str, float]]:
    """What is held, and the power; first the reference, L2(E).

    >>> list(arms_of([3.0]))
    [('price', 2.0), ('seed', 2.0), ('price', 3.0), ('length', 3.0)]
    """
    yield from ((arm, 2.0) for arm in (ARMS[0], BASE))
    yield from ((arm, power) for power in powers for arm in ARMS)


def config_of(settings: Settings, arm: str, power: float, seed: int) -> LearnConfig:
    r"""Options of a fit; no price is calibrated, so that every arm has its own.

    The threshold :math:`\sqrt{2\lambda\rho}` is that of the defaults. A whole unit is :math:`q'\rho/\mu` long, so the
    price is divided, and :math:`\lambda` multiplied, by :math:`q'/2` where that length is held.
    """
    factor = power / (power - 1) / 2 if arm == "length" else 1.0
    return LearnConfig(
        price=DEFAULT_PRICE / factor,
        decay=LearnConfig.decay * factor,
        power=power,
        max_units=settings["max_units"],
        steps=settings["steps"],
        batch=settings["batch"],
        seed=seed + OTHER_SEED * (arm == BASE),
    )


def _row(fold: Fold, settings: Settings, arm: str, power: float) -> Row:
    x, y = fold.tensors()
    began = time.process_time()
    result = learn_width(x, y, fold.loss, config_of(settings, arm, power, fold.number))
    seconds = time.process_time() - began
    lengths = _lengths(result)
    width = sum(result.widths)
    measured = {"width": width, "units": sum(result.units), "graded_units": float(len(lengths)), "seconds": seconds}
    scores = fold.scores_of(result.network)
    more = {"whole": whole_units(lengths, width), "graded_score": fold.scores_of(result.graded)["score"]}
    return {**row_head(fold, "graded"), "arm": arm, "power": power, **measured, **scores, **more}


def _lengths(result: WidthResult) -> Float64[np.ndarray, " units"]:
    """Norms of the outgoing weights of the units that are on before rounding."""
    outgoing = cast(nn.Linear, result.graded[2]).weight.detach().double().numpy()
    return np.asarray(np.sqrt(np.square(outgoing).sum(0)))


def whole_units(lengths: ArrayLike, width: float) -> float:
    """How many gates min(1, length / v_0) are 1, where their sum is the width.

    >>> whole_units([4.0, 3.0, 1.0, 0.5], 2.75)
    2.0
    """
    long = np.sort(np.asarray(lengths, dtype=np.float64))[::-1]
    rest = np.append(long[::-1].cumsum()[::-1], 0.0)
    for whole in range(len(long)):
        # With so many whole ones the others share the rest of the width, each by its length over v_0.
        if width - whole > 0 and long[whole] <= rest[whole] / (width - whole) * (1 - 1e-5):
            return float(whole)
    return float(len(long))
