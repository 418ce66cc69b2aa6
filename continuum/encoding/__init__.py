"""Encodings of columns by pieces: numbers between quantiles, codes of categories, and the same as plain layers."""

from continuum.encoding.pieces import Bins, Categories, Piece, Raw
from continuum.encoding.piecewise import PiecewiseLinear
from continuum.encoding.rectifiers import Rectifiers

__all__ = ["Bins", "Categories", "Piece", "PiecewiseLinear", "Raw", "Rectifiers"]
