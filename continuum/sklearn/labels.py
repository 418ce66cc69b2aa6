"""From labels to codes, and what is refused on the way as scikit-learn words it."""

from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from continuum.errors import BadInput
from continuum.sklearn.targets import as_labels

Classes = Shaped[np.ndarray, " classes"]
#: What to do about a label that is none of the classes.
ADD = "name all labels in the first call of partial_fit, or fit afresh"
#: Labels that a message names.
NAMED = 5


def refuse_missing(y: Any) -> None:
    """Refuse targets that lack a value; of pandas' NA, scikit-learn's own test knows no truth."""
    if isinstance(y, list | tuple):
        try:
            y = np.array(y, dtype=object)
        except ValueError:  # of rows that are no row of a table, which is refused elsewhere
            return
    if getattr(getattr(y, "dtype", None), "kind", "") == "O" or hasattr(y, "isna"):
        import pandas as pd  # scikit-learn has imported it where it is used

        if np.any(pd.isna(y)):
            raise ValueError("Input y contains NaN.")


def checked_labels(y: Any) -> Shaped[np.ndarray, " rows *labels"]:
    """Labels (rows,), or an indicator matrix (rows, labels); raises ``ValueError`` or, for labels of two kinds,
    ``TypeError``, as scikit-learn does.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.dtype == object and y.ndim == 1:
        from sklearn.preprocessing import LabelEncoder

        LabelEncoder().fit(y)  # its words for strings among numbers
    with np.errstate(invalid="ignore"):  # whether numbers are whole is seen by making them so
        check_classification_targets(y)
    if y.ndim == 1:
        return np.asarray(y)
    if (kind := type_of_target(y)) != "multilabel-indicator":
        remedy = "fit one classifier for each column, as sklearn.multioutput.MultiOutputClassifier does"
        raise BadInput("y", expected="labels (n,), or a matrix (n, labels) of 0 and 1", came=kind, remedy=remedy)
    return np.asarray(y.toarray() if hasattr(y, "toarray") else y)


def distinct_labels(classes: Any) -> Classes:
    """The labels among these, sorted; raises ``BadInput`` for what has no order, or is missing."""
    if not np.iterable(classes) or isinstance(classes, str | bytes):
        remedy = "name all labels that are ever to come"
        raise BadInput("classes", expected="labels", came=repr(classes), remedy=remedy)
    labels = np.asarray(as_labels(classes.toarray() if hasattr(classes, "toarray") else classes))
    refuse_missing(labels)
    try:
        return np.unique(labels)
    except TypeError as error:
        remedy = "give all of them as texts, or all as numbers"
        raise BadInput("classes", expected="labels of one kind", came="several kinds", remedy=remedy) from error


def known_codes(y: Shaped[np.ndarray, " rows"], classes: Classes) -> Float64[np.ndarray, "rows 1"]:
    """Places among the classes, which are sorted; raises ``ValueError`` for a label that is none of them.

    >>> known_codes(np.array(["b", "a"]), np.array(["a", "b", "c"]))
    array([[1.],
           [0.]])
    """
    if len(strange := np.setdiff1d(y, classes)):
        raise BadInput("y", expected=f"labels among the {len(classes)} of `classes`", came=_few(strange), remedy=ADD)
    return np.searchsorted(classes, y).astype(np.float64)[:, None]


def _few(labels: Shaped[np.ndarray, " labels"]) -> str:
    """The first of these labels, in words."""
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return ", ".join(map(repr, labels[:NAMED].tolist())) + more
