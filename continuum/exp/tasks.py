"""List the tasks that have a name: what they predict, how large they are, and where they come from.

Nothing is fetched: what must come from a network first says so, and its size is not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.box import SIMPLE
from rich.console import Console

from continuum.analysis.sheet import Sheet
from continuum.errors import BadInput
from continuum.exp.printing import say, show
from continuum.legible import COMPARED, legible, nearest

if TYPE_CHECKING:
    from continuum.data import Task

#: How ``task_names`` begins what it says of a task that is not on this machine.
ABSENT = "to be fetched"


@dataclass(frozen=True)
class Options:
    """Which tasks to list."""

    like: str = ""
    """A part of the name, or of what is said of the task."""
    kind: Literal["classification", "regression"] | None = None
    """Only tasks of this kind."""


def main(options: Options, notes: Console) -> int:
    """Print the list; raise ``BadInput`` where no task is like that."""
    from continuum.data import task_names  # scikit-learn: not for --help

    origins = task_names()
    wanted = [name for name, origin in origins.items() if options.like.casefold() in f"{name} {origin}".casefold()]
    table = Sheet("task", "kind", "rows", "features", "classes", "from", box=SIMPLE, padding=(0, 0), show_edge=False)
    refused = list[str]()
    for name in wanted:
        try:
            kind, *sizes = _described(name, origins[name])
        except BadInput as error:  # one damaged file must not hide the others
            refused.append(f"{name} is left out: {error}")
            continue
        if options.kind in (None, kind):
            table.add_row(name, kind, *sizes, origins[name])
    if not table.row_count:
        near = nearest(options.like, list(origins))
        remedy = f"did you mean {' or '.join(near)}?" if near else "leave --like and --kind out to see all"
        came = f"none like {legible(options.like, COMPARED)!r}" + (f" of {options.kind}" if options.kind else "")
        raise BadInput("tasks", expected="one or more", came=came, remedy=remedy)
    show(Console(), table)
    say(notes, *refused, "--tasks of an experiment takes these names, and paths of CSV files")
    return 0


def _described(name: str, origin: str) -> Iterator[str]:
    """Kind, rows, features and classes, as far as they are known without a network."""
    from continuum.data import load
    from continuum.data.catalogue import catalogue

    if origin.startswith(ABSENT):
        kind = catalogue()[name].kind
        yield from (kind or "not known", "", "", "")
    else:
        task: Task = load(name)
        yield from (task.kind, str(task.n), str(task.d), str(len(task.class_names)) if task.class_names else "")
