"""Timing things against each other on a machine that others use as well."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from benchmarks.rows import Measured

Rates = Float[np.ndarray, " repetitions"]


@dataclass(frozen=True)
class Work:
    """Something to time, and the amount of it that one run gets done."""

    run: Callable[[], object]
    amount: float


def rates(
    works: Mapping[str, Work], repetitions: int, clock: Callable[[], float] = time.thread_time
) -> dict[str, NDArray[np.float64]]:
    """Amount per second of every work in every repetition, after one run to warm up.

    The works take turns, so that a change in the machine's speed meets all of them, and the turn is reversed every
    other time. The default clock counts the CPU time of this thread: waiting for a core costs nothing.
    """
    for work in works.values():
        work.run()
    speeds = {name: np.empty(repetitions) for name in works}
    for repetition in range(repetitions):
        for name, work in list(works.items())[:: -1 if repetition % 2 else 1]:
            start = clock()
            work.run()
            speeds[name][repetition] = work.amount / (clock() - start)
    return speeds


def seconds(name: str, task: str, each: Rates) -> Measured:
    """A time by itself, its median and range over the repetitions; there is no other side.

    >>> seconds("lookup", "iris", np.array([3.0, 1.0, 2.0])).value
    2.0
    """
    median, low, high = (float(f(each)) for f in (np.median, np.min, np.max))
    return Measured(name, task, median, low, high, ours=median, baseline=nan)


def ratio(name: str, task: str, ours: Rates, baseline: Rates) -> Measured:
    """Ratio of two rates: its median and range over the repetitions.

    >>> ratio("loop", "iris", np.array([2.0, 4.0, 9.0]), np.array([1.0, 1.0, 3.0])).value
    3.0
    """
    each = ours / baseline
    return Measured(
        name,
        task,
        *(float(f(each)) for f in (np.median, np.min, np.max)),
        ours=float(np.median(ours)),
        baseline=float(np.median(baseline)),
    )
