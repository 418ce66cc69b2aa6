"""Laws of width: each gives a gate in [0, 1] to every unit of a hidden layer."""

from continuum.widths.cardinal import WidthName, expresses, width_of
from continuum.widths.concrete import Concrete, tail_sums
from continuum.widths.derivative import gamma_derivative
from continuum.widths.fields import (
    Affine,
    Exponentials,
    Field,
    HardVariation,
    PiecewiseLinear,
    Polynomial,
    RadialBasis,
    Sum,
    Tiled,
    Zero,
    Zeros,
    hard_derivative,
    hard_gates,
    proximal_step,
    soft_density,
    soft_derivative,
    zeros,
)
from continuum.widths.fuzzy import Fuzzy
from continuum.widths.interval import Interval, Side
from continuum.widths.penalty import (
    ConvexDecay,
    Decay,
    Geometry,
    Perspective,
    PowerDecay,
    best_gates,
    full_norm,
    perspective,
    price,
    reverse_huber,
    reverse_huber_prox,
    threshold,
    weight_decay,
)
from continuum.widths.schedule import LogSchedule
from continuum.widths.simplex import project
from continuum.widths.softsupport import SoftSupport
from continuum.widths.tilt import tilted
from continuum.widths.width import Width

__all__ = [
    "Affine",
    "Concrete",
    "ConvexDecay",
    "Decay",
    "Exponentials",
    "Field",
    "Fuzzy",
    "Geometry",
    "HardVariation",
    "Interval",
    "LogSchedule",
    "Perspective",
    "PiecewiseLinear",
    "Polynomial",
    "PowerDecay",
    "RadialBasis",
    "Side",
    "SoftSupport",
    "Sum",
    "Tiled",
    "Width",
    "WidthName",
    "Zero",
    "Zeros",
    "best_gates",
    "expresses",
    "full_norm",
    "gamma_derivative",
    "hard_derivative",
    "hard_gates",
    "perspective",
    "price",
    "project",
    "proximal_step",
    "reverse_huber",
    "reverse_huber_prox",
    "soft_density",
    "soft_derivative",
    "tail_sums",
    "threshold",
    "tilted",
    "weight_decay",
    "width_of",
    "zeros",
]
