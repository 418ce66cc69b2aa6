"""A bar that shows how far a fit is, and the width so far."""

import builtins
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from continuum.progress import Progress
from continuum.sklearn.callbacks import Callback, Listeners

#: Characters of a notebook's bar.
LENGTH = 30
#: Seconds between two changes of a notebook's bar.
PAUSE = 0.1


@contextmanager
def listening(title: str, *, shown: bool, callbacks: Iterable[Callback] = ()) -> Iterator[Progress | None]:
    """A ``Progress`` that moves a bar and tells the callbacks; None where there is neither."""
    with progress_bar(title, shown=shown) as bar:
        yield Listeners(callbacks, bar) if callbacks else bar


@contextmanager
def progress_bar(title: str, *, shown: bool) -> Iterator[Progress | None]:
    """A ``Progress`` that moves the bar, and never ends a phase; None where none is shown."""
    if not shown:
        yield None
        return
    with notebook_bar(title) if in_notebook() else terminal_bar(title) as progress:
        yield progress


@contextmanager
def terminal_bar(title: str) -> Iterator[Progress]:
    """A bar of rich; where the output is no terminal, its last state alone."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.completed:.0f}/{task.total:.0f} steps, width {task.fields[width]:.1f}"),
        bars.TimeRemainingColumn(),
    )
    # A console of its own, for a console shows one live bar at a time.
    with bars.Progress(*columns, console=Console()) as bar:
        task = bar.add_task(title, total=1, width=0.0)

        def progress(steps_done: int, steps_total: int, width: float) -> None:
            bar.update(task, completed=steps_done, total=steps_total, width=width)

        yield progress
        bar.update(task, completed=bar.tasks[task].total)


@contextmanager
def notebook_bar(title: str) -> Iterator[Progress]:
    """A line that is written over, which every notebook shows: rich would ask for ipywidgets there."""
    last, told = 0.0, False

    def progress(steps_done: int, steps_total: int, width: float) -> None:
        nonlocal last, told
        now = time.monotonic()
        if now - last >= PAUSE or steps_done == steps_total:
            full = "█" * (LENGTH * steps_done // max(steps_total, 1))
            print(f"\r{title} {full:░<{LENGTH}} {steps_done}/{steps_total} steps, width {width:.1f} ", end="")  # noqa: T201
            sys.stdout.flush()
            last, told = now, True

    yield progress
    if told:
        print()  # noqa: T201


def in_notebook() -> bool:
    """Whether the output goes to a cell of a notebook, of Jupyter or a relative of it."""
    shell = getattr(builtins, "get_ipython", None)
    kind = type(shell()) if callable(shell) else type(None)
    return kind.__name__ == "ZMQInteractiveShell" or kind.__module__.startswith("google.colab")
