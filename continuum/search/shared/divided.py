"""Rows on which training and validation agree, and rows on which they pull apart."""

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from continuum import checks
from continuum.data import Part
from continuum.ensemble import Stream

#: As they are; few rows to train on; targets of training rows exchanged among each other.
Division = Literal["plain", "few", "noise"]
#: Rows to train on, of ``"few"``.
FEW = 32
#: Share of the training rows that exchange their targets, of ``"noise"``.
NOISE = 0.4


def divided(data: Stream, division: Division, seed: int) -> Stream:
    """A stream whose training rows say something else than its validation and test rows, which stay.

    >>> from continuum.benchmark import stream
    >>> len(divided(stream("wine", 0), "few", seed=0).train.x)
    32
    """
    checks.one_of("division", division, get_args(Division), plural="divisions")
    generator, train = np.random.default_rng([seed, 31]), data.train
    if division == "few":
        kept = generator.permutation(len(train.x))[:FEW]
        return replace(data, train=Part(train.x[kept], train.y[kept]))
    if division == "noise":
        chosen = generator.permutation(len(train.x))[: round(NOISE * len(train.x))]
        y = train.y.copy()
        y[chosen] = y[generator.permutation(chosen)]
        return replace(data, train=Part(train.x, y))
    return data
