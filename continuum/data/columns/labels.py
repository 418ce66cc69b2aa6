"""Turning cells into numbers, and labels into one spelling each."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float64

#: Beyond it, float64 no longer tells neighbouring integers apart.
EXACT = 2.0**53


def number(cell: str) -> float:
    """Return the number that a cell spells, NaN if it spells none.

    >>> number("1e3"), number("red"), number("1_000")
    (1000.0, nan, nan)
    """
    try:
        # float() would take the digit separators of Python source, which no data file means.
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def numbers(cells: Sequence[str]) -> Float64[np.ndarray, " n"]:
    """Return the numbers of all cells, NaN where a cell is text or missing ("").

    >>> numbers(["1", "", "x"])
    array([ 1., nan, nan])
    """
    return np.array([number(cell) for cell in cells], dtype=np.float64)


def canonical(cells: Sequence[str]) -> list[str]:
    """Spell numeric labels one way, so that "1", "1.0" and "01" are one class; leave text and "" as they are.

    >>> canonical(["1", "2.0", ""]), canonical(["1", "2.0", "x"])
    (['1', '2', ''], ['1', '2.0', 'x'])
    """
    values = numbers(cells)
    if any(cell and math.isnan(value) for cell, value in zip(cells, values, strict=True)):
        return list(cells)
    return [_plain(cell, float(value)) for cell, value in zip(cells, values, strict=True)]


def _plain(cell: str, value: float) -> str:
    if not abs(value) < EXACT:  # missing (NaN), or too large to respell without loss
        return cell
    return str(int(value)) if value.is_integer() else repr(value)


def levels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct labels, in numerical order if all are numbers, else in the order of text; "" is none.

    >>> levels(["10", "9", "", "9"]), levels(["10", "9", "b"])
    (('9', '10'), ('10', '9', 'b'))
    """
    distinct = sorted({label for label in labels if label})
    if any(math.isnan(number(label)) for label in distinct):
        return tuple(distinct)
    return tuple(sorted(distinct, key=number))
