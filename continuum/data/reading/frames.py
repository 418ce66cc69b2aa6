"""A DataFrame of pandas, or a table of another package that can become one of pandas or Arrow."""

from typing import Any

import pandas as pd
import pyarrow as pa

from continuum.data.reading.layout import Named
from continuum.data.reading.limits import MOST_CELLS
from continuum.data.reading.options import Reading
from continuum.data.reading.table import TextTable, finished
from continuum.data.reading.values import cells_of
from continuum.errors import BadInput

#: What messages call a table in memory.
WHERE = "DataFrame"


def is_frame(value: object) -> bool:
    """Whether this is a table in memory: a DataFrame of pandas, or what can become one.

    >>> is_frame(pd.DataFrame({"a": [1]})), is_frame("my.csv")
    (True, False)
    """
    return isinstance(value, pd.DataFrame) or (
        any(hasattr(value, name) for name in ("to_arrow", "to_pandas")) and hasattr(value, "columns")
    )


def frame_table(frame: Any, reading: Reading) -> TextTable:
    """The table in a DataFrame; rows are counted from 0, and the index is left out.

    Categorical columns stay categories where they hold digits.

    Raises:
        BadInput: ``reading`` gives a separator or header, or a column holds what is in no cell.

    >>> table = frame_table(pd.DataFrame({"a": [1.5, None], "y": ["p", "q"]}), Reading(target="y"))
    >>> table.columns, table.target
    ({'a': ['1.5', ''], 'y': ['p', 'q']}, 'y')
    """
    no_text_options(reading, WHERE)
    if not isinstance(frame, pd.DataFrame):
        frame = _converted(frame)
    if isinstance(frame, pa.Table):
        return arrow_table(frame, WHERE, reading, range(frame.num_rows))
    check_size(len(frame), frame.shape[1], WHERE)
    names = [str(name).strip() for name in frame.columns]
    series = [frame.iloc[:, i] for i in range(frame.shape[1])]
    cells = [cells_of(column.tolist(), WHERE, name) for name, column in zip(names, series, strict=True)]
    declared = [n for n, column in zip(names, series, strict=True) if isinstance(column.dtype, pd.CategoricalDtype)]
    return finished(Named(names, cells, list(range(len(frame)))), WHERE, reading, declared)


def arrow_table(table: pa.Table, where: str, reading: Reading, lines: range, *notes: str) -> TextTable:
    """The table in one of Arrow; dictionary columns are categories."""
    check_size(table.num_rows, table.num_columns, where)
    names = [str(name).strip() for name in table.column_names]
    cells = [cells_of(column.to_pylist(), where, name) for name, column in zip(names, table.columns, strict=True)]
    declared = [n for n, column in zip(names, table.columns, strict=True) if pa.types.is_dictionary(column.type)]
    return finished(Named(names, cells, list(lines), notes), where, reading, declared)


def check_size(rows: int, columns: int, where: str) -> None:
    """Refuse a table without rows or columns, or with more than ``MOST_CELLS`` cells."""
    if not rows or not columns:
        came = f"{rows} rows of {columns} columns"
        raise BadInput(where, expected="rows and columns", came=came, remedy="give a filled table")
    if rows * columns > MOST_CELLS:
        came, remedy = f"{rows} rows of {columns} columns", "take a sample of its rows, or leave out columns"
        raise BadInput(where, expected=f"at most {MOST_CELLS} cells", came=came, remedy=remedy)


def no_text_options(reading: Reading, where: str) -> None:
    """Refuse what only text files can be told."""
    for name in ("separator", "header"):
        if name in reading.given():
            expected, came = f"no {name}, which text files have", getattr(reading, name)
            raise BadInput(where, expected=expected, came=came, remedy="leave it out")


def _converted(frame: Any) -> Any:
    try:
        convert = getattr(frame, "to_arrow", None) or frame.to_pandas  # Arrow has whole numbers beside nothing
        converted = frame if isinstance(frame, pa.Table) else convert()
    except Exception as error:  # whatever another package raises
        came, remedy = f"{type(error).__name__} from its own conversion", "give a DataFrame of pandas"
        raise BadInput(WHERE, expected="a table", came=came, remedy=remedy) from error
    if not isinstance(converted, pd.DataFrame | pa.Table):
        came = type(frame).__name__
        raise BadInput(WHERE, expected="a table", came=came, remedy="give a DataFrame of pandas")
    return converted
