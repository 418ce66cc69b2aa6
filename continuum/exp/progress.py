"""Showing how far a run is: a live bar on a terminal, an occasional line elsewhere."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from continuum.exp.plan import Planned

#: Seconds between two lines where no live bar can be shown.
SECONDS_BETWEEN_LINES = 10.0
#: Seconds between two looks at work that has no steps, on a terminal.
SECONDS_BETWEEN_LOOKS = 0.5


def time_left(
    waiting: float, computing: Sequence[tuple[float, float]], *, rate: float | None, jobs: int
) -> float | None:
    """Return the expected seconds to the end, None before any cell has told the ``rate``, seconds per unit of cost.

    ``waiting`` is the cost of the cells that no worker has begun, ``computing`` holds cost and seconds so far of the
    others. With :math:`r_i = max(0, rate cost_i - seconds_i)` the end is no nearer than the longest :math:`r_i`, and
    than ``(sum(r) + rate * waiting) / jobs``.

    >>> time_left(4.0, [(2.0, 3.0), (2.0, 1.0)], rate=5.0, jobs=2)
    18.0
    >>> time_left(0.0, [(9.0, 0.0), (1.0, 60.0)], rate=5.0, jobs=2)
    45.0
    """
    if rate is None:
        return None
    rest = [max(0.0, rate * cost - seconds) for cost, seconds in computing]
    return max([(sum(rest) + rate * waiting) / jobs, *rest])


def words(seconds: float | None) -> str:
    """Return a duration for people.

    >>> words(None), words(41.7), words(600), words(7300), words(0)
    ('time left unknown', '42 s left', '10 min left', '2 h 02 min left', 'longer than expected')
    """
    if seconds is None:
        return "time left unknown"
    if seconds <= 0:
        return "longer than expected"
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
        self._computing: dict[str, tuple[float, float]] = {}
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
        # Workers take cells in the order in which they were handed over: those beyond the workers only wait, and their
        # time begins when they come to be among the first.
        begun = {planned.key: (float(planned.cell.cost), now) for planned in flying[: self._jobs]}
        self._computing = {key: self._computing.get(key, first) for key, first in begun.items()}
        label = flying[0].cell.label if flying else ""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=self._cost_done, state=self._state(now), label=label)
        elif now - self._last > SECONDS_BETWEEN_LINES:
            self._last = now
            self._console.print(f"{self._state(now)}, now {label}", markup=False, highlight=False, soft_wrap=True)

    def landed(self, planned: Planned, seconds: float | None) -> None:
        """Count a cell that ended; ``seconds`` is None if it failed."""
        self._cells += 1
        self._computing.pop(planned.key, None)
        if seconds is None:
            self._cost -= planned.cell.cost
        else:
            self._cost_done += planned.cell.cost
            self._seconds_done += seconds

    def _state(self, now: float) -> str:
        if self._cells == self._total:
            return f"{self._cells}/{self._total} cells"
        computing = [(cost, now - start) for cost, start in self._computing.values()]
        waiting = self._cost - self._cost_done - sum(cost for cost, _ in computing)
        rate = self._seconds_done / self._cost_done if self._cost_done > 0 else None
        left = time_left(max(waiting, 0.0), computing, rate=rate, jobs=self._jobs)
        return f"{self._cells}/{self._total} cells, {words(left)}"


class Working:
    """Shows that something without steps goes on, with the seconds that it has taken and how much it has ``made``."""

    def __init__(self, what: str, console: Console, made: Callable[[], str] = str) -> None:
        self._what, self._console, self._made = what, console, made
        self._over, self._start = threading.Event(), time.monotonic()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        text = TextColumn("{task.description}", markup=False)
        self._bar = Progress(SpinnerColumn(), text, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._bar.stop()

    def _tell(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS if self._console.is_terminal else SECONDS_BETWEEN_LINES):
            made = self._made()
            line = f"{self._what}, {time.monotonic() - self._start:.0f} s{f', {made}' if made else ''}"
            if self._console.is_terminal:
                self._bar.update(self._task, description=line)
            else:
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def drawing(folder: Path, console: Console) -> Working:
    """Show that figures are drawn into ``folder``, and how many files are there."""

    def made() -> str:
        with suppress(OSError):
            return f"{sum(1 for _ in os.scandir(folder))} files"
        return ""

    return Working("drawing figures", console, made)
