"""Feature columns: numbers as they are, categories as indicators, in one float64 matrix."""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float64

from continuum.data.columns.choices import ColumnChoices
from continuum.data.columns.column import Column, columns_of
from continuum.data.columns.identifiers import MOST_LEVELS
from continuum.data.columns.labels import canonical, levels
from continuum.data.columns.wording import quoted
from continuum.data.reading.table import TextTable
from continuum.errors import BadInput

#: Squares of larger values, summed over the rows, would leave float64.
LARGEST = 1e100
#: Numbers that a task may hold: two gigabytes of them.
MOST_CELLS = 2**28


def encode_features(
    table: TextTable, categorical: Collection[str] = ()
) -> tuple[Float64[np.ndarray, "n d"], tuple[str, ...]]:
    """Return the features (n, d), NaN where missing, and their names.

    A column is categorical if it is listed or if its cells spell no numbers, dates or times; raises ``BadInput`` for a
    mixed or ambiguous column.

    >>> table = TextTable("toy.csv", {"color": ["red", "blue"], "size": ["1", ""], "target": ["0", "1"]}, [2, 3])
    >>> encode_features(table)
    (array([[ 0.,  1.,  1.],
           [ 1.,  0., nan]]), ('color=blue', 'color=red', 'size'))
    """
    check_declared(table, categorical)
    columns = columns_of(table, ColumnChoices(), categorical)
    return matrix(table, [column for name, column in columns.items() if name != table.target])


def check_declared(table: TextTable, categorical: Collection[str]) -> None:
    """Raise unless the table has the columns of categories that are known of it."""
    names = [name for name in table.columns if name != table.target]
    if set(categorical) - set(names):
        raise BadInput(
            table.where,
            expected=f"the categorical columns {', '.join(sorted(categorical))}",
            came=f"columns {', '.join(names)}",
            remedy="name the columns so, or load the file by its path",
        )


def matrix(
    table: TextTable, columns: Sequence[Column], kept: Collection[str] = ()
) -> tuple[Float64[np.ndarray, "n d"], tuple[str, ...]]:
    """Return the matrix of these columns and the names of its own; raise the error of the first that has one.

    Columns in ``kept`` may have any number of categories.
    """
    for column in columns:
        check_column(table, column, column.name in kept)
    labels = [None if column.values is not None else spelled(column) for column in columns]
    widths = [1 if names is None else len(names) for names in labels]
    _check_size(table, columns, widths)
    features, titles = np.empty((len(table.lines), sum(widths))), list[str]()
    for column, names, width in zip(columns, labels, widths, strict=True):
        block = features[:, len(titles) : len(titles) + width]
        if names is None:
            block[:, 0] = column.values
            titles.append(column.name)
        else:
            _indicate(block, column, names)
            titles += [f"{column.name}={name}" for name in names]
    return features, tuple(titles)


def check_column(table: TextTable, column: Column, kept: bool) -> None:
    """Raise if a column cannot be used as a feature."""
    if column.error is not None:
        raise column.error
    where = f"{table.where}, column {column.name!r}"
    if column.sort == "empty":
        came, remedy = "only missing values", "drop the column"
        raise BadInput(where, expected="at least one value", came=came, remedy=remedy)
    if column.values is not None:
        check_magnitude(table, column.name, column.values)
    elif not kept and (count := len(spelled(column))) > MOST_LEVELS:
        remedy = "drop the column if it only identifies rows"
        raise BadInput(where, expected=f"at most {MOST_LEVELS} categories", came=count, remedy=remedy)


def check_magnitude(table: TextTable, name: str, values: Float64[np.ndarray, " n"]) -> None:
    """Raise for the first value that is infinite or too large to be standardised; NaN passes."""
    beyond = np.flatnonzero(np.abs(values) > LARGEST)
    if len(beyond):
        raise BadInput(
            table.at(int(beyond[0]), name),
            expected=f"a finite number, at most {LARGEST:g} in size",
            came=quoted(table.columns[name][beyond[0]]),
            remedy="correct the cell, or leave it empty if it is missing",
        )


def _check_size(table: TextTable, columns: Sequence[Column], widths: Sequence[int]) -> None:
    if len(table.lines) * sum(widths) > MOST_CELLS:
        widest = int(np.argmax(widths))
        raise BadInput(
            table.where,
            expected=f"at most {MOST_CELLS:,} numbers",
            came=f"{len(table.lines):,} rows of {sum(widths):,}, {widths[widest]} from {quoted(columns[widest].name)}",
            remedy="leave columns out (drop), or rows",
        )


def spelled(column: Column) -> tuple[str, ...]:
    """The categories of a column in order."""
    return levels(canonical(column.cells.values)) if column.cells is not None else ()


def _indicate(block: Float64[np.ndarray, "n k"], column: Column, names: Sequence[str]) -> None:
    """One-hot: entry (i, j) is 1 if cell i is level j, else 0; a missing cell gives a row of NaN."""
    cells = column.cells
    if cells is None:
        return
    place = {name: j for j, name in enumerate(names)}
    codes = np.array([*(place[label] for label in canonical(cells.values)), -1])[cells.codes]
    block[:] = 0.0
    block[np.arange(len(codes)), codes] = 1.0
    block[codes < 0] = np.nan
