"""From numbers to what a network is given: standardised, encoded by pieces, standardised again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float64, Int

from continuum.encoding import Bins, Categories, PiecewiseLinear, Rectifiers
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense
from continuum.sklearn.table.standardiser import Standardiser

Columns = Bool[np.ndarray, " columns"] | Sequence[int] | Int[np.ndarray, " chosen"]


@dataclass(frozen=True, eq=False)
class Features:
    r"""Numbers are standardised, codes left as they are; then each column is encoded, and what comes out standardised.

    The features of the categories of a column have one scale :math:`\sqrt{\sum_k p_k (1 - p_k)}`, with shares
    :math:`p_k`, so that together they vary as much as a column of numbers. Scaled one by one, a rare category would be
    a large number in a few rows, which small weights fit.

    ``folded`` of :mod:`continuum.sklearn.standard` takes all that into plain layers in front of a network.

    Args:
        before: of numbers; codes stay as they are.
        encoding: of the columns then.
        after: of what the encoding gives; where all columns pass, nothing more is done.

    >>> numbers = np.array([[10.0, 0.0], [20.0, 1.0], [30.0, 1.0], [40.0, -1.0]])
    >>> features = Features.of(numbers, categories=(0, 2), encoded=[0], bins=2)
    >>> features.groups
    (slice(0, 2, None), slice(2, 4, None))
    >>> features(numbers).shape
    (4, 4)
    """

    before: Standardiser
    encoding: PiecewiseLinear
    after: Standardiser

    @classmethod
    def of(
        cls,
        numbers: Numbers,
        categories: Sequence[int] = (),
        weight: Float64[np.ndarray, " rows"] | None = None,
        encoded: Columns = (),
        bins: int = 8,
        share: float | None = None,
    ) -> Self:
        """Moments and quantiles of training rows.

        Args:
            numbers: (rows, columns), finite.
            categories: per column the number of categories whose code it holds, 0 for a number; empty: no codes.
            weight: of the rows.
            encoded: columns of numbers to be cut into bins, as a mask or as indices.
            bins: most bins of a column.
            share: of a standard deviation that a bin of a column has, which stands beside its bins then: the smaller,
                the more a weight must grow to bend what the column does; None: bins alone, of one each.
        """
        counts = np.zeros(numbers.shape[1], int) if len(categories) == 0 else np.asarray(categories)
        before = Standardiser.of(numbers, weight).except_for(counts > 0)
        if not counts.any() and not np.asarray(encoded).any() and np.asarray(encoded).size == 0:
            plain = PiecewiseLinear.of(np.zeros((1, len(counts))), columns=())
            return cls(before, plain, Standardiser.none(len(counts)))
        table = before(dense(numbers))
        encoding = PiecewiseLinear.of(table, bins, weight, encoded, counts.tolist(), beside=share is not None)
        if encoding.plain:
            return cls(before, encoding, Standardiser.none(len(counts)))
        after = Standardiser.of(encoding.encode(table), weight)
        return cls(before, encoding, _evened(after, encoding, share))

    def __call__(self, numbers: EstimatorTable) -> EstimatorTable:
        """The features of rows."""
        standardised = self.before(numbers)
        return standardised if self.encoding.plain else self.after(self.encoding.encode(standardised))

    @property
    def groups(self) -> tuple[slice, ...]:
        """The features that come of each column."""
        return self.encoding.groups

    @property
    def outputs(self) -> int:
        """The number of features."""
        return self.encoding.outputs

    def rectifiers(self) -> Rectifiers:
        """The features as rectifiers of standardised numbers."""
        return self.encoding.rectifiers().scaled(self.after.inverse, self.after.shift)


def _evened(after: Standardiser, encoding: PiecewiseLinear, share: float | None) -> Standardiser:
    """One scale for the categories of a column, the root of the sum of their variances; bins have the ``share``."""
    scale = after.scale.copy()
    for piece, group in zip(encoding.pieces, encoding.groups, strict=True):
        if isinstance(piece, Categories):
            scale[group] = np.where(scale[group] > 0, np.linalg.norm(scale[group]), 0.0)
        elif isinstance(piece, Bins) and share is not None:
            scale[group] = np.append(scale[group][:1], scale[group][1:] / share)
    return Standardiser(after.mean, scale)
