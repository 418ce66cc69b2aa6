"""Standardising columns."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float64

from continuum.sklearn.table.numbers import EstimatorTable, Numbers, column_moments

Column = Float64[np.ndarray, " columns"]


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and root mean square deviation of columns; scale 0 marks a column without spread.

    (``continuum.data`` marks it by infinity, to divide by; here :func:`folded` multiplies by the scale of a target.)

    >>> of_two = Standardiser.of(np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0]]), np.array([1.0, 1.0, 0.0]))
    >>> of_two.mean, of_two.scale
    (array([2., 5.]), array([1., 0.]))
    >>> of_two(np.array([[4.0, 7.0]]))
    array([[2., 0.]])
    """

    mean: Column
    scale: Column

    @classmethod
    def of(cls, table: Numbers, weight: Float64[np.ndarray, " rows"] | None = None) -> "Standardiser":
        """The weighted moments of the columns."""
        mean, scale = column_moments(table, weight)
        return cls(mean, np.where(np.isfinite(scale), scale, 0.0))

    @classmethod
    def none(cls, columns: int) -> Self:
        """Columns stay as they are."""
        return cls(np.zeros(columns), np.ones(columns))

    def except_for(self, columns: Bool[np.ndarray, " columns"]) -> "Standardiser":
        """These columns stay as they are."""
        return Standardiser(np.where(columns, 0.0, self.mean), np.where(columns, 1.0, self.scale))

    @property
    def inverse(self) -> Column:
        """1 / scale, and 0 for a column without spread: nothing can be learned about it."""
        inverse = np.zeros_like(self.scale)
        np.divide(1.0, self.scale, out=inverse, where=self.scale > 0)
        return inverse

    @property
    def shift(self) -> Column:
        """What is added to ``inverse`` times a column: - mean / scale."""
        return np.asarray(-self.mean * self.inverse)

    def __call__(self, table: EstimatorTable) -> EstimatorTable:
        """(table - mean) / scale, 0 in a column without spread."""
        with np.errstate(over="ignore", invalid="ignore"):
            standardised = (table - self.mean) * self.inverse
            if not np.isfinite(standardised).all():  # differences of the greatest doubles are none, those of halves are
                halves = (table / 2 - self.mean / 2) * (2 * self.inverse)
                standardised = np.where(np.isfinite(standardised), standardised, halves)
        return np.asarray(standardised)
