"""Gamma in motion: what happens when a width that is trained arrives at an integer.

Networks of one hidden layer on real tasks, hundreds at once, whose width moves by descent. A cell is one part of the
question on one task (the exact flow, the rotation at a kink, un-pinning, soft gates, the hyperbolas between integers);
of the joint training, one variant on one task. The predictions, written before the run, are in PREDICTIONS.md.
"""

from .cells import PARTS, cells, run
from .config import Config
from .figures import draw
from .report import report

__all__ = ["PARTS", "RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

#: Part of every cell's key: raised when the code changes what a cell returns.
RESULT_VERSION = 1
