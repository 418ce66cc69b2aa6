"""Handing cells to an executor and taking their outcomes as they come."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import suppress
from typing import TypeAlias

from continuum.errors import ContinuumError
from continuum.exp.plan import Planned
from continuum.exp.signals import Stop
from continuum.exp.worker import Outcome, compute, failure

BEAT = 0.2
"""Seconds between two looks at signals and progress."""

Flying: TypeAlias = "dict[Future[Outcome], Planned]"


class WorkerDied(ContinuumError):
    """A worker process ended without an answer: killed, or out of memory."""


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
        for planned, future in landed:
            error = future.exception()
            yield planned, future.result() if error is None else failure(error)
        stop.check()
    if not intact:
        raise _death(flying)


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
