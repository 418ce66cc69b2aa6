"""Which character separates the cells of a text: what makes all rows equally long, with more than one column."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from continuum.data.reading.encodings import Text
from continuum.data.reading.prelude import is_comment
from continuum.data.reading.rows import Row, rows_of
from continuum.errors import BadInput

#: What is tried, in the order in which ties are settled.
CANDIDATES = (",", ";", "\t", "|", " ")
#: Rows that are looked at.
SEEN_ROWS = 200
#: A number as it is spelled somewhere: with a decimal comma, or groups of three digits.
NUMBER = re.compile(r"[-+]?\d[\d ]*(,\d+)?%?|[-+]?\d{1,3}(,\d{3})+(\.\d*)?|[-+]?,\d+")
#: Numbers side by side, as spaces separate them.
SIDE_BY_SIDE = re.compile(r"(?:[-+.\d][-+.\deE]*|\?)(\s+(?:[-+.\d][-+.\deE]*|\?))+")
#: Digits in groups of three.
GROUPED = re.compile(r"[-+]?\d{1,3}(\s\d{3})+([.,]\d*)?")
#: Share of the cells under the first row that must hold a digit where spaces separate them: sentences are no rows.
DIGIT_SHARE = 0.25

#: Separators that are part of no number.
NEVER_IN_NUMBERS = frozenset(";\t|")
#: How much a space counts beside the others, for texts hold spaces.
SPACE_WEIGHT = 0.7
#: Share of clean cells of a separator that goes before all under which some row is of another length.
CLEAN_SHARE = 0.9


@dataclass(frozen=True)
class Fit:
    """How well a separator fits: the columns of most rows, their share among the rows, the share of clean cells.

    ``whole`` says that no row was set aside, the header neither, and that no cell holds several numbers.
    """

    delimiter: str
    columns: int
    share: float
    clean: float
    whole: bool


def separator_of(text: Text, skipped: int) -> str:
    """The separator, a comma where nothing separates cells.

    Of several that make all rows equally long, that one counts whose cells hold the others least: in ``1,5;2`` the
    comma is part of a number, in ``a;b,2`` the semicolon is part of a text.

    >>> from continuum.data.reading.encodings import text_of
    >>> separator_of(text_of(b"a;b\\n1,5;2,5\\n", "my.csv"), 0), separator_of(text_of(b"1 2\\n3  4", "my.data"), 0)
    (';', ' ')
    """
    fits = [fit for delimiter in CANDIDATES if (fit := _fit(text, skipped, delimiter)) is not None]
    if any(fit.whole and fit.delimiter in NEVER_IN_NUMBERS for fit in fits):  # the spaces are those of "5 kg"
        fits = [fit for fit in fits if fit.delimiter != " "]
    if not fits:
        return ","
    # A row of another length weighs more than a cell with another separator in it; max keeps the first of equal ones.
    whole = [fit for fit in fits if fit.share == 1.0 and fit.clean >= CLEAN_SHARE]
    fits, weights = whole or fits, {" ": SPACE_WEIGHT}
    return max(fits, key=lambda fit: fit.share**2 * fit.clean * weights.get(fit.delimiter, 1.0)).delimiter


def usual_length(rows: Sequence[Row]) -> int:
    """The number of cells of most rows, the larger one of two; 0 without rows."""
    counts = Counter(len(row.cells) for row in rows)
    return max(counts, key=lambda length: (counts[length], length), default=0)


def _fit(text: Text, skipped: int, delimiter: str) -> Fit | None:
    try:
        rows = [*islice(rows_of(text, delimiter, skipped), SEEN_ROWS)]
    except BadInput:
        return None
    columns = usual_length(rows)
    if columns < 2:
        return None
    counted = [row for row in rows if len(row.cells) == columns or not _set_aside(row, rows[0])]
    equal = [row for row in counted if len(row.cells) == columns]
    cells = [cell for row in equal for cell in row.cells if cell]
    if delimiter == " " and _digit_share(equal) < DIGIT_SHARE:
        return None
    clean = sum(_clean(cell, delimiter) for cell in cells) / max(len(cells), 1)
    whole = len(equal) == len(rows) and not any(map(_side_by_side, cells))
    return Fit(delimiter, columns, len(equal) / len(counted), clean, whole)


def _digit_share(rows: Sequence[Row]) -> float:
    cells = [any(c.isdigit() for c in cell) for row in rows[1:] or rows for cell in row.cells]
    return sum(cells) / len(cells)


def _set_aside(row: Row, first: Row) -> bool:
    """Whether a row of unusual length is a comment, or a title above the header."""
    return is_comment(row.cells[0]) or (row is first and sum(map(bool, row.cells)) == 1)


def _clean(cell: str, delimiter: str) -> bool:
    """Whether no other separator is in a cell, but for commas and spaces within a number."""
    if delimiter != "," and "," in cell and not NUMBER.fullmatch(cell):
        return False
    if any(other in cell for other in ";\t|" if other != delimiter):
        return False
    return delimiter == " " or not _side_by_side(cell)


def _side_by_side(cell: str) -> bool:
    """Whether several numbers are in a cell, as spaces separate them."""
    return bool(SIDE_BY_SIDE.fullmatch(cell)) and not GROUPED.fullmatch(cell)
