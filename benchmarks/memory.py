"""Peak memory of ten thousand networks."""

import dataclasses
import resource
import sys
from collections.abc import Sequence

from benchmarks.rows import Measured
from benchmarks.workload import SEEDS, SETTINGS, members, streams
from continuum.ensemble import train

NETWORKS = 10_000
#: ru_maxrss counts kilobytes on Linux and bytes on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Peak of this process (on Linux it starts at that of its parent, which therefore imports no torch).

    ``baseline`` is the peak before the training: interpreter, libraries and data.
    """
    data, networks = streams(task), members(NETWORKS // len(SEEDS))
    before = _peak()
    train(data, networks, dataclasses.replace(SETTINGS, epochs=1))
    peak = _peak()
    return [Measured(name, task, peak, peak, peak, ours=peak, baseline=before) for name in names]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 1e9
