"""What a curve is worth, worked out once for each: a thousand searches of one table meet the same curves again."""

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from continuum.benchmark.curve import Curve
from continuum.benchmark.objective import Objective


class Judgement(NamedTuple):
    """J on the validation rows: the least so far, its epoch (from 1), and that after each epoch."""

    value: float
    best_epoch: int
    curve: tuple[float, ...]


#: Judgements of curves that someone still holds.
_KNOWN: "WeakKeyDictionary[Curve, tuple[Objective, Judgement]]" = WeakKeyDictionary()


def judged(curve: Curve, objective: Objective) -> Judgement:
    """The judgement of a curve; a diverged epoch counts as the constant answer does."""
    known = _KNOWN.get(curve)
    if known is not None and known[0] is objective:
        return known[1]
    values = objective.values(curve)
    best = int(np.argmin(values))
    judgement = Judgement(float(values[best]), best + 1, tuple(values.tolist()))
    _KNOWN[curve] = objective, judgement
    return judgement
