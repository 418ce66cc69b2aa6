"""Tables through scikit-learn's checks, in training and later."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from continuum.sklearn.table.numbers import Numbers, check_room
from continuum.sklearn.table.reading import Cells, read
from continuum.sklearn.table.table import Table

#: What scikit-learn is to make of the numbers of a table; what is missing is filled later.
NUMBERS = {"accept_sparse": "csr", "dtype": np.float64, "order": "C", "ensure_all_finite": "allow-nan"}


def checked_table(
    estimator: Any, table: Table | None, X: Any, y: Any, **kinds: Any
) -> tuple[Numbers, dict[int, Cells], Any]:
    """Training rows as scikit-learn checks them: numbers, NaN where missing, other columns by index, and targets.

    Where training goes on, ``table`` says which columns are none of numbers.
    """
    reading = read(X, () if table is None else table.levels)
    with np.errstate(over="ignore", invalid="ignore"):  # a sum of sound numbers may be none
        numbers, y = validate_data(estimator, reading.numbers, y, **NUMBERS, **kinds)
    if not isinstance(numbers, np.ndarray):
        check_room(numbers.shape[0], numbers.shape[1])
    return _complete_if_sparse(numbers), reading.texts, y


def numbers_of(estimator: Any, table: Table, X: Any) -> Numbers:
    """Rows as numbers, checked against what the estimator was fitted to."""
    reading = read(X, table.levels)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = validate_data(estimator, reading.numbers, reset=False, **NUMBERS)
    return table(_complete_if_sparse(numbers), reading.texts)


def _complete_if_sparse(numbers: Numbers) -> Numbers:
    if issparse(numbers):
        assert_all_finite(numbers.data, input_name="X")
    return numbers
