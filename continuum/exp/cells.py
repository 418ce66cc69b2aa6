"""Computing cells: one, wherever that happens, and many, handed to an executor.

What comes back is a value that travels by pickle, an ``Outcome``: a cell never raises here.
"""

import importlib
import os
import pickle
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from continuum.errors import ContinuumError
from continuum.exp.experiment import Cell
from continuum.exp.plan import Planned
from continuum.exp.signals import Stop
from continuum.exp.tables import encode_cell

#: Seconds between two looks at signals and progress.
BEAT = 0.2


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
Flying: TypeAlias = "dict[Future[Outcome], Planned]"


class WorkerDied(ContinuumError):
    """A worker process ended without an answer: killed, or out of memory."""


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


def longest_first(work: Sequence[Planned]) -> list[Planned]:
    """Return ``work`` with the longest cells first, so that none of them is left over at the end."""
    return sorted(work, key=lambda planned: -planned.cell.cost)


def outcomes(
    work: Sequence[Planned],
    executor: Executor,
    *,
    module_name: str,
    jobs: int,
    stop: Stop,
    beat: Callable[[Sequence[Planned]], None],
) -> Iterator[tuple[Planned, Outcome]]:
    """Yield every cell of ``work`` with its outcome; call ``beat`` with the cells in flight a few times a second.

    One cell more than workers is in flight, so that none idles while the caller stores an outcome; no more, so that
    the cells lost with a worker can be named.
    """
    waiting = deque(longest_first(work))
    flying: Flying = {}
    intact = True
    while intact and (waiting or flying):
        intact = _refill(executor, waiting, flying, module_name, jobs + 1)
        beat(list(flying.values()))
        done, _ = wait(flying, timeout=BEAT, return_when=FIRST_COMPLETED)
        lost = [future for future in done if isinstance(future.exception(), BrokenExecutor)]
        landed = [(flying.pop(future), future) for future in done if future not in lost]
        intact = intact and not lost and _refill(executor, waiting, flying, module_name, jobs + 1)
        # What is finished first: an error on purpose ends the run, and what had landed beside it would be lost.
        yield from sorted(((planned, _outcome(future)) for planned, future in landed), key=lambda pair: _rank(pair[1]))
        stop.check()
    if not intact:
        raise _death(flying)


def _outcome(future: "Future[Outcome]") -> Outcome:
    error = future.exception()
    return future.result() if error is None else failure(error)


def _rank(outcome: Outcome) -> int:
    if isinstance(outcome, Finished):
        return 0
    return 1 if outcome.error is None else 2


def _refill(executor: Executor, waiting: deque[Planned], flying: Flying, module_name: str, width: int) -> bool:
    with suppress(BrokenExecutor):
        while waiting and len(flying) < width:
            flying[executor.submit(compute, module_name, waiting[0].cell)] = waiting[0]
            waiting.popleft()
        return True
    return False


def _death(flying: Flying) -> WorkerDied:
    suspects = ", ".join(planned.cell.label for planned in flying.values()) or "no cell"
    return WorkerDied(
        "worker: expected an answer, got the end of its process, killed or out of memory; "
        f"in flight: {suspects}; "
        "finished cells are kept, run the same command again, with fewer --jobs if memory is short"
    )
