"""Showing how far a run is: a live bar on a terminal, an occasional line elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from continuum.exp.plan import Planned

#: Seconds between two lines where no live bar can be shown.
SECONDS_BETWEEN_LINES = 10.0


def time_left(
    cost_left: float, *, cost_done: float, seconds_done: float, jobs: int, elapsed: Sequence[float] = ()
) -> float | None:
    """Return the expected seconds to the end, None before any cell has told what a unit of cost takes.

    ``(cost_left * seconds_done / cost_done - sum(elapsed)) / jobs``: ``elapsed`` is the time already spent in the
    cells in flight, whose cost counts as left until they end.

    >>> time_left(8.0, cost_done=2.0, seconds_done=10.0, jobs=2, elapsed=[3.0, 1.0])
    18.0
    """
    if cost_done <= 0:
        return None
    return max(0.0, (cost_left * seconds_done / cost_done - sum(elapsed)) / jobs)


def words(seconds: float | None) -> str:
    """Return a duration for people.

    >>> words(None), words(41.7), words(600), words(7300)
    ('time left unknown', '42 s left', '10 min left', '2 h 02 min left')
    """
    if seconds is None:
        return "time left unknown"
    if seconds < 99:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / 60)
    return f"{minutes} min left" if minutes < 99 else f"{minutes // 60} h {minutes % 60:02} min left"


class Display:
    """Progress over a plan; cells finished earlier count as done, and teach how long a unit of cost takes."""

    def __init__(self, plan: Sequence[Planned], jobs: int, console: Console) -> None:
        self._console, self._jobs, self._total = console, jobs, len(plan)
        earlier = [(planned.cell.cost, planned.stored.seconds) for planned in plan if planned.stored]
        self._cells = len(earlier)
        self._cost_done = float(sum(cost for cost, _ in earlier))
        self._seconds_done = float(sum(seconds for _, seconds in earlier))
        self._cost = float(sum(planned.cell.cost for planned in plan))
        self._starts: dict[str, float] = {}
        self._last = time.monotonic()
        columns = (BarColumn(), *(TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("state", "label")))
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=self._cost, state="", label="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def beat(self, flying: Sequence[Planned]) -> None:
        """Show which cells are in flight; on a terminal a few times a second, else rarely."""
        now = time.monotonic()
        self._starts = {planned.key: self._starts.get(planned.key, now) for planned in flying}
        label = flying[0].cell.label if flying else ""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=self._cost_done, state=self._state(now), label=label)
        elif now - self._last > SECONDS_BETWEEN_LINES:
            self._last = now
            self._console.print(f"{self._state(now)}, now {label}", markup=False, highlight=False, soft_wrap=True)

    def landed(self, planned: Planned, seconds: float | None) -> None:
        """Count a cell that ended; ``seconds`` is None if it failed."""
        self._cells += 1
        self._starts.pop(planned.key, None)
        if seconds is None:
            self._cost -= planned.cell.cost
        else:
            self._cost_done += planned.cell.cost
            self._seconds_done += seconds

    def _state(self, now: float) -> str:
        # The cell in flight beyond the number of workers only waits: it is the last to have come.
        elapsed = [now - start for start in self._starts.values()][: self._jobs]
        left = time_left(
            self._cost - self._cost_done,
            cost_done=self._cost_done,
            seconds_done=self._seconds_done,
            jobs=self._jobs,
            elapsed=elapsed,
        )
        return f"{self._cells}/{self._total} cells, {words(left)}"
