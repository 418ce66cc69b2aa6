"""From the values of typed columns to cells of text: what reads back as the same number."""

import datetime
import math
from collections.abc import Iterable
from numbers import Number
from typing import Any

import numpy as np

from continuum.data.reading.limits import shown
from continuum.errors import BadInput


def cells_of(values: Iterable[Any], where: str, name: str) -> list[str]:
    """The values of a column as text, "" where there is none.

    Raises:
        BadInput: a value is a list or another thing that is in no cell.

    >>> cells_of([1, None, 0.1, float("nan"), True, " x "], "table", "a")
    ['1', '', '0.1', '', 'True', 'x']
    """
    return [_cell(value, where, name) for value in values]


def _cell(value: Any, where: str, name: str) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace").strip()
    text = str(value)
    if text in ("<NA>", "NaT", "NaN"):  # of pandas, which need not be imported for it, and of decimals
        return ""
    if isinstance(value, Number | datetime.date | datetime.time | datetime.timedelta):
        return text.removesuffix(" 00:00:00") if isinstance(value, datetime.datetime) else text
    if isinstance(value, list | tuple | dict | set | np.ndarray) or not type(value).__module__.startswith("pandas"):
        came, remedy = f"{type(value).__name__} {shown(text)}", "give a column per value, or drop the column"
        raise BadInput(f"{where}, column {name!r}", expected="numbers, texts or dates", came=came, remedy=remedy)
    return text
