"""The rows that an estimator trains on, with their weights."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from sklearn.utils.validation import _check_sample_weight

from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense
from continuum.sklearn.targets import as_numbers
from continuum.sklearn.weights import relative


@dataclass(frozen=True, eq=False)
class EstimatorRows:
    """Numbers, targets (class codes in one column, or one column per output), and weights or None.

    Args:
        x: finite, (rows, columns); an array, or sparse.
        y: (rows, outputs).
        weight: (rows,).
        categories: per column of x the number of categories whose code it holds, 0 for a number; empty: no codes.
    """

    x: Numbers
    y: EstimatorTable
    weight: Float64[np.ndarray, " rows"] | None = None
    categories: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    def part(self, kept: Bool[np.ndarray, " rows"]) -> "EstimatorRows":
        """These rows alone."""
        weight = None if self.weight is None else self.weight[kept]
        return replace(self, x=self.x[kept], y=self.y[kept], weight=weight)

    def merged(self) -> "EstimatorRows":
        """Equal rows as one that carries their weights, in the order of their values.

        The mean loss over all rows stays what it was, so that a full batch costs less; and rows that are repeated
        become to the bit what rows that weigh as much become, in whatever order they came.

        >>> rows = EstimatorRows(np.array([[2.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [0.0]])).merged()
        >>> rows.x.tolist(), rows.y.tolist(), rows.weight.tolist()
        ([[1.0], [2.0]], [[1.0], [0.0]], [1.0, 2.0])
        """
        table = np.hstack([dense(self.x), self.y]) + 0.0  # -0.0 is 0.0
        order = np.lexsort(table.T[::-1])
        ordered = table[order]
        first = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
        weight = np.ones(len(order)) if self.weight is None else self.weight[order]
        features = self.x.shape[1]
        total = np.add.reduceat(weight, np.flatnonzero(first))
        return replace(self, x=ordered[first, :features], y=ordered[first, features:], weight=total)

    def held_out(self, fraction: float, seed: int, *, stratify: bool) -> "tuple[EstimatorRows, EstimatorRows]":
        """Two parts, the second of which holds ``fraction`` of the rows, of each class where ``stratify``."""
        from sklearn.model_selection import train_test_split  # which takes long to import

        labels = self.y[:, 0] if stratify else None
        indices = train_test_split(np.arange(len(self)), test_size=fraction, random_state=seed, stratify=labels)
        return self.part(indices[0]), self.part(indices[1])


def checked_weight(sample_weight: Any, y: EstimatorTable) -> Float64[np.ndarray, " rows"] | None:
    """One weight per row, none of them negative; None where there are none."""
    if sample_weight is None:
        return None
    weight = as_numbers("sample_weight", sample_weight)
    return np.asarray(_check_sample_weight(weight, y, dtype=np.float64, ensure_non_negative=True))


def weighted_rows(
    x: Numbers, y: EstimatorTable, sample_weight: Any, categories: tuple[int, ...] = (), *, least: int = 2
) -> EstimatorRows:
    """Rows with these weights, of which only the ratios count.

    One of weight 0 is as good as absent, as scikit-learn has it, and is left out; at least ``least`` must remain.
    """
    weight = checked_weight(sample_weight, y)
    if weight is None:
        return EstimatorRows(x, y, None, categories)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    rows = EstimatorRows(x, y, weight, categories).part(weight > 0)
    if len(rows) < least:
        raise ValueError(f"Found {len(rows)} sample(s) with a weight above 0 while a minimum of {least} is required.")
    weight = relative(weight[weight > 0])
    return replace(rows, weight=None if (weight == 1).all() else weight)
