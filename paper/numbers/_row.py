"""A cell of a table's row as macros; a quick build lacks some rows, and says so."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from paper.number import Number, fixed


def value(row: pd.DataFrame, column: str) -> float:
    """Of the first of these rows; NaN where there is none."""
    return float(row[column].iloc[0]) if len(row) else np.nan


def with_interval(name: str, row: pd.DataFrame, column: str, source: str) -> Iterator[Number]:
    """A number and the ends of its interval."""
    for suffix, end in (("", ""), ("Low", "_low"), ("High", "_high")):
        yield Number(name + suffix, fixed(value(row, column + end), 2), source)
