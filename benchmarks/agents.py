"""Two thousand steps of an agent that chooses widths, by CPU time."""

from collections.abc import Sequence

import numpy as np

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, seconds
from continuum.arithmetic import single_thread
from continuum.benchmark import Lookup, Table
from continuum.search.agents import train_agent

#: Steps of the environment.
STEPS = 2000


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Seconds of an agent that learns on all tasks of the shipped table at once."""
    table, steps = Table.load(), 10 if quick else STEPS
    evaluators = [Lookup(table, name, seed) for name in table.tasks for seed in (0, 1)]
    with single_thread():
        speeds = rates({"agent": Work(lambda: train_agent("ddpg", evaluators, steps=steps), 1)}, 1 if quick else 3)
    return [seconds(name, task, np.asarray(1 / speeds["agent"])) for name in names]
