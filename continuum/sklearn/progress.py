"""A bar that shows how far a fit is, and the width so far."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int, float], None]

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:.0f}/{task.total:.0f} steps, width {task.fields[width]:.1f}"),
    TimeRemainingColumn(),
)


@contextmanager
def progress_bar(title: str, *, shown: bool) -> Iterator[Advance | None]:
    """Give a function of (steps done, steps in all, width) that moves the bar; None where none is shown."""
    if not shown:
        yield None
        return
    # A console of its own, for a console shows one live bar at a time.
    with Progress(*COLUMNS, console=Console()) as bar:
        task = bar.add_task(title, total=1, width=0.0)

        def advance(done: int, steps: int, width: float) -> None:
            bar.update(task, completed=done, total=steps, width=width)

        yield advance
        bar.update(task, completed=bar.tasks[task].total)
