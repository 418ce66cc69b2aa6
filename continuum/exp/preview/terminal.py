"""The preview on the terminal, or in a file of text: a table where it is wide enough, else a paragraph per column."""

import os
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from continuum.data.columns.description import Described, Description
from continuum.data.reading.limits import shown
from continuum.exp.printing import say

#: Columns of characters below which each column of the file is a paragraph.
NARROW = 96
#: The width of a file of text, unless the environment variable COLUMNS says otherwise.
FILE_WIDTH = 140
#: Characters of a name, and of an example.
NAME, EXAMPLE = 32, 16


def show(seen: Described, most: int, notes: Console) -> None:
    """Print the file to standard output, its error to ``notes``."""
    console = Console()
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console = Console(width=FILE_WIDTH)
    say(console, f"{shown(seen.where, 200)}: {seen.rows:,} rows, {len(seen.columns):,} columns")
    columns = chosen(seen.columns, most)
    if console.width < NARROW:
        for column in columns:
            for part in paragraph(column):
                console.print(part)
    else:
        console.print(table(columns))
    if len(seen.columns) > len(columns):
        say(console, f"and {len(seen.columns) - len(columns):,} more columns: --most {len(seen.columns)} shows them")
    for line in summary(seen):
        say(console, line)
    if seen.error is not None:
        say(notes, f"error: {seen.error}")


def chosen(columns: Sequence[Description], most: int) -> list[Description]:
    """Those of so many columns that are to be shown, in their order: the refused ones and the target first of all."""
    if len(columns) <= most:
        return list(columns)
    ranked = sorted(range(len(columns)), key=lambda i: (columns[i].error is None, not _is_target(columns[i]), i))
    return [columns[i] for i in sorted(ranked[: max(most, 1)])]


def _is_target(column: Description) -> bool:
    return column.use.startswith("the target")


def summary(seen: Described) -> Iterator[str]:
    """Say what task it is, and what was done; one line each."""
    task = seen.task
    if task is not None:
        what = f"{task.classes} classes" if task.classes else "a number to predict"
        yield f"task {task.name}: {task.kind}, {task.n:,} rows, {task.d:,} features, {what}"
        notes = task.notes
    else:
        notes = (*seen.notes, *(f"{column.name!r}: {note}" for column in seen.columns for note in column.notes))
    for note in notes[:20]:
        yield f"- {shown(note, 300)}"
    if len(notes) > 20:
        yield f"- and {len(notes) - 20:,} more notes"


def table(columns: Sequence[Description]) -> Table:
    """A row per column; texts are folded, never cut."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("column", "type", "missing", "distinct", "examples", "use"):
        right = head in ("missing", "distinct")
        made.add_column(head, justify="right" if right else "left", no_wrap=right or head == "type", overflow="fold")
    for column in columns:
        made.add_row(
            Text(shown(column.name, NAME)),
            column.sort,
            percent(column.missing),
            f"{column.distinct:,}",
            Text(examples(column)),
            Text(use(column)),
        )
    return made


def paragraph(column: Description) -> Iterator[Text | Padding]:
    """A column of the file in a few lines."""
    yield Text(f"{shown(column.name, NAME)}", style="bold")
    missing = f", {percent(column.missing)} missing" if column.missing else ""
    yield Padding(Text(f"{column.sort}{missing}, {column.distinct:,} distinct: {examples(column)}"), (0, 0, 0, 2))
    yield Padding(Text(use(column)), (0, 0, 0, 2))


def examples(column: Description) -> str:
    """A few cells of the column."""
    more = " · …" if column.distinct > len(column.examples) else ""
    return " · ".join(shown(cell, EXAMPLE) for cell in column.examples) + more


def use(column: Description) -> str:
    """What is done with a column, and what is to be said about it."""
    if column.error is not None:
        error = column.error
        return shown(f"refused: expected {error.expected}, got {error.came}; {error.remedy}", 300)
    # Such a note says what the use says, and more.
    told = any(note.startswith(("left out", "read as numbers", "dates", "times")) for note in column.notes)
    return "; ".join([*([] if told and column.use in ("a number", "left out") else [column.use]), *column.notes])


def percent(share: float) -> str:
    """A share, in which none and a few differ.

    >>> percent(0.0), percent(0.0001), percent(0.256), percent(1.0)
    ('', '<1%', '26%', '100%')
    """
    if share == 0:
        return ""
    return "<1%" if share < 0.01 else f"{100 * share:.0f}%"
