"""Rows of cells from a text with a given separator, each with its line.

The standard csv reader is used: it knows the line of every row, which the messages need, and on a file of
20000 rows it is not slower than a parser that infers types.
"""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from continuum.data.reading.encodings import Text
from continuum.data.reading.limits import shown
from continuum.data.reading.options import PLURALS
from continuum.errors import BadInput

#: What is expected of quotes.
WELL_FORMED = "well-formed CSV"


class Row(NamedTuple):
    """Stripped cells, and the line at which they begin."""

    line: int
    cells: list[str]


def rows_of(text: Text, delimiter: str, skipped: int = 0) -> Iterator[Row]:
    """Yield every row that is not blank, from behind the first ``skipped`` lines on.

    Raises:
        BadInput: quotes that are not closed, or a cell of more characters than the csv module takes (131072).

    >>> from continuum.data.reading.encodings import text_of
    >>> [*rows_of(text_of(b"a; b\\n\\n1;'2'", "my.csv"), ";")]
    [Row(line=1, cells=['a', 'b']), Row(line=3, cells=['1', "'2'"])]
    """
    lines = lines_of(text)
    for _ in range(skipped):
        next(lines, None)
    # strict turns an unclosed quote into an error.
    source = (" ".join(line.split()) for line in lines) if delimiter == " " else lines
    reader = csv.reader(
        source,
        delimiter=delimiter,
        quotechar=text.quote,
        escapechar=text.escape,
        skipinitialspace=True,
        strict=True,
    )
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if len(cells) > 1 or any(cells):
                yield Row(line + skipped, cells)
            # A quoted cell may span lines: a row starts after the line at which the one before it ended.
            line = reader.line_num + 1
    except csv.Error as error:
        raise _malformed(error, f"{text.where}, row {line + skipped}", delimiter) from None


def lines_of(text: Text) -> Iterator[str]:
    """The lines with their ends, of which \\n, \\r\\n and \\r are told."""
    # The bytes are decoded line by line, for a string of them all may take four times their memory.
    return iter(io.TextIOWrapper(io.BytesIO(text.raw), encoding="utf-8", newline=""))


def _malformed(error: csv.Error, place: str, delimiter: str) -> BadInput:
    if "field limit" in str(error):
        expected = f"cells of at most {csv.field_size_limit()} characters"
        return BadInput(place, expected=expected, came="more", remedy="check the quotes of that row")
    came = "a quote within a cell that is not doubled" if "expected after" in str(error) else shown(str(error), 80)
    expected = f"{WELL_FORMED}, separated by {PLURALS.get(delimiter, repr(delimiter))}"
    return BadInput(place, expected=expected, came=came, remedy="check the quotes of that row")
