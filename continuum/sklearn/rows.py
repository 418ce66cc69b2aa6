"""The rows that an estimator trains on, with their weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from sklearn.utils.validation import _check_sample_weight

from continuum.sklearn.weights import relative

#: Numbers as scikit-learn gives them.
EstimatorTable = Float64[np.ndarray, "rows columns"]


@dataclass(frozen=True, eq=False)
class EstimatorRows:
    """Features, targets (class codes in one column, or one column per output), and weights or None."""

    x: EstimatorTable
    y: EstimatorTable
    weight: Float64[np.ndarray, " rows"] | None = None

    def part(self, kept: Bool[np.ndarray, " rows"]) -> "EstimatorRows":
        """These rows alone."""
        return EstimatorRows(self.x[kept], self.y[kept], None if self.weight is None else self.weight[kept])

    def merged(self) -> "EstimatorRows":
        """Equal rows as one that carries their weights, in the order of their values.

        The mean loss over all rows stays what it was, so that a full batch costs less; and rows that are repeated
        become to the bit what rows that weigh as much become, in whatever order they came.

        >>> rows = EstimatorRows(np.array([[2.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [0.0]])).merged()
        >>> rows.x.tolist(), rows.y.tolist(), rows.weight.tolist()
        ([[1.0], [2.0]], [[1.0], [0.0]], [1.0, 2.0])
        """
        table = np.hstack([self.x, self.y]) + 0.0  # -0.0 is 0.0
        order = np.lexsort(table.T[::-1])
        ordered = table[order]
        first = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
        weight = np.ones(len(order)) if self.weight is None else self.weight[order]
        features = self.x.shape[1]
        total = np.add.reduceat(weight, np.flatnonzero(first))
        return EstimatorRows(ordered[first, :features], ordered[first, features:], total)

    def held_out(self, fraction: float, seed: int, *, stratify: bool) -> "tuple[EstimatorRows, EstimatorRows]":
        """Two parts, the second of which holds ``fraction`` of the rows, of each class where ``stratify``."""
        from sklearn.model_selection import train_test_split  # which takes long to import

        labels = self.y[:, 0] if stratify else None
        indices = train_test_split(np.arange(len(self.x)), test_size=fraction, random_state=seed, stratify=labels)
        return self.part(indices[0]), self.part(indices[1])


def weighted_rows(x: EstimatorTable, y: EstimatorTable, sample_weight: Any, *, least: int = 2) -> EstimatorRows:
    """Rows with these weights, of which only the ratios count.

    One of weight 0 is as good as absent, as scikit-learn has it, and is left out; at least ``least`` must remain.
    """
    if sample_weight is None:
        return EstimatorRows(x, y)
    weight = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    rows = EstimatorRows(x, y, weight).part(weight > 0)
    if len(rows.x) < least:
        raise ValueError(f"Found {len(rows.x)} sample(s) with a weight above 0 while a minimum of {least} is required.")
    weight = relative(weight[weight > 0])
    return EstimatorRows(rows.x, rows.y, None if (weight == 1).all() else weight)
