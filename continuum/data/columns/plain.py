"""Columns that are read at once, not cell by cell: numbers of any program, numbers with a decimal comma, ISO dates."""

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

#: Digits with at most one comma, and those of them in which the comma may part thousands.
_COMMA = re.compile(r"(?:(?:[+-]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?)?\n)+")
#: Lines of whole numbers whose thousands are parted by commas.
_THOUSANDS = re.compile(r"(?:(?:[+-]?(?:[1-9]\d{0,2},\d{3}|\d+))?\n)+")


def plain_numbers(cells: Sequence[str]) -> Float64[np.ndarray, " n"] | None:
    """Return the numbers where every cell is one that any program reads, NaN where missing; None if some cell is not.

    >>> plain_numbers(["1", "", "2e3"]), plain_numbers(["1", "1_000"])
    (array([1.e+00,    nan, 2.e+03]), None)
    """
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
    spelled = "".join(cells)
    # float() would take the digit separators of Python source, which no data file means, and "nan" for a number.
    if "_" in spelled or (("n" in spelled or "N" in spelled) and int(np.isnan(values).sum()) > list(cells).count("")):
        return None
    return values


def comma_numbers(cells: Sequence[str]) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"] | None] | None:
    """Return the numbers with a decimal comma, and those with commas between thousands where they may be that.

    None where a cell is more than digits, a sign, one comma and an exponent.

    >>> comma_numbers(["1,5", "", "2"]), comma_numbers(["1,234", "999"]), comma_numbers(["1,234.5"])
    ((array([1.5, nan, 2. ]), None), (array([  1.234, 999.   ]), array([1234.,  999.])), None)
    """
    lines = "\n".join(cells) + "\n"
    if lines.count("\n") != len(cells) or not (lines.isascii() and _COMMA.fullmatch(lines)):
        return None
    with_comma = _floats(lines.replace(",", "."))
    return with_comma, _floats(lines.replace(",", "")) if _THOUSANDS.fullmatch(lines) else None


def _floats(lines: str) -> Float64[np.ndarray, " n"]:
    return np.array([float(line) if line else np.nan for line in lines.split("\n")[:-1]])


def iso_dates(cells: Sequence[str]) -> Float64[np.ndarray, " k"] | None:
    """Return seconds since 1970 where every cell is a day, or a day and a time, of four-digit years and no zone.

    >>> iso_dates(["1970-01-02", "1970-01-01 00:00:00.5"]), iso_dates(["1970-01"]), iso_dates(["1970-02-30"])
    (array([8.64e+04, 5.00e-01]), None, None)
    """
    lines = "".join(cells)
    # NumPy takes words such as today, months, and years of any length; a zone it warns of.
    regular = lines.isascii() and not re.search("[A-SU-Za-z+]", lines) and lines.count("-") == 2 * len(cells)
    if not regular or any(len(cell) < 10 or cell[4] != "-" for cell in cells):
        return None
    try:
        return np.array(cells, dtype="datetime64[us]").astype(np.int64) / 1e6
    except ValueError:
        return None
