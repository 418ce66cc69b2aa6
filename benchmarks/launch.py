"""Measuring in child processes, whose environment decides what the libraries do."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from benchmarks.rows import MODULES, Measured, Row

CORETYPE = "OPENBLAS_CORETYPE"
#: What keeps the compiled kernels from AVX-512, too, where OpenBLAS is kept from it.
MARCH = {"Haswell": {"CONTINUUM_MARCH": "haswell"}}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
#: glibc keeps freed memory. Else it is chance whether it hands the temporaries of a wide network back to the kernel
#: after every pass, and the page faults double the time of the separate widths.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**25)}


@dataclass(frozen=True)
class Setting:
    """An environment to measure in; ``pinned`` where OpenBLAS is told which kernels to take."""

    title: str
    environment: Mapping[str, str]
    pinned: bool


def settings(environment: Mapping[str, str]) -> list[Setting]:
    """The environment as found, and one in which OpenBLAS chooses its kernels itself; they may be the same.

    >>> [s.title for s in settings({"OPENBLAS_CORETYPE": "Haswell"})]
    ['as found (Haswell)', 'unset']
    >>> [s.title for s in settings({})]
    ['unset']
    """
    unset = {name: value for name, value in environment.items() if name != CORETYPE} | ONE_THREAD
    free = Setting("unset", unset, pinned=False)
    pinned = environment.get(CORETYPE)
    if pinned is None:
        return [free]
    return [Setting(f"as found ({pinned})", unset | {CORETYPE: pinned} | MARCH.get(pinned, {}), pinned=True), free]


def groups(rows: list[Row]) -> dict[str, dict[str, list[str]]]:
    """What one process measures together: for every module, its tasks with the names of their rows."""
    by_module: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        by_module.setdefault(MODULES[row.name], {}).setdefault(row.task, []).append(row.name)
    return by_module


def launch(module: str, wanted: dict[str, list[str]], quick: bool, setting: Setting) -> list[Measured]:
    """Measure in a child process; one that fails yields NaN and leaves its traceback on the terminal."""
    output = _child(module, wanted, quick, setting)
    if not output:
        return [Measured(name, task, *[nan] * 5) for task, names in wanted.items() for name in names]
    return [Measured(**row) for row in json.loads(output.splitlines()[-1])]


def profile(tasks: list[str], setting: Setting) -> str:
    """Report of the profiler on the engine, without the (empty) last line of measurements."""
    return _child("profiling", {task: [] for task in tasks}, False, setting).rpartition("\n[]")[0]


def _child(module: str, wanted: dict[str, list[str]], quick: bool, setting: Setting) -> str:
    spec = json.dumps({"module": module, "wanted": wanted, "quick": quick})
    command = [sys.executable, "-m", "benchmarks.child", spec]
    environment = dict(setting.environment) | (KEEP_MEMORY if module == "slices" else {})
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else ""
