"""The rows that an estimator trains on, with their weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight

from continuum.errors import BadInput

Table = Float64[np.ndarray, "rows columns"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Features, targets (class codes in one column, or one column an output), and weights or None."""

    x: Table
    y: Table
    weight: Float64[np.ndarray, " rows"] | None = None

    def part(self, kept: Bool[np.ndarray, " rows"]) -> "Rows":
        """These rows alone."""
        return Rows(self.x[kept], self.y[kept], None if self.weight is None else self.weight[kept])

    def merged(self) -> "Rows":
        """Equal rows as one that carries their weights, in the order of their values.

        The mean loss over all rows stays what it was, so that a full batch costs less; and rows that are repeated
        become to the bit what rows that weigh as much become, in whatever order they came.

        >>> rows = Rows(np.array([[2.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [0.0]])).merged()
        >>> rows.x.tolist(), rows.y.tolist(), rows.weight.tolist()
        ([[1.0], [2.0]], [[1.0], [0.0]], [1.0, 2.0])
        """
        both = np.hstack([self.x, self.y]) + 0.0  # -0.0 is 0.0
        order = np.lexsort(both.T[::-1])
        ordered = both[order]
        first = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
        weight = np.ones(len(order)) if self.weight is None else self.weight[order]
        features = self.x.shape[1]
        total = np.add.reduceat(weight, np.flatnonzero(first))
        return Rows(ordered[first, :features], ordered[first, features:], total)

    def held_out(self, fraction: float, seed: int, *, stratify: bool) -> "tuple[Rows, Rows]":
        """Two parts, the second of which holds ``fraction`` of the rows, of each class where ``stratify``."""
        labels = self.y[:, 0] if stratify else None
        both = train_test_split(np.arange(len(self.x)), test_size=fraction, random_state=seed, stratify=labels)
        return self.part(both[0]), self.part(both[1])


def weighted(x: Table, y: Table, sample_weight: Any) -> Rows:
    """Rows with these weights; one of weight 0 is as good as absent, as scikit-learn has it, and is left out."""
    if sample_weight is None:
        return Rows(x, y)
    weight = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    with np.errstate(over="ignore"):
        if not np.isfinite(total := weight.sum()):
            remedy = "divide them by their mean"
            raise BadInput("sample_weight", expected="weights of a finite sum", came=f"sum {total}", remedy=remedy)
    rows = Rows(x, y, weight).part(weight > 0)
    if len(rows.x) < 2:
        raise ValueError("Found 1 sample(s) with a weight above 0 while a minimum of 2 is required.")
    return rows
