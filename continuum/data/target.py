"""The target column: which kind of task it makes, and its values."""

import numpy as np
from jaxtyping import Float64, Int64

from continuum.data.columns import check_magnitude
from continuum.data.labels import canonical, levels, numbers
from continuum.data.table import TextTable
from continuum.data.task import Kind
from continuum.errors import BadInput

#: A target of more distinct integers is a regression.
MOST_CLASSES = 20

Values = Int64[np.ndarray, "n"] | Float64[np.ndarray, "n"]


def encode_target(table: TextTable, kind: Kind | None = None) -> tuple[Kind, Values, tuple[str, ...]]:
    """Return kind, values (n,) and class names; the kind is inferred where it is not given.

    >>> encode_target(TextTable("toy.csv", {"target": ["no", "yes", "no"]}, [2, 3, 4]))
    ('classification', array([0, 1, 0]), ('no', 'yes'))
    >>> encode_target(TextTable("toy.csv", {"target": ["1", "2.5"]}, [2, 3]))
    ('regression', array([1. , 2.5]), ())
    """
    cells = table.columns[table.target]
    if "" in cells:
        raise BadInput(
            table.at(cells.index(""), table.target),
            expected="a target in every row",
            came="a missing value",
            remedy="fill in the cell or remove the row",
        )
    chosen = kind or _infer(table)
    if chosen == "regression":
        return chosen, _reals(table), ()
    return chosen, *_classes(table)


def _infer(table: TextTable) -> Kind:
    """Text, or at most 20 distinct integers, is classification; any other target is regression."""
    cells = table.columns[table.target]
    values = numbers(cells)
    text = np.isnan(values)
    if text.any():
        # Many distinct values that are nearly all numbers are a regression target with a slip in it.
        if not text.all() and len(set(cells)) > MOST_CLASSES:
            _refuse_text(table, int(np.flatnonzero(text)[0]))
        return "classification"
    few_integers = len(np.unique(values)) <= MOST_CLASSES and bool(np.all(values == np.round(values)))
    return "classification" if few_integers else "regression"


def _refuse_text(table: TextTable, row: int) -> None:
    raise BadInput(
        table.at(row, table.target),
        expected="a number, as regression needs",
        came=repr(table.columns[table.target][row]),
        remedy="correct the cell, or choose kind classification",
    )


def _reals(table: TextTable) -> Float64[np.ndarray, " n"]:
    values = numbers(table.columns[table.target])
    text = np.flatnonzero(np.isnan(values))
    if len(text):
        _refuse_text(table, int(text[0]))
    check_magnitude(table, table.target, values)
    if values.min() == values.max():
        raise BadInput(
            table.where,
            expected="a target that varies",
            came=f"{values[0]:g} in every row",
            remedy="choose another target column",
        )
    return values


def _classes(table: TextTable) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    check_magnitude(table, table.target, numbers(table.columns[table.target]))
    labels = canonical(table.columns[table.target])
    names = levels(labels)
    if len(names) < 2:
        raise BadInput(
            table.where,
            expected="at least two classes",
            came=f"only {names[0]!r}",
            remedy="choose another target column",
        )
    code = {name: i for i, name in enumerate(names)}
    return np.array([code[label] for label in labels], dtype=np.int64), names
