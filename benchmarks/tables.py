"""A table of eight data sets on two processes, by the wall clock and by CPU time, and its networks one by one."""

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.processes import pool
from benchmarks.rows import Measured
from benchmarks.timing import seconds
from continuum.benchmark import BATCH, SPACE, stream
from continuum.ensemble import Member, Settings, train

#: From a fresh clone there are four tasks with a bundled table; another outer fold makes another table of each.
TABLES = [(task, fold) for fold in (0, 1) for task in ("digits", "breast_cancer", "wine", "iris")]
RATES = (0.001, 0.003, 0.01)
SEEDS = range(5)
#: Networks that are trained one by one, of each table.
ALONE = 3


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Seconds for all networks; the two processes are warm before the clock starts."""
    tables, epochs = (TABLES[2:4], 2) if quick else (TABLES, SPACE.epochs)
    with pool(2) as workers:
        list(workers.map(job, [("iris", 0)] * 2, [1] * 2, [1] * 2))
        start = time.perf_counter()
        cpu = list(workers.map(job, tables, [epochs] * len(tables), [0] * len(tables)))
        wall = time.perf_counter() - start
    measured = {"table": wall, "table_cpu": sum(cpu) / 2}
    rows = [seconds(name, task, np.array([measured[name]])) for name in names if name in measured]
    if "table_alone" in names:
        rows.append(_alone(task, tables, epochs, cpu))
    return rows


def _alone(task: str, tables: Sequence[tuple[str, int]], epochs: int, cpu: Sequence[float]) -> Measured:
    """Networks per second of CPU time over those of a sample that spreads over the widths."""
    count = len(_members())
    alone = sum(job(table, epochs, ALONE) for table in tables) / (ALONE * len(tables))
    together = sum(cpu) / (count * len(tables))
    return Measured("table_alone", task, *[alone / together] * 3, ours=1 / together, baseline=1 / alone)


def job(table: tuple[str, int], epochs: int, alone: int) -> float:
    """CPU seconds for the networks of one table: all together, or so many of them one by one."""
    streams = [stream(table[0], seed, table[1]) for seed in SEEDS]
    members, settings = _members(), Settings(units=64, activation="tanh", batch=BATCH, epochs=epochs)
    start = time.process_time()
    if not alone:
        train(streams, members, settings, watch=("train", "test"))
    for member in members[:: len(members) // alone][:alone] if alone else []:
        train(streams, [member], settings, watch=("train", "test"))
    return time.process_time() - start


def _members() -> list[Member]:
    return [
        Member(gamma=gamma, stream=number, init=seed, lr=lr)
        for number, seed in enumerate(SEEDS)
        for lr in RATES
        for gamma in SPACE.gamma
    ]
