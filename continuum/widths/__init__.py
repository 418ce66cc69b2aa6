"""Laws of width: each gives a gate in [0, 1] to every unit of an ordered hidden layer."""

from continuum.widths.derivative import gamma_derivative
from continuum.widths.interval import Interval, Side
from continuum.widths.law import Width

__all__ = ["Interval", "Side", "Width", "gamma_derivative"]
