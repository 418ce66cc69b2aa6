"""Feature columns: text cells become a float64 matrix, categories become indicator columns."""

from collections.abc import Collection

import numpy as np
from jaxtyping import Bool, Float64

from continuum.data.labels import canonical, levels, numbers
from continuum.data.table import TextTable
from continuum.errors import BadInput

#: Squares of larger values, summed over the rows, would leave float64.
LARGEST = 1e100
#: A column of more categories identifies rows.
MOST_LEVELS = 1000


def encode_features(
    table: TextTable, categorical: Collection[str] = ()
) -> tuple[Float64[np.ndarray, "n d"], tuple[str, ...]]:
    """Return the features (n, d), NaN where missing, and their names.

    A column is categorical if it is listed or if no cell spells a number; raises ``BadInput`` for a mixed column.

    >>> table = TextTable("toy.csv", {"color": ["red", "blue"], "size": ["1", ""], "target": ["0", "1"]}, [2, 3])
    >>> encode_features(table)
    (array([[ 0.,  1.,  1.],
           [ 1.,  0., nan]]), ('color=blue', 'color=red', 'size'))
    """
    names = [name for name in table.columns if name != table.target]
    absent = sorted(set(categorical) - set(names))
    if absent:
        raise BadInput(
            table.where,
            expected=f"the categorical columns {', '.join(sorted(categorical))}",
            came=f"columns {', '.join(names)}",
            remedy="name the columns so, or load the file by its path",
        )
    blocks = [_encode(table, name, name in categorical) for name in names]
    matrix = np.concatenate([block for block, _ in blocks], axis=1)
    return matrix, tuple(title for _, titles in blocks for title in titles)


def _encode(table: TextTable, name: str, declared: bool) -> tuple[Float64[np.ndarray, "n k"], list[str]]:
    cells = table.columns[name]
    values = numbers(cells)
    present = np.array([cell != "" for cell in cells])
    numeric = ~np.isnan(values)
    if not present.any():
        raise BadInput(
            f"{table.where}, column {name!r}",
            expected="at least one value",
            came="only missing values",
            remedy="drop the column",
        )
    if declared or not numeric.any():
        return _indicators(table, name)
    _check_numeric(table, name, present & ~numeric, numeric)
    check_magnitude(table, name, values)
    return values[:, None], [name]


def _check_numeric(table: TextTable, name: str, text: Bool[np.ndarray, " n"], numeric: Bool[np.ndarray, " n"]) -> None:
    """Raise for a mixed column, naming the first cell of the rarer sort."""
    if not text.any():
        return
    odd, expected = (text, "a number") if text.sum() <= numeric.sum() else (numeric, "text")
    row = int(np.flatnonzero(odd)[0])
    raise BadInput(
        table.at(row, name),
        expected=f"{expected}, as in most rows",
        came=repr(table.columns[name][row]),
        remedy="correct the cell, leave it empty if it is missing, or spell all cells as text",
    )


def check_magnitude(table: TextTable, name: str, values: Float64[np.ndarray, " n"]) -> None:
    """Raise for the first value that is infinite or too large to be standardised; NaN passes."""
    beyond = np.flatnonzero(np.abs(values) > LARGEST)
    if len(beyond):
        raise BadInput(
            table.at(int(beyond[0]), name),
            expected=f"a finite number, at most {LARGEST:g} in size",
            came=repr(table.columns[name][beyond[0]]),
            remedy="correct the cell, or leave it empty if it is missing",
        )


def _indicators(table: TextTable, name: str) -> tuple[Float64[np.ndarray, "n k"], list[str]]:
    """One-hot: entry (i, j) is 1 if cell i is level j, else 0; a missing cell gives a row of NaN."""
    labels = canonical(table.columns[name])
    ordered = levels(labels)
    if len(ordered) > MOST_LEVELS:
        raise BadInput(
            f"{table.where}, column {name!r}",
            expected=f"at most {MOST_LEVELS} categories",
            came=len(ordered),
            remedy="drop the column if it only identifies rows",
        )
    # The last row of the identity-like table serves the missing cells.
    rows = np.vstack([np.eye(len(ordered)), np.full(len(ordered), np.nan)])
    code = {level: j for j, level in enumerate(ordered)}
    codes = np.array([code.get(label, len(ordered)) for label in labels])
    return rows[codes], [f"{name}={level}" for level in ordered]
