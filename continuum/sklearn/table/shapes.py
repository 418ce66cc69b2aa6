"""What a table may come as, before its columns are looked at."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from continuum.errors import BadInput

#: What people give for a table that is none, and how it becomes one.
NO_TABLES: dict[type | tuple[type, ...], str] = {
    (str, bytes): "read the file first, as pandas.read_csv does",
    Mapping: "give pandas.DataFrame(X)",
    Iterator: "give list(X)",
    (set, frozenset): "give rows in an order, such as a list of lists",
}
#: What to do about a single column or row: scikit-learn says so, too, and prints the array.
RESHAPE = "Reshape your data: X.reshape(-1, 1) is a column of one feature, X.reshape(1, -1) is a single row"


def as_table(X: Any) -> Any:
    """A table in one of the forms that are read column by column; raises ``BadInput`` for what is none.

    Tables of polars and Arrow, and records of NumPy, become DataFrames. Masked cells are missing.

    >>> as_table(np.ma.masked_array([[1, 2]], [[False, True]]))
    array([[ 1., nan]])
    >>> as_table(np.array([(1, 2.5)], [("a", "i8"), ("b", "f8")])).columns.tolist()
    ['a', 'b']
    """
    if hasattr(X, "to_pandas") and not isinstance(X, pd.DataFrame):  # tables of polars and Arrow
        X = X.to_pandas()
    for kinds, remedy in NO_TABLES.items():
        if isinstance(X, kinds) and not issparse(X):  # some of which are mappings
            raise BadInput("X", expected="a table of rows and columns", came=type(X).__name__, remedy=remedy)
    if isinstance(X, list | tuple) and len(X) and all(isinstance(row, Mapping) for row in X):
        remedy = "give pandas.DataFrame(X)"
        raise BadInput("X", expected="a table of rows and columns", came="a list of mappings", remedy=remedy)
    if isinstance(X, pd.DataFrame):
        _refuse_twins(X.columns)
    elif isinstance(X, np.ndarray):
        X = _records(unmasked(X))
    if issparse(X) or isinstance(X, np.ndarray):
        refuse_complex(getattr(X, "dtype", None))
    if getattr(X, "ndim", 2) == 1:
        raise ValueError(f"Expected 2D array, got 1D array instead. {RESHAPE}")
    return X


def refuse_complex(kind: Any) -> None:
    """Refuse complex numbers, as scikit-learn does, but without printing them."""
    if getattr(kind, "kind", "") == "c":
        raise ValueError("Complex data not supported: give real and imaginary parts as columns of their own")


def unmasked(array: np.ndarray) -> np.ndarray:
    """An array whose masked cells, which NumPy would fill with what lies under the mask, are missing."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    masked: Any = array
    if array.dtype.kind in "biuf":
        return np.asarray(masked.astype(np.float64).filled(np.nan))
    if array.dtype.kind == "c" or array.dtype.names:
        return np.asarray(array)
    cells = np.array(masked.data, dtype=object)
    cells[np.ma.getmaskarray(masked)] = None
    return cells


def _records(array: np.ndarray) -> Any:
    """Records, as a DataFrame has them."""
    if array.dtype.kind != "V":
        return array
    if not array.dtype.names or array.ndim != 1:
        expected, remedy = "numbers, texts or records, one per row", "give pandas.DataFrame(X.ravel())"
        raise BadInput("X", expected=expected, came=f"{array.dtype} of shape {array.shape}", remedy=remedy)
    try:
        return pd.DataFrame({name: list(array[name]) for name in array.dtype.names})
    except ValueError as error:
        remedy = "give a column per number"
        raise BadInput("X", expected="records of single values", came=str(array.dtype), remedy=remedy) from error


def _refuse_twins(columns: "pd.Index[Any]") -> None:
    """Refuse columns of one name, which no later table could be matched with."""
    if not columns.is_unique:
        name = columns[columns.duplicated()][0]
        count, remedy = int((columns == name).sum()), "rename them, or give X.to_numpy()"
        came = f"{max(count, 2)} columns named {name!r}"
        raise BadInput("X", expected="columns of different names", came=came, remedy=remedy)
