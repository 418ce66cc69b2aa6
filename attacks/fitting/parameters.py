"""Parameters of estimators, most of them sound, some of them not."""

import math
from typing import Any

import numpy as np

Random = np.random.Generator


class Interrupted(Exception):
    """What a callback of an attack raises."""


def raising(*_: object) -> None:
    """A callback that fails."""
    raise Interrupted


def stopping(*_: object) -> bool:
    """A callback that ends a fit at once."""
    return True


def heard(steps: int, total: int, width: float, loss: float) -> None:
    """A callback that wants numbers in order."""
    if not (0 <= steps <= total and math.isfinite(width) and width >= 0 and not math.isinf(loss)):
        raise AssertionError(f"a callback was told {steps} of {total}, width {width}, loss {loss}")


def heard_width(steps: int, total: int, width: float) -> None:
    """The same of a ``Progress``, without a loss."""
    heard(steps, total, width, math.nan)


#: Values of any kind, none of which is sound everywhere.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2.5, math.nan, math.inf, "auto", "x" * 10_000, "\x1b[31m", b"raw", (1, 2), [], {},
    np.int64(3), 10**400, 1e300, 1e-300, np.array([1, 2]), np.array(3), object, 2**64, "1", 5e-324, complex(1, 1),
    np.nan, np.float32(2),
)  # fmt: skip
#: Sound values of each parameter, and such as are sound in their kind alone.
SOUND: dict[str, tuple[Any, ...]] = {
    "exponent": (1.0, 0.5, 1e-300, 1e300, 3),
    "price": (None, 1.0, 0.01, 1e-30, 1e-300, 1e30, 1e300, 5e-324, 4, np.float32(2)),
    "activation": ("auto", "tanh", "relu"),
    "encoding": ("auto", "raw", "piecewise"),
    "skip": (True, False, np.bool_(False)),
    "rounding": ("held_out", "width", "none"),
    "hidden_layers": (1, 2, 3),
    "max_units": (1, 2, 3, 9, 512, np.int64(5)),
    "max_seconds": (None, 0.05, 1e-300, 1e300, 0.2, 1),
    "batch_size": ("auto", None, 1, 7, 10_000, 10**12, 10**30),
    "early_stopping": (True, False),
    "validation_fraction": (0.1, 0.5, 1e-300, 0.999),
    "random_state": (0, None, 2**32 - 1, np.int64(1), np.random.RandomState(0)),
    "callbacks": (None, heard, [heard, heard], (heard,), raising, stopping, []),
    "warm_start": (True, False),
    "verbose": (False,),
    "device": ("cpu",),
}
#: Steps of a fit, for every attempt is to be short.
STEPS = (1, 2, 3, 10, 40, 100, 100, 200, 400, 1500)
#: Methods besides "graded".
OTHERS = ("interval", "soft_support", "fuzzy", "concrete", "hypergradient", "path")


def parameters(random: Random, *, classes: bool) -> dict[str, Any]:
    """Parameters of an estimator, several of which are no default, and now and then one that is no sound one."""
    chosen: dict[str, Any] = {"max_iter": int(random.choice(STEPS)), "random_state": int(random.integers(1000))}
    if random.random() < 0.15:
        chosen["method"] = str(random.choice(OTHERS))
        chosen["max_iter"] = min(chosen["max_iter"], 60)
        if random.random() < 0.5:
            chosen["early_stopping"] = True
    names = [str(name) for name in random.choice(list(SOUND), int(random.integers(0, 5)), replace=False)]
    for name in names:
        chosen[name] = SOUND[name][int(random.integers(len(SOUND[name])))]
    if random.random() < 0.05:
        chosen |= {"max_iter": None, "max_seconds": 0.3}
    if classes and random.random() < 0.2:
        weights: list[Any] = ["balanced", {0: 2.0}, {0: 0.0, 1: 1.0}, {0: 1e300, 1: 1e300}, {1: -1.0}, {"yes": 1e-300}]
        weights += [
            {0: 1e300, 1: 1e-300},
            "even",
            5,
            {0: "two"},
            {None: 1},
            {0: math.nan},
            {0: None},
            [1, 2],
            {},
            {0: 10**400},
        ]
        chosen["class_weight"] = weights[int(random.integers(len(weights)))]
    if random.random() < 0.08:
        name = str(random.choice([*SOUND, "method", "max_iter"]))
        chosen[name] = ODD[int(random.integers(len(ODD)))]
        if name in ("max_iter", "max_seconds") and isinstance(chosen[name], int | float | np.number):
            chosen[name] = min(chosen[name], 100) if chosen[name] == chosen[name] else chosen[name]
        if name == "hidden_layers" and isinstance(chosen[name], int) and chosen[name] > 10:
            chosen[name] = 10
    return chosen
