"""Tables as users have them, column by column: numbers, or texts and other values that are none."""

import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Shaped
from scipy.sparse import issparse

from continuum.sklearn.table.shapes import as_table, refuse_complex

Cells = Shaped[np.ndarray, " rows"]
#: What pandas calls columns of Python objects that are all numbers.
NUMBER_KINDS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty", "complex")
#: Kinds of points in time, as pandas names them.
DATE_KINDS = ("datetime64", "datetime", "date")
#: Kinds of spans of time, as pandas names them.
TIME_KINDS = ("timedelta64", "timedelta")


@dataclass(frozen=True, eq=False)
class Reading:
    """A table as read.

    Args:
        numbers: what scikit-learn's checks are to be given: the table itself where it holds numbers alone, else a
            table of the same columns and names, NaN where a number is missing, and 0 in columns that hold none.
        texts: the columns that hold no numbers, by their index.
    """

    numbers: Any
    texts: dict[int, Cells] = field(default_factory=dict)


def read(X: Any, texts: Collection[int] = ()) -> Reading:
    """Read a table: an array, a sparse matrix, a list of rows, or a DataFrame.

    Numbers are numbers, booleans 0 and 1, points in time seconds since 1970 (UTC), and spans of time seconds. In an
    array of objects or texts a column is one of numbers where all that is not missing can be read as a number, as in
    scikit-learn; in a DataFrame texts stay texts. Columns among ``texts`` are left as they are, whatever they hold.

    >>> table = pd.DataFrame({"age": [30, None], "colour": ["red", None], "seen": pd.to_datetime(["1970-01-02", None])})
    >>> reading = read(table)
    >>> reading.numbers.to_numpy().tolist()
    [[30.0, 0.0, 86400.0], [nan, 0.0, nan]]
    >>> reading.texts
    {1: array(['red', nan], dtype=object)}
    """
    X = as_table(X)
    if issparse(X):
        return Reading(X)
    if isinstance(X, pd.DataFrame):
        if all(_plain(dtype) for dtype in X.dtypes):
            return Reading(X)
        return _columns(X, texts, lambda index: X.iloc[:, index], frame_cells)
    array = X if isinstance(X, np.ndarray) else _array(X)
    if array is None or array.ndim != 2 or array.dtype.kind not in "OUSmM":
        return Reading(X)
    return _columns(array, texts, lambda index: array[:, index], number_cells)


def _columns(
    table: Any, texts: Collection[int], column: Callable[[int], Any], cells: Callable[[Any], Cells]
) -> Reading:
    """Numbers in one matrix, with the names of a DataFrame, and the other columns aside."""
    numbers, others = np.zeros(table.shape), dict[int, Cells]()
    for index in range(table.shape[1]):
        read = np.asarray(column(index).astype(object)) if index in texts else cells(column(index))
        if read.dtype == object:
            others[index] = read
        else:
            numbers[:, index] = read
    return Reading(pd.DataFrame(numbers, columns=table.columns) if isinstance(table, pd.DataFrame) else numbers, others)


def _array(X: Any) -> np.ndarray | None:
    """A list of rows as an array whose cells keep their kinds; None where it is none."""
    try:
        array = np.asarray(X)
        return np.asarray(X, dtype=object) if array.dtype.kind in "OUS" else array
    except (ValueError, TypeError):
        return None  # scikit-learn has the words for it


def _plain(dtype: Any) -> bool:
    """Whether scikit-learn makes numbers of a column of this type."""
    if isinstance(dtype, pd.SparseDtype):
        if dtype.fill_value != 0:  # pandas makes no matrix of such columns
            return False
        dtype = dtype.subtype
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"


def frame_cells(column: "pd.Series[Any]") -> Cells:
    """A column of a DataFrame as numbers or as objects."""
    kind: Any = column.dtype
    if isinstance(kind, pd.PeriodDtype):
        column, kind = column.dt.to_timestamp(), np.dtype("M8[ns]")
    if isinstance(kind, pd.CategoricalDtype):
        return np.asarray(column.astype(object), dtype=object)
    if pd.api.types.is_datetime64_any_dtype(kind):
        return seconds(column.to_numpy(dtype="datetime64[us]"))
    if pd.api.types.is_timedelta64_dtype(kind):
        return seconds(column.to_numpy(dtype="timedelta64[us]"))
    refuse_complex(kind)
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    cells = number_cells(np.asarray(column.to_numpy(dtype=object), dtype=object), text=True)
    if cells.dtype == object:
        _warn_of_lookalikes(cells, str(column.name))
    return cells


def _warn_of_lookalikes(cells: Cells, name: str) -> None:
    from continuum.data.columns.lookalikes import lookalike  # not for who has numbers
    from continuum.data.columns.wording import quoted

    if told := lookalike(cells):
        remedy = "make numbers of them, as continuum.data.load does, or a categorical column"
        warnings.warn(f"column {quoted(name)}: {told}, but are texts, read as categories; {remedy}", stacklevel=2)


def number_cells(cells: Cells, *, text: bool = False) -> Cells:
    """Cells as numbers where all of them can be read as such, else as they are; with ``text`` texts are none."""
    if cells.dtype.kind in "mM":
        return seconds(cells)
    values = cells.astype(object)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    missing = pd.isna(values)
    if text and missing.all():
        return values
    if kind in (*NUMBER_KINDS, *DATE_KINDS, *TIME_KINDS) or all(
        isinstance(value, Real | Decimal) for value in values[~missing]
    ):
        return to_numbers(values)
    if not text and kind in ("string", "bytes"):
        try:
            return to_numbers(values)
        except ValueError:
            return values
    return values


def to_numbers(cells: Cells) -> Float64[np.ndarray, " rows"]:
    """Cells as numbers, NaN where missing; raises a ``ValueError`` as numpy words it."""
    if cells.dtype != object:
        return np.asarray(cells, dtype=np.float64)
    missing, out = pd.isna(cells), np.full(len(cells), np.nan)
    present = cells[~missing]
    kind = pd.api.types.infer_dtype(present, skipna=False)
    if kind in DATE_KINDS:
        out[~missing] = seconds(pd.to_datetime(present, utc=True).to_numpy(dtype="datetime64[us]"))
    elif kind in TIME_KINDS:
        out[~missing] = seconds(pd.to_timedelta(present).to_numpy(dtype="timedelta64[us]"))
    elif kind == "complex":
        refuse_complex(np.dtype(complex))
    else:
        out[~missing] = _floats(present)
    return out


def _floats(cells: Cells) -> Float64[np.ndarray, " rows"]:
    """Numbers in double precision; whole numbers beyond it are infinite, which scikit-learn's checks refuse."""
    try:
        return cells.astype(np.float64)
    except OverflowError:
        return np.array([_float(cell) for cell in cells])


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        return float("inf")


def seconds(times: Shaped[np.ndarray, " rows"]) -> Float64[np.ndarray, " rows"]:
    """Seconds since 1970, or of a span, NaN for none.

    >>> seconds(np.array(["1970-01-01T00:01", "NaT"], dtype="M8[ns]"))
    array([60., nan])
    """
    fine = times.astype(f"{times.dtype.kind}8[us]")
    return np.where(np.isnat(fine), np.nan, fine.astype(np.int64) / 1e6)
