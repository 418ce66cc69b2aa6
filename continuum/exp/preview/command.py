"""The command ``data``: flags, and where the page is written."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console

from continuum.exp.file_options import FILE_FIELDS

if TYPE_CHECKING:
    from continuum.data.columns.description import Described
    from continuum.data.reading.options import Reading

#: What the page of a file is called, behind the file's name.
PAGE = ".preview.html"


@dataclass(frozen=True)
class Options:
    """Which file to look at, how it is read, and where its page is written."""

    file: Annotated[str, tyro.conf.Positional]
    """A file of data, or the name of a task."""
    kind: Literal["classification", "regression"] | None = None
    """What to predict: classes, or numbers. Without it, what the target suggests."""
    separator: str | None = None
    """What separates cells: comma, semicolon, tab, pipe, space, or the character itself. Without it, what makes all
    rows equally long."""
    header: Literal["auto", "first", "none"] = "auto"
    """What the first row is: first, names of columns; none, data; auto, names that must not look like data."""
    target: str | None = None
    """Column to predict: its name, or its index, of which -1 is the last. Without it, target."""
    keep_na: bool = False
    """Keep words such as NA and None in columns of text as words. Without it they are missing."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign of columns that both signs can read, such as one of 1,234 and 5,678 alone."""
    day_first: bool | None = None
    """Whether 01/02/2020 is the first of February, where no row of the file tells."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    keep: tuple[str, ...] = ()
    """Columns to use though they look like identifiers, or hold one value."""
    categorical: tuple[str, ...] = ()
    """Columns of categories even where they hold numbers."""
    most: int = 60
    """Most columns to show on the terminal; the page shows more."""
    out: Path | None = None
    """The HTML file to write. Without it, my.csv.preview.html beside my.csv, and none for a task by its name."""
    page: bool = True
    """Write the page; --no-page does not."""

    def reading(self) -> "Reading":
        """How the file is read."""
        from continuum.data.reading.options import Reading

        return Reading(**{name: getattr(self, name) for name in FILE_FIELDS})


def main(options: Options, notes: Console) -> int:
    """Show the file, write its page, and return 0, or 2 if the file is refused."""
    from continuum.exp.preview.looking import look
    from continuum.exp.preview.terminal import show
    from continuum.exp.printing import say

    seen = look(options.file, options.reading(), options.kind)
    show(seen, options.most, notes)
    path = _page_path(options)
    if path is not None:
        write(seen, path)
        say(notes, f"{path}: open it in any browser")
    return 0 if seen.error is None else seen.error.exit_code


def _page_path(options: Options) -> Path | None:
    if not options.page:
        return None
    if options.out is not None:
        return options.out
    from continuum.data.reading.sources import parsed_source

    path = os.path.expanduser(parsed_source(options.file)[0])
    return Path(path + PAGE) if os.path.isfile(path) else None


def write(seen: "Described", path: Path) -> None:
    """Write the page of a file that was looked at."""
    from continuum.exp.preview.page import rendered
    from continuum.storage import storing, write_whole

    with storing(path):
        write_whole(path, rendered(seen).encode())
