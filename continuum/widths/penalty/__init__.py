"""What weights cost under gates, and what remains when the gates are eliminated."""

from continuum.widths.penalty.geometry import GEOMETRIES, Geometry, price, weight_decay
from continuum.widths.penalty.reverse_huber import best_gates, full_norm, reverse_huber, reverse_huber_prox, threshold

__all__ = [
    "GEOMETRIES",
    "Geometry",
    "best_gates",
    "full_norm",
    "price",
    "reverse_huber",
    "reverse_huber_prox",
    "threshold",
    "weight_decay",
]
