"""CSV and its kin: text in which a character separates the cells of a row."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from continuum.data.reading.encodings import Text, text_of
from continuum.data.reading.layout import Named, named_columns
from continuum.data.reading.options import PLURALS, Reading
from continuum.data.reading.prelude import Prelude, prelude_of
from continuum.data.reading.rows import WELL_FORMED, lines_of, rows_of
from continuum.data.reading.separators import SEEN_ROWS, separator_of, usual_length
from continuum.errors import BadInput

#: A quote in a cell as databases write it, for spreadsheets double it.
ESCAPED = b'\\"'
#: A closing quote, and spaces before the next separator.
SPACED_QUOTE = re.compile(rb'"[ ]+(?=[,;|\t\r\n])')
#: A line of several cells, each in single quotes.
SINGLE_QUOTED = re.compile(r"'[^']*'(\s*[,;|\t]\s*'[^']*')+")


def separated(raw: bytes, where: str, reading: Reading) -> Named:
    """The columns of a text file, with notes on what was found out.

    Raises:
        BadInput: the file is no text, or no table.

    >>> table = separated(b"a;target\\n1,5;x\\n2;y\\n", "my.csv", Reading())
    >>> table.cells, table.notes
    ([['1,5', '2'], ['x', 'y']], ('separated by semicolons',))
    """
    text = text_of(raw, where)
    above = prelude_of(text)
    if _single_quoted(text, above.lines):
        text = replace(text, quote="'", notes=(*text.notes, "cells in single quotes"))
    malformed: list[BadInput] = []
    for variant in _variants(text):
        try:
            return _columns(variant, above, reading)
        except BadInput as error:
            if not error.expected.startswith(WELL_FORMED):
                raise
            malformed.append(error)
    raise malformed[0]


def _variants(text: Text) -> Iterator[Text]:
    """The text, and how it may be meant where its quotes are odd."""
    yield text
    if ESCAPED in text.raw:
        yield replace(text, escape="\\", notes=(*text.notes, "quotes after a backslash"))
    if len(tidy := SPACED_QUOTE.sub(b'"', text.raw)) < len(text.raw):
        yield replace(text, raw=tidy, notes=(*text.notes, "spaces after quotes left out"))


def _columns(text: Text, above: Prelude, reading: Reading) -> Named:
    delimiter = reading.delimiter or above.separator or separator_of(text, above.lines)
    above = _without_data(text, above, delimiter, named=reading.header != "none")
    comment = _cells(above.comments[-1][1], delimiter) if above.comments else []
    table = named_columns(lambda: rows_of(text, delimiter, above.lines), text.where, reading, delimiter, comment)
    notes = [*text.notes]
    if delimiter != "," and reading.separator is None:
        notes.append(f"separated by {PLURALS.get(delimiter, repr(delimiter))}")
    if count := len(above.comments):
        notes.append(f"{count} line{'s' * (count > 1)} of comment above the table")
    return Named(table.names, table.cells, table.lines, (*notes, *table.notes))


def _without_data(text: Text, above: Prelude, delimiter: str, *, named: bool) -> Prelude:
    """Take lines for rows that begin as comments do, as ``#ff0000,1`` does, and hold as many cells as the others.

    The first of them may be the header of a file with one.
    """
    if not above.comments or _spaced(above.comments[-1][1]):
        return above
    usual = usual_length([*islice(rows_of(text, delimiter, above.lines), SEEN_ROWS)])
    lengths = [0 if _spaced(line) else len(_cells(line, delimiter)) for _, line in above.comments]
    rows = len(lengths)
    while rows and lengths[rows - 1] == usual > 1:
        rows -= 1
    # Rows may end in a separator where the header does not.
    rows += named and not (rows and lengths[rows - 1] == usual - 1)
    if rows >= len(above.comments):
        return above
    return replace(above, lines=above.comments[rows][0], comments=above.comments[:rows])


def _single_quoted(text: Text, skipped: int) -> bool:
    """Whether every cell of the first row is in single quotes."""
    first = next((line for line in islice(lines_of(text), skipped, None) if line.strip()), "")
    return SINGLE_QUOTED.fullmatch(first.strip()) is not None


def _spaced(line: str) -> bool:
    return line[1:2].isspace()


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a comment: without its sign where a space follows that."""
    line = line[1:].strip(" ") if _spaced(line) else line
    try:
        return next((row.cells for row in rows_of(Text(line.encode(), ""), delimiter)), [])
    except BadInput:
        return []
