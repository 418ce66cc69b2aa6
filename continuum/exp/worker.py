"""Computing one cell, wherever that happens; the answer is a value that travels by pickle."""

import importlib
import os
import pickle
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from continuum.errors import ContinuumError
from continuum.exp.experiment import Cell
from continuum.exp.tables import encode_cell


@dataclass(frozen=True)
class Finished:
    """A cell's tables as Parquet, and what it took."""

    tables: Mapping[str, bytes]
    seconds: float
    worker: int


@dataclass(frozen=True)
class Failed:
    """A cell that raised: one line, the traceback, and the error itself if it was raised on purpose."""

    line: str
    trace: str
    error: ContinuumError | None = None


Outcome: TypeAlias = Finished | Failed


def compute(module_name: str, cell: Cell) -> Outcome:
    """Run ``cell`` with the module's ``run``; never raises an ``Exception``."""
    start = time.perf_counter()
    try:
        module = importlib.import_module(module_name)
        _one_thread()
        tables = encode_cell(module.run(cell))
    except Exception as error:
        return failure(error)
    return Finished(tables, time.perf_counter() - start, os.getpid())


def failure(error: BaseException) -> Failed:
    """Return ``error`` as a value.

    >>> failure(ZeroDivisionError("division by zero")).line
    'ZeroDivisionError: division by zero'
    """
    line = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    trace = "".join(traceback.format_exception(error))
    return Failed(line, trace, error if isinstance(error, ContinuumError) and _travels(error) else None)


def _travels(error: ContinuumError) -> bool:
    # An exception that cannot be rebuilt on the other side would break the whole pool.
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:
        return False


def _one_thread() -> None:
    # The environment already says so to workers of a process pool, before torch loads its libraries. Other executors
    # start their workers themselves; the number of threads changes the order of sums, hence the bits of a result.
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
