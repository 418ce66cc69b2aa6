"""Functions on the line whose positive part is a support: values, zeros, integrals and variations."""

from continuum.widths.fields.combined import Exponentials, Sum
from continuum.widths.fields.field import Affine, Field, Polynomial, RadialBasis
from continuum.widths.fields.piecewise import PiecewiseLinear, Tiled
from continuum.widths.fields.proximal import proximal_step
from continuum.widths.fields.variation import HardVariation, hard_derivative, soft_density, soft_derivative
from continuum.widths.fields.zeros import Zero, Zeros, hard_gates, zeros

__all__ = [
    "Affine",
    "Exponentials",
    "Field",
    "HardVariation",
    "PiecewiseLinear",
    "Polynomial",
    "RadialBasis",
    "Sum",
    "Tiled",
    "Zero",
    "Zeros",
    "hard_derivative",
    "hard_gates",
    "proximal_step",
    "soft_density",
    "soft_derivative",
    "zeros",
]
