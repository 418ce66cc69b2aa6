"""The networks that all ensemble rows train: 63 widths from 1 to 32 units, four seeds."""

import dataclasses
from math import ceil

import numpy as np

from continuum.data import load
from continuum.ensemble import Member, Settings, Stream

UNITS = 32
SEEDS = range(4)
SETTINGS = Settings(units=UNITS, activation="relu", optimizer="adam", batch=64, epochs=20)
LR = 1e-2
#: One network at a time is slow: its mean over five widths stands for that over all of them.
LOOP_WIDTHS = [ceil(gamma) for gamma in np.linspace(1, UNITS, 5)]


def streams(task: str) -> list[Stream]:
    """A split per seed, without a validation part: the baselines do not validate either."""
    loaded = load(task)
    return [dataclasses.replace(Stream.of(loaded, seed), validation=None) for seed in SEEDS]


def members(widths: int = 63) -> list[Member]:
    """``widths`` members on every stream, stream by stream."""
    gammas = np.linspace(1, UNITS, widths)
    return [Member(gamma=float(gamma), stream=seed, init=seed, lr=LR) for seed in SEEDS for gamma in gammas]


def useful_flop(member: Member, inputs: int, outputs: int) -> int:
    """Multiplications and additions per sample in the products of a gradient step over the units that are on.

    Forward and weight gradient for the first layer, and the input gradient too for the second; padding, biases,
    activations, softmax and optimiser count as nothing.

    >>> useful_flop(Member(gamma=1.5), inputs=64, outputs=10)
    632
    """
    units = ceil(member.gamma[0])
    return 4 * inputs * units + 6 * units * outputs
