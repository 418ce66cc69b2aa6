"""The target column: which kind of task it makes, and its values."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from continuum.data.columns.choices import ColumnChoices
from continuum.data.columns.column import Column, columns_of
from continuum.data.columns.distinct import Distinct
from continuum.data.columns.features import check_magnitude
from continuum.data.columns.labels import canonical, levels
from continuum.data.columns.numerals import parts
from continuum.data.columns.spellings import merged
from continuum.data.columns.wording import listed, quoted
from continuum.data.reading.table import TextTable
from continuum.data.task import Kind
from continuum.errors import BadInput

#: A target of more distinct integers is a regression.
MOST_CLASSES = 20
#: Fewer rows of a class cannot be split into three parts.
LEAST_ROWS = 3

Values = Int64[np.ndarray, "n"] | Float64[np.ndarray, "n"]


class Target(NamedTuple):
    """Kind of the task, values (n,), class names, and what was done with its labels."""

    kind: Kind
    values: Values
    classes: tuple[str, ...]
    note: str = ""


def encode_target(
    table: TextTable, kind: Kind | None = None, column: Column | None = None, merge: bool = False
) -> Target:
    """Return the target; the kind is inferred where it is not given, spellings of one label are one with ``merge``.

    >>> encode_target(TextTable("toy.csv", {"target": ["no", "yes", "no"]}, [2, 3, 4]))
    Target(kind='classification', values=array([0, 1, 0]), classes=('no', 'yes'), note='')
    >>> encode_target(TextTable("toy.csv", {"target": ["1", "2.5"]}, [2, 3]))[:2]
    ('regression', array([1. , 2.5]))
    """
    _check_present(table)
    texts = table.columns[table.target]
    column = column or columns_of(replace(table, columns={table.target: texts}), ColumnChoices())[table.target]
    cells = column.cells or Distinct.of(texts)
    chosen = kind or _infer(table, column, cells)
    if chosen == "regression":
        return Target(chosen, _reals(table, column, cells), ())
    return _classes(table, column, cells, merge)


def target_notes(target: Target, column: Column, kind: Kind | None) -> Iterator[str]:
    """Say how the target was read, which kind was inferred from numbers, and which classes are small."""
    yield from column.notes if target.kind == "regression" else ()
    if target.note:
        yield target.note
    if target.kind == "regression":
        return
    if kind is None and column.values is not None and len(target.classes) > 2:
        yield f'{len(target.classes)} different whole numbers, read as classes; kind="regression" reads them as numbers'
    rare = np.flatnonzero(np.bincount(target.values.astype(np.int64)) < LEAST_ROWS)
    if len(rare):
        names = [target.classes[i] for i in rare]
        yield f"fewer than {LEAST_ROWS} rows of class {listed(names)}, too few for a split"


def _check_present(table: TextTable) -> None:
    cells = table.columns[table.target]
    missing = list(cells).count("")
    if missing:
        raise BadInput(
            table.at(list(cells).index(""), table.target),
            expected="a target in every row",
            came="a missing value" + (f", as in {missing} of {len(cells)} rows" if missing > 1 else ""),
            remedy="fill in the cell or remove the row",
        )


def _infer(table: TextTable, column: Column, cells: Distinct) -> Kind:
    """Text, or at most 20 distinct integers, is classification; any other target is regression."""
    if column.error is not None:
        # Few values are classes, whatever they are; but numbers that nobody can read are not.
        if len(cells) <= MOST_CLASSES and column.sort == "category":
            return "classification"
        raise _as_target(column.error)
    if column.values is None:
        if len(cells) > MOST_CLASSES and 2 * len(cells) > cells.present:
            came = f"{len(cells):,} different texts in {cells.present:,} rows"
            remedy = "choose another target column"
            raise BadInput(table.where, expected="a target of classes or of numbers", came=came, remedy=remedy)
        return "classification"
    few_integers = len(np.unique(column.values)) <= MOST_CLASSES and bool(
        np.all(column.values == np.round(column.values))
    )
    return "classification" if few_integers and column.sort == "number" else "regression"


def _as_target(error: BadInput) -> BadInput:
    """The error of a feature in words for a target."""
    if error.expected != "a number, as in most rows":
        return error
    remedy = "correct the cell, or choose kind classification"
    return BadInput(error.what, expected="a number, as regression needs", came=error.came, remedy=remedy)


def _reals(table: TextTable, column: Column, cells: Distinct) -> Float64[np.ndarray, " n"]:
    values = column.values
    if values is None:
        raise _as_target(column.error) if column.error is not None else _no_number(table, cells)
    check_magnitude(table, table.target, values)
    if values.min() == values.max():
        raise BadInput(
            table.where,
            expected="a target that varies",
            came=f"{values[0]:g} in every row",
            remedy="choose another target column",
        )
    return values


def _no_number(table: TextTable, cells: Distinct) -> BadInput:
    """Name the first cell that is a text, or the first one where each is some number."""
    text = np.array([parts(cell) is None for cell in cells.values])
    row = cells.row_of(text if text.any() else ~text)
    return BadInput(
        table.at(row, table.target),
        expected="a number, as regression needs",
        came=quoted(table.columns[table.target][row]),
        remedy="correct the cell, or choose kind classification",
    )


def _classes(table: TextTable, column: Column, cells: Distinct, merge: bool) -> Target:
    labels, note = canonical(cells.values), ""
    if column.values is not None:
        check_magnitude(table, table.target, column.values)
    if column.values is not None and not column.plain:
        # 1,0 and 1 are one class, called as it came first.
        rows = np.unique(cells.codes, return_index=True)[1]
        first: dict[float, str] = {}
        labels = [
            first.setdefault(float(value), label) for value, label in zip(column.values[rows], labels, strict=True)
        ]
    elif merge and column.values is None:
        labels, note = merged(labels, cells.counts)
    names = levels(labels)
    if len(names) < 2:
        raise BadInput(
            table.where,
            expected="at least two classes",
            came=f"only {quoted(names[0])}",
            remedy="choose another target column",
        )
    code = {name: i for i, name in enumerate(names)}
    return Target("classification", np.array([code[label] for label in labels])[cells.codes], names, note)
