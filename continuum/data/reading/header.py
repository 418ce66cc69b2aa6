"""The names of columns, and whether what stands in the first row is names at all."""

import re
from collections import Counter
from collections.abc import Sequence

from continuum.data.columns.labels import number
from continuum.data.reading.limits import listed
from continuum.data.reading.missing import MARKS, SPELLINGS
from continuum.errors import BadInput

#: Share of a column's values that must be numbers, or of the text columns in which the first value must come again.
USUAL_SHARE = 0.9
#: Cells that tell nothing about their column.
NOTHING = MARKS | SPELLINGS
#: A number whose comma is the decimal one.
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def made_names(count: int) -> list[str]:
    """Names for columns that have none.

    >>> made_names(2)
    ['column_1', 'column_2']
    """
    return [f"column_{i + 1}" for i in range(count)]


def looks_like_data(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a first row is like the columns below it: numbers stand over numbers, or its words come again.

    A number over text, or a word over numbers that is none for a missing value, is a header's.

    >>> looks_like_data(["5.1", "setosa"], [["4.9", "7"], ["setosa", "other"]])
    True
    >>> looks_like_data(["length", "target"], [["4.9", "7"], ["setosa", "other"]])
    False
    """
    alike = again = words = 0
    for name, cells in zip(first, below, strict=False):
        present = [cell for cell in cells if cell not in NOTHING]
        if name in NOTHING or not present:
            continue
        numeric = sum(map(_is_number, present)) > USUAL_SHARE * len(present)
        if name in present:
            again += 1
        elif numeric != _is_number(name):
            return False
        alike += numeric
        words += not numeric
    return alike > 0 or (words > 0 and again >= USUAL_SHARE * words)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise unless every column has a name of its own."""
    if "" in names:
        raise BadInput(
            where,
            expected="one name per column",
            came=f"none for column {names.index('') + 1}",
            remedy="name it, or leave out the row numbers when you save the file",
        )
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        remedy = "rename them, or give --header none if the first row of a text file is data"
        raise BadInput(where, expected="each column name once", came=f"{listed(twice)} again", remedy=remedy)


def _is_number(cell: str) -> bool:
    return number(cell) == number(cell) or DECIMAL_COMMA.fullmatch(cell) is not None
