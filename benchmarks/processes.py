"""Wall-clock time of the same ensembles on two worker processes and on one."""

import dataclasses
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio
from benchmarks.workload import SETTINGS, members, streams
from continuum.ensemble import train


def job(task: str, epochs: int) -> float:
    """One ensemble, as a cell of an experiment would train it; returns its CPU time."""
    start = time.process_time()
    train(streams(task), members(), dataclasses.replace(SETTINGS, epochs=epochs))
    return time.process_time() - start


def pool(workers: int) -> ProcessPoolExecutor:
    """Spawned workers that take no job before all are there, so that each gets some of those that warm up."""
    context = get_context("spawn")
    together = context.Barrier(workers)
    return ProcessPoolExecutor(workers, context, initializer=together.wait, initargs=(120,))


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratio of jobs per second, on two workers over one; all workers are warm before the clock starts.

    On a machine that others use, the second core is often not there. The ratio of jobs per CPU second (times two
    workers) says what two cores of one's own would give: how little the workers slow each other down.
    """
    jobs, epochs, repetitions = (2, 5, 1) if quick else (8, 10, 5)
    with pool(1) as one, pool(2) as two:
        cpu: dict[str, list[float]] = {"one": [], "two": []}

        def work(key: str, pool: ProcessPoolExecutor) -> Work:
            return Work(lambda: cpu[key].append(sum(pool.map(job, [task] * jobs, [epochs] * jobs))), jobs)

        wall = rates({"one": work("one", one), "two": work("two", two)}, repetitions, clock=time.perf_counter)
    per_cpu = {key: jobs / np.array(seconds[1:]) for key, seconds in cpu.items()}
    measurements = {
        "processes": ratio("processes", task, wall["two"], wall["one"]),
        "processes_cpu": ratio("processes_cpu", task, 2 * per_cpu["two"], per_cpu["one"]),
    }
    return [measurements[name] for name in names]
