"""What weights cost under gates, and what remains when the gates are eliminated."""

from continuum.widths.penalty.decay import ConvexDecay, Decay, PowerDecay
from continuum.widths.penalty.geometry import GEOMETRIES, Geometry, price, weight_decay
from continuum.widths.penalty.perspective import Perspective, perspective
from continuum.widths.penalty.reverse_huber import best_gates, full_norm, reverse_huber, reverse_huber_prox, threshold

__all__ = [
    "GEOMETRIES",
    "ConvexDecay",
    "Decay",
    "Geometry",
    "Perspective",
    "PowerDecay",
    "best_gates",
    "full_norm",
    "perspective",
    "price",
    "reverse_huber",
    "reverse_huber_prox",
    "threshold",
    "weight_decay",
]
