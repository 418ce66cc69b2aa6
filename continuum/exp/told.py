"""What loading a file has to say is printed when an experiment plans its cells: once per file, a few lines each."""

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from continuum.data.reading.limits import shown

#: The log to which ``continuum.data`` writes what it did with the columns of a file.
LOG = "continuum.data"
#: Notes of a file that are printed.
MOST = 8


class Told(logging.Handler):
    """Prints each note on a file once, and where there are many, how the others are shown."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console
        self.seen: dict[str, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print a note, a record of two arguments: the file, and what is to be said of it."""
        where, note = record.args if isinstance(record.args, tuple) else ("", "")
        notes = self.seen.setdefault(str(where), [])
        if str(note) in notes:
            return
        notes.append(str(note))
        if len(notes) <= MOST:
            self._print(f"{shown(str(where), 60)}: {shown(str(note), 300)}")
        elif len(notes) == MOST + 1:
            self._print(f"more on this file: continuum data {shown(shlex.quote(str(where)), 200)}")

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def file_notes(console: Console) -> Iterator[None]:
    """Print within the block what loading files has to say.

    >>> import sys
    >>> with file_notes(Console(file=sys.stdout)):
    ...     logging.getLogger(LOG).info("%s: %s", "my.csv", "'id': left out, for it counts the rows")
    my.csv: 'id': left out, for it counts the rows
    """
    log, handler = logging.getLogger(LOG), Told(console)
    level, propagates = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates
