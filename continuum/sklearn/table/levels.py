"""The categories of a column, and their codes."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int, Shaped

from continuum.sklearn.table.reading import Cells

#: Most categories of a column that are told apart.
MOST = 100


@dataclass(frozen=True, eq=False)
class Levels:
    """The categories of a column, in order, and whether a missing value is one more.

    Args:
        values: texts and numbers as they were met in training, without what is missing; at most ``MOST``.
        missing: whether a missing value occurred, whose code comes behind the others.
        others: how many categories are not among ``values``: beyond ``MOST`` the rarer ones.

    >>> levels = Levels.of(np.array(["red", "blue", None, "red"], dtype=object))
    >>> levels.values, levels.count
    (('blue', 'red'), 3)
    >>> levels.codes(np.array(["red", "green", np.nan], dtype=object))
    array([ 1., -1.,  2.])
    """

    values: tuple[object, ...]
    missing: bool
    others: int = 0

    @classmethod
    def of(cls, cells: Cells, weight: Float64[np.ndarray, " rows"] | None = None) -> Self:
        """The categories of training rows; of too many, the most frequent ones that occur in two rows or more."""
        codes, values = factorised(cells)
        present = codes >= 0
        rows = np.bincount(codes[present], minlength=len(values))
        mass = rows if weight is None else np.bincount(codes[present], weight[present], len(values))
        kept = np.arange(len(values))
        if len(values) > MOST:
            often = kept[rows > 1]
            kept = often[np.argsort(-mass[often], kind="stable")[:MOST]]
        return cls(_ordered([values[k] for k in kept]), bool((~present).any()), len(values) - len(kept))

    @property
    def count(self) -> int:
        """Codes from 0 on, one at least: a column all of whose categories are left out has one that never occurs."""
        return max(1, len(self.values) + self.missing)

    def codes(self, cells: Cells) -> Float64[np.ndarray, " rows"]:
        """The code of each cell, -1 where it is unknown."""
        codes, values = factorised(cells.astype(object))
        known = {value: float(code) for code, value in enumerate(self.values)}
        missing = float(len(self.values)) if self.missing else -1.0
        new = np.array([*(known.get(value, -1.0) for value in values), missing])
        return np.asarray(new[codes])


def factorised(cells: Cells) -> tuple[Int[np.ndarray, " rows"], Shaped[np.ndarray, " values"]]:
    """Distinct values, and which of them each cell holds, -1 where it is missing.

    Of values that are neither texts nor numbers, such as intervals and lists, their ``repr`` stands for them.
    """
    try:
        codes, values = pd.factorize(cells)
    except TypeError:  # lists and the like have no hash
        missing = pd.isna(cells)
        named = [None if hole else _named(cell) for cell, hole in zip(cells, missing, strict=True)]
        codes, values = pd.factorize(np.array(named, dtype=object))
    names = np.empty(len(values), dtype=object)
    names[:] = [_named(value) for value in values]
    return np.asarray(codes), names


def _named(value: object) -> object:
    """A value as a text or a number, which can be stored and compared."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float) else repr(value)


def _ordered(values: list[Any]) -> tuple[object, ...]:
    try:
        return tuple(sorted(values))
    except TypeError:  # texts among numbers
        return tuple(sorted(values, key=lambda value: (type(value).__name__, str(value))))
