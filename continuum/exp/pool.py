"""Worker processes: the only file that knows that cells run in processes.

Anything with the interface of ``concurrent.futures.Executor`` that is its own context manager may stand in for
``process_pool``: ``ThreadPoolExecutor``, or ``lambda jobs: client.get_executor()`` of dask.distributed.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, TypeAlias

from continuum.checks import whole
from continuum.errors import BadInput
from continuum.exp import outlets

Factory: TypeAlias = Callable[[int], AbstractContextManager[Executor]]

#: One BLAS thread in a worker: the processes already fill the cores, and with more threads than cores each waits for
#: the others (slower by a multiple); one thread also fixes the order of sums, whatever the number of cores.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


#: Seconds that a pool whose workers were killed has to take itself apart.
PATIENCE = 1.0


def process_pool(jobs: int) -> AbstractContextManager[Executor]:
    """Return a pool of ``jobs`` fresh processes.

    One job is a process as well, so that results do not depend on ``jobs``. Spawned, not forked: a fork copies the
    locks and thread pools that BLAS and torch hold in the parent, and may hang on them.
    """
    return _Pool(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)


def worker_count(jobs: int, most: int | None = None) -> int:
    """Return the number of workers that the option ``jobs`` asks for; raise ``BadInput`` where it is above ``most``.

    >>> worker_count(3), worker_count(0) >= 1
    (3, True)
    """
    if most is not None and whole("jobs", jobs, at_least=0) > most:
        expected = f"at most {most} processes on the {cores()} cores of this machine"
        raise BadInput("jobs", expected=expected, came=jobs, remedy="leave --jobs out for one per core")
    return whole("jobs", jobs, at_least=0) or cores()


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # absent on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pool(ProcessPoolExecutor):
    """A process pool that starts workers in a prepared environment, and kills them when it is left by an error."""

    def __init__(self, jobs: int, **options: Any) -> None:
        super().__init__(jobs, **options)
        self._strangers = set(multiprocessing.active_children())

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with _birth():  # processes start on demand, in here
            return super().submit(fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is None:
            return super().__exit__(kind, error, trace)
        for process in set(multiprocessing.active_children()) - self._strangers:
            process.kill()  # nothing to tidy up: workers write no files of the run
        # Not without a limit: if a worker died in the middle of a message, the pool's thread waits for the rest of it.
        ending = threading.Thread(target=self.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        ending.start()
        ending.join(PATIENCE)
        return None


@contextmanager
def _birth() -> Iterator[None]:
    """Set what a process inherits at its start: thread limits, and deafness to Ctrl-C.

    A terminal sends Ctrl-C to workers too, and they would print tracebacks if it came before they can ignore it.
    """
    saved = {name: os.environ.get(name) for name in THREADS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _start_worker() -> None:
    outlets.install()  # what a library prints must not fail a cell
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    # A worker waits for work on a pipe that it holds open itself: without this, it would outlive a killed parent.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
