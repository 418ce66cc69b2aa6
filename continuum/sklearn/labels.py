"""From labels to codes, and what is refused on the way as scikit-learn words it."""

from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from continuum.errors import BadInput

Classes = Shaped[np.ndarray, " classes"]


def refuse_missing(y: Any) -> None:
    """Refuse targets that lack a value; of pandas' NA, scikit-learn's own test knows no truth."""
    if isinstance(y, list | tuple):
        y = np.array(y, dtype=object)
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
    check_classification_targets(y)
    if y.ndim == 1:
        return np.asarray(y)
    if (kind := type_of_target(y)) != "multilabel-indicator":
        remedy = "fit one classifier for each column, as sklearn.multioutput.MultiOutputClassifier does"
        raise BadInput("y", expected="labels (n,), or a matrix (n, labels) of 0 and 1", came=kind, remedy=remedy)
    return np.asarray(y.toarray() if hasattr(y, "toarray") else y)


def known_codes(y: Shaped[np.ndarray, " rows"], classes: Classes) -> Float64[np.ndarray, "rows 1"]:
    """Places among the classes, which are sorted; raises ``ValueError`` for a label that is none of them.

    >>> known_codes(np.array(["b", "a"]), np.array(["a", "b", "c"]))
    array([[1.],
           [0.]])
    """
    if len(strange := np.setdiff1d(y, classes)):
        raise ValueError(f"`y` has labels that are not in `classes`: {strange.tolist()} not in {classes.tolist()}")
    return np.searchsorted(classes, y).astype(np.float64)[:, None]
