"""Choosing a network with weights that all candidates share."""

from continuum.search.shared.collapse import collapse, escape
from continuum.search.shared.darts import Darts, DartsSecond
from continuum.search.shared.divided import Division, divided
from continuum.search.shared.effect import METHODS, paired, response_effect
from continuum.search.shared.enas import Enas
from continuum.search.shared.joint import EnasJoint, EnasSeparate
from continuum.search.shared.response import EnasImplicit, EnasResponse
from continuum.search.shared.tas import Tas
from continuum.search.shared.uniform import RandomShared, UniformSupernet

__all__ = [
    "METHODS",
    "Darts",
    "DartsSecond",
    "Division",
    "Enas",
    "EnasImplicit",
    "EnasJoint",
    "EnasResponse",
    "EnasSeparate",
    "RandomShared",
    "Tas",
    "UniformSupernet",
    "collapse",
    "divided",
    "escape",
    "paired",
    "response_effect",
]
