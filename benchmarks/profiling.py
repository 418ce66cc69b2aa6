"""Where the time of a training goes."""

import cProfile
import pstats
from collections.abc import Sequence

from benchmarks.workload import SETTINGS, members, streams
from continuum.ensemble import train


def measure(task: str, names: Sequence[str], quick: bool) -> list[object]:
    """Print the 15 functions that take the most time of their own; measures nothing."""
    data, networks = streams(task), members()
    train(data, networks, SETTINGS)
    profile = cProfile.Profile()
    profile.runcall(train, data, networks, SETTINGS)
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(15)
    return []
