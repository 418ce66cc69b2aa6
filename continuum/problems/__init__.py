"""Small bilevel problems that know their exact answer, and what every truncated method makes of them."""

from continuum.problems.bilevel import QuadraticBilevel
from continuum.problems.examples import (
    SCIKIT_JACOBIAN,
    feature_ridge,
    linear_width,
    quadratic_bilevel,
    ridge,
    scikit_ridge,
)
from continuum.problems.quadratic import Parts, Quadratic
from continuum.problems.ridge import FeatureRidge, PlainRidge, Regression, Ridge
from continuum.problems.width import LinearWidth

__all__ = [
    "SCIKIT_JACOBIAN",
    "FeatureRidge",
    "LinearWidth",
    "Parts",
    "PlainRidge",
    "Quadratic",
    "QuadraticBilevel",
    "Regression",
    "Ridge",
    "feature_ridge",
    "linear_width",
    "quadratic_bilevel",
    "ridge",
    "scikit_ridge",
]
