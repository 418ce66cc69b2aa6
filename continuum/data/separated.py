"""CSV and its kin: text in which a character separates the cells of a row."""

from itertools import islice

from continuum.data.encodings import Text, text_of
from continuum.data.layout import Named, named_columns
from continuum.data.prelude import Prelude, prelude_of
from continuum.data.reading import PLURALS, Reading
from continuum.data.rows import rows_of
from continuum.data.separators import separator_of


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
    delimiter = reading.delimiter or above.separator or separator_of(text, above.lines)
    table = named_columns(
        lambda: rows_of(text, delimiter, above.lines), where, reading, delimiter, _commented(above, delimiter)
    )
    notes = [*text.notes]
    if delimiter != "," and reading.separator is None:
        notes.append(f"separated by {PLURALS.get(delimiter, repr(delimiter))}")
    if above.comments:
        notes.append(f"{above.comments} line{'s' * (above.comments > 1)} of comment above the table")
    return Named(table.names, table.cells, table.lines, (*notes, *table.notes))


def _commented(above: Prelude, delimiter: str) -> list[str]:
    """The cells of the last comment above the table: without its sign where a space follows that."""
    line = above.last_comment
    if line[1:2].isspace():
        line = line[1:].strip()
    first = islice(rows_of(Text(line.encode(), ""), delimiter), 1)
    return next((row.cells for row in first), [])
