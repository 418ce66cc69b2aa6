"""The distinct cells of a column, and which of them stands in which row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Int64


@dataclass(frozen=True, eq=False)
class Distinct:
    """``values[codes[i]]`` is the cell of row i, which is missing where the code is -1.

    >>> cells = Distinct.of(["b", "", "a", "b"])
    >>> cells.values, cells.codes, cells.counts
    (('b', 'a'), array([ 0, -1,  1,  0]), array([2, 1]))
    """

    values: tuple[str, ...]
    codes: Int64[np.ndarray, " n"]

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Distinct":
        """Return the distinct cells in the order in which they come; "" is a missing one."""
        code: dict[str, int] = {}
        for cell in cells:
            if cell not in code and cell != "":
                code[cell] = len(code)
        values = tuple(code)
        code[""] = -1
        return cls(values, np.fromiter(map(code.__getitem__, cells), dtype=np.int64, count=len(cells)))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def counts(self) -> Int64[np.ndarray, " k"]:
        """In how many rows each stands."""
        return np.asarray(np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)))

    @property
    def present(self) -> int:
        """In how many rows the column is not missing."""
        return int((self.codes >= 0).sum())

    def row_of(self, chosen: Bool[np.ndarray, " k"]) -> int:
        """The first row in which one of the chosen cells stands."""
        return int(np.flatnonzero(np.append(chosen, False)[self.codes])[0])

    def spread(self, values: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " n"]:
        """Values of the distinct cells as values of the rows, NaN where missing.

        >>> Distinct.of(["b", "", "a"]).spread(np.array([7.0, 8.0]))
        array([ 7., nan,  8.])
        """
        return np.asarray(np.append(values, np.nan)[self.codes])

    def renamed(self, names: Sequence[str]) -> "Distinct":
        """The same rows with other names for their cells; cells of one name become one.

        >>> cells = Distinct.of(["Yes", "no", "yes"]).renamed(["yes", "no", "yes"])
        >>> cells.values, cells.codes
        (('yes', 'no'), array([0, 1, 0]))
        """
        new = {name: i for i, name in enumerate(dict.fromkeys(names))}
        return Distinct(tuple(new), np.array([*(new[name] for name in names), -1], dtype=np.int64)[self.codes])
