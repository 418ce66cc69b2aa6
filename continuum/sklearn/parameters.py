"""From an estimator's parameters to the options of a fit: all checked, under the names that users give."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from operator import index
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from continuum import checks
from continuum.errors import BadInput
from continuum.learn import LearnConfig
from continuum.learn.descent import DescentConfig
from continuum.sklearn.callbacks import Callback, checked_callbacks

#: Names of what numeric columns become: as they are, piecewise linear, or what held-out rows choose.
ENCODINGS = ("auto", "raw", "piecewise")
#: Price of a column of the skip as a share of that of a unit, and the error of a standardised target that is no error.
SKIP, RESOLUTION = 0.25, 0.01


@dataclass(frozen=True)
class EstimatorOptions:
    """How an estimator fits.

    Args:
        config: how the width is learned.
        descent: how the price falls, of the method "graded".
        encoding: one of ``ENCODINGS``, of the method "graded".
        batch: rows of a step; None: by the number of rows.
        full_batch: whether every step takes all rows.
        early_stopping: whether held-out rows choose the number of steps.
        validation_fraction: share of the rows to hold out.
        verbose: whether a bar is shown.
        callbacks: who is told how it goes.
    """

    config: LearnConfig
    descent: DescentConfig
    encoding: str
    batch: int | None
    full_batch: bool
    early_stopping: bool
    validation_fraction: float
    verbose: bool
    callbacks: tuple[Callback, ...] = ()


def estimator_options(parameters: Mapping[str, Any], seed: int) -> EstimatorOptions:
    """Check the parameters of an estimator's ``get_params``; raises ``BadInput``."""
    for name in ("method", "activation", "encoding", "rounding"):
        _text(name, parameters[name])
    batch, steps, most = (parameters[name] for name in ("batch_size", "max_iter", "max_units"))
    most, encoding, skip = _whole("max_units", most), parameters["encoding"], switch("skip", parameters["skip"])
    checks.one_of("encoding", encoding, ENCODINGS, plural="encodings")
    if not isinstance(batch, str):
        batch = None if batch is None else _whole("batch_size", batch)
    elif batch != "auto":
        remedy = '"auto" is by the number of rows'
        raise BadInput("batch_size", expected='"auto", None or an integer >= 1', came=repr(batch), remedy=remedy)
    graded = parameters["method"] == "graded"
    config = LearnConfig(
        method=parameters["method"],
        price=None if parameters["price"] is None else _real("price", parameters["price"], remedy="None calibrates it"),
        activation=parameters["activation"],
        hidden_layers=_whole("hidden_layers", parameters["hidden_layers"]),
        max_units=most,
        start=min(LearnConfig.start, most),
        steps=None if steps is None else _whole("max_iter", steps),
        batch=batch if isinstance(batch, int) else LearnConfig.batch,
        skip=SKIP if graded and skip else None,
        largest_gate=math.inf if graded else LearnConfig.largest_gate,
        resolution=RESOLUTION if graded else 0.0,
        seed=seed,
        exponent=_real("exponent", parameters["exponent"], remedy="1 is the linear gate, 0.5 the square-root gate"),
    )
    seconds, unbounded = parameters["max_seconds"], "None is no bound"
    if seconds is not None:
        seconds = checks.positive("max_seconds", _real("max_seconds", seconds, remedy=unbounded), remedy=unbounded)
    descent = DescentConfig(
        price=config.price,
        rounding=parameters["rounding"],
        steps=config.steps,
        seconds=seconds,
    )
    device_of(parameters["device"])
    switch("warm_start", parameters["warm_start"])
    return EstimatorOptions(
        config,
        descent,
        encoding,
        batch=batch if isinstance(batch, int) else None,
        full_batch=batch is None,
        early_stopping=switch("early_stopping", parameters["early_stopping"]),
        validation_fraction=_fraction(parameters["validation_fraction"]),
        verbose=switch("verbose", parameters["verbose"]),
        callbacks=checked_callbacks(parameters["callbacks"]),
    )


def seed_of(random_state: Any) -> int:
    """The seed of a fit, drawn by ``random_state``; raises ``ValueError``."""
    if isinstance(random_state, Integral) and not 0 <= int(random_state) < 2**32:
        expected, remedy = "an integer in [0, 2**32 - 1], a RandomState or None", "0 is a common choice"
        raise BadInput("random_state", expected=expected, came=repr(random_state), remedy=remedy)
    kinds = (Integral, np.random.RandomState, type(None))
    if not isinstance(random_state, kinds) and random_state is not np.random:
        expected, remedy = "an integer in [0, 2**32 - 1], a RandomState or None", "0 is a common choice"
        raise BadInput("random_state", expected=expected, came=repr(random_state), remedy=remedy)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _text(what: str, value: object) -> None:
    """Refuse what is no text, of which some, such as arrays, compare to no single truth."""
    if not isinstance(value, str):
        raise BadInput(what, expected="a name", came=repr(value), remedy="give one as a text")


def _whole(what: str, value: object) -> int:
    """An int >= 1; integers of NumPy, which grids of parameters bring, are taken, too."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        value = index(value)
    return checks.whole(what, value, at_least=1)


def _real(what: str, value: object, *, remedy: str) -> float:
    """A number, whose range the configuration checks."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise BadInput(what, expected="a number > 0", came=repr(value), remedy=remedy)
    try:
        return float(value)
    except OverflowError:
        return math.inf  # of which the configuration says that it is not finite


def switch(what: str, value: object) -> bool:
    """True or False, or a number that stands for one of them; raises ``BadInput``."""
    if not isinstance(value, bool | np.bool_ | Integral):
        raise BadInput(what, expected="True or False", came=repr(value), remedy="give one of them")
    return bool(value)


def _fraction(value: object) -> float:
    if not isinstance(value, Real | float) or not 0 < value < 1:  # type: ignore[operator]  # all reals compare
        remedy = "hold out a share of the rows, 0.1 say"
        raise BadInput("validation_fraction", expected="a number in (0, 1)", came=repr(value), remedy=remedy)
    return float(value)


def device_of(name: object) -> torch.device:
    """A device that computes in float64, here and now; raises ``BadInput``."""
    try:
        device = torch.device(name)  # type: ignore[call-overload]
        torch.zeros(1, dtype=torch.float64, device=device).item()
    except (RuntimeError, TypeError, AssertionError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        expected = "a device that computes in float64 on this machine"
        raise BadInput("device", expected=expected, came=f"{name!r} ({reason})", remedy='give "cpu"') from error
    return torch.device(device)
