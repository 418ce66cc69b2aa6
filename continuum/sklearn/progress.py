"""A bar that shows how far a fit is, and the width so far."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console

from continuum.progress import Progress

#: What the bar shows from left to right.
COLUMNS = (
    bars.TextColumn("{task.description}"),
    bars.BarColumn(),
    bars.TextColumn("{task.completed:.0f}/{task.total:.0f} steps, width {task.fields[width]:.1f}"),
    bars.TimeRemainingColumn(),
)


@contextmanager
def progress_bar(title: str, *, shown: bool) -> Iterator[Progress | None]:
    """A ``Progress`` that moves the bar, and never ends a phase; None where none is shown."""
    if not shown:
        yield None
        return
    # A console of its own, for a console shows one live bar at a time.
    with bars.Progress(*COLUMNS, console=Console()) as bar:
        task = bar.add_task(title, total=1, width=0.0)

        def progress(steps_done: int, steps_total: int, width: float) -> None:
            bar.update(task, completed=steps_done, total=steps_total, width=width)

        yield progress
        bar.update(task, completed=bar.tasks[task].total)
