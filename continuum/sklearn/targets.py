"""Targets and weights as users have them, made such that scikit-learn can check them, or refused in words."""

from typing import Any

import numpy as np
from scipy.sparse import issparse

from continuum.errors import BadInput
from continuum.sklearn.table.shapes import refuse_complex, unmasked

#: What to do about targets of a regressor that are no numbers, and about such weights.
REMEDIES = {"y": "ContinuousMLPClassifier learns labels", "sample_weight": "give one number >= 0 per row, or None"}
#: Kinds of arrays that are none of numbers, in words, and what to do about targets of them.
KINDS = {
    "M": ("points in time", "give seconds since the first of them, (y - y.min()) / np.timedelta64(1, 's')"),
    "m": ("spans of time", "divide them by a unit, np.timedelta64(1, 's') say"),
    "V": ("records", "give one of their fields"),
}


def as_numbers(what: str, values: Any) -> Any:
    """Targets or weights as numbers, NaN where one is missing; raises ``BadInput`` for what are none.

    Arrays of numbers, scalars and None stay what they are: scikit-learn checks them. Texts that can be read as numbers
    are numbers, as in scikit-learn; whole numbers beyond double precision are infinite.

    >>> as_numbers("y", ["1.5", "2"]).tolist()
    [1.5, 2.0]
    """
    if values is None:
        return values
    if hasattr(values, "toarray"):  # of sparse matrices
        values = values.toarray()
    if isinstance(values, np.ndarray):
        values = unmasked(values)
    array = _array(what, values)
    refuse_complex(array.dtype)
    if array.dtype.kind in KINDS:
        came, remedy = KINDS[array.dtype.kind]
        raise BadInput(what, expected="numbers", came=came, remedy=remedy)
    if array.dtype.kind in "biuf":
        return values
    return np.array([_number(what, cell) for cell in array.reshape(-1)]).reshape(array.shape)


def as_labels(y: Any) -> Any:
    """Targets of a classifier, where masked ones are missing; raises ``BadInput`` for what are no labels."""
    if isinstance(y, np.ndarray):
        y = unmasked(y)
    if y is None or issparse(y):
        return y
    array = _array("y", y)
    refuse_complex(array.dtype)
    if array.dtype.kind == "V":
        raise BadInput("y", expected="labels", came=KINDS["V"][0], remedy="give one of their fields")
    return y


def _array(what: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        expected, remedy = "one value per row, or as many in each row", "look for rows that are longer than others"
        raise BadInput(what, expected=expected, came="rows of different lengths", remedy=remedy) from error


def _number(what: str, cell: Any) -> float:
    import pandas as pd  # scikit-learn has imported it where it is used

    try:
        return float("nan") if cell is None or cell is pd.NA or cell is pd.NaT else float(cell)
    except OverflowError:
        return float("inf")
    except (ValueError, TypeError) as error:
        came = f"{cell!r}, of type {type(cell).__name__}"
        raise BadInput(what, expected="numbers", came=came, remedy=REMEDIES[what]) from error
