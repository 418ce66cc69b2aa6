"""What a command prints: lines that steer no terminal, and tables as wide as they are where nobody scrolls."""

import os
import sys

from rich.console import Console, RenderableType
from rich.text import Text

from continuum.analysis.sheet import Sheet
from continuum.legible import MOST, legible


def say(console: Console, *lines: object, most: int = MOST) -> None:
    """Print lines as they are, but for what no terminal should be told, and of at most so many letters."""
    for line in lines:
        console.print(Text(legible(line, most)), soft_wrap=True)


def show(console: Console, renderable: RenderableType) -> None:
    """Print a part of a report: in a file a table takes the columns that it wants, unless ``COLUMNS`` says how many."""
    if isinstance(renderable, Sheet) and not console.is_terminal and "COLUMNS" not in os.environ:
        width = max(console.width, renderable.natural_width())
        console = Console(file=console.file, width=width, color_system=None)
    console.print(renderable)


def encodable() -> None:
    """Let streams whose encoding lacks a letter, such as gamma, print its escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="backslashreplace")
