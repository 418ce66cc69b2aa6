"""From an estimator's parameters to the settings of a run: all checked, under the names that the user gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from operator import index
from typing import Any

import numpy as np
import torch

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.learning import LearnConfig


@dataclass(frozen=True)
class Parameters:
    """What an estimator was asked for.

    Args:
        learning: settings of the run.
        full_batch: whether every step takes all rows.
        early_stopping: whether held-out rows choose the number of steps.
        validation_fraction: share of the rows to hold out.
        verbose: whether a bar is shown.
    """

    learning: LearnConfig
    full_batch: bool
    early_stopping: bool
    validation_fraction: float
    verbose: bool


def checked(given: Mapping[str, Any], seed: int) -> Parameters:
    """Check what an estimator's ``get_params`` gave; raises ``BadInput``."""
    batch, steps, most = given["batch_size"], given["max_iter"], _whole("max_units", given["max_units"])
    learning = LearnConfig(
        method=given["method"],
        price=None if given["price"] is None else _price(given["price"]),
        activation=given["activation"],
        hidden_layers=_whole("hidden_layers", given["hidden_layers"]),
        max_units=most,
        start=min(LearnConfig.start, most),
        steps=None if steps is None else _whole("max_iter", steps),
        batch=LearnConfig.batch if batch is None else _whole("batch_size", batch),
        seed=seed,
    )
    device_of(given["device"])
    return Parameters(
        learning,
        full_batch=batch is None,
        early_stopping=_switch("early_stopping", given["early_stopping"]),
        validation_fraction=_fraction(given["validation_fraction"]),
        verbose=_switch("verbose", given["verbose"]),
    )


def _whole(what: str, value: object) -> int:
    """An int >= 1; integers of NumPy, which grids of parameters bring, are taken, too."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        value = index(value)
    return checks.whole(what, value, at_least=1)


def _price(value: object) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise BadInput("price", expected="a number > 0", came=repr(value), remedy="None calibrates it")
    return float(value)  # whose sign the settings check


def _switch(what: str, value: object) -> bool:
    if not isinstance(value, bool | np.bool_ | Integral):
        raise BadInput(what, expected="True or False", came=repr(value), remedy="give one of them")
    return bool(value)


def _fraction(value: object) -> float:
    if not isinstance(value, Real) or not 0 < float(value) < 1:
        remedy = "hold out a share of the rows, 0.1 say"
        raise BadInput("validation_fraction", expected="a number in (0, 1)", came=repr(value), remedy=remedy)
    return float(value)


def device_of(name: object) -> torch.device:
    """A device that computes in float64, here and now; raises ``BadInput``."""
    try:
        found = torch.device(name)  # type: ignore[call-overload]
        torch.zeros(1, dtype=torch.float64, device=found).item()
    except (RuntimeError, TypeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        expected = "a device that computes in float64 on this machine"
        raise BadInput("device", expected=expected, came=f"{name!r} ({reason})", remedy='give "cpu"') from error
    return torch.device(found)
