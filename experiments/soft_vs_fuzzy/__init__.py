r"""Soft supports, fuzzy grades, random widths: do their expectations find the width that a task needs, or add noise?

Every law learns its own cardinality, at the same price rho per unit of width, from below and from above, on tasks of
known needed width: readouts of fixed features, of which the target uses K, and networks trained whole (teachers of K
units, two spirals, digits). What theory says of each was fixed before the run: PREDICTIONS.md.
"""

from .cells import cells, run
from .config import Config
from .figures import draw
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 1
