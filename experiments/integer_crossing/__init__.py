"""Gamma in motion: what happens when a width that is trained arrives at an integer.

Networks of one hidden layer on real tasks, hundreds at once, whose width moves by descent. A cell is one part of the
question on one task (the exact flow, the rotation at a kink, un-pinning, soft gates, the hyperbolas between integers);
of the joint training, one variant on one task. The predictions, written before the run, are in PREDICTIONS.md.
"""

from pathlib import Path

from continuum.exp.experiment import Tables

from .cells import PARTS, cells, run
from .config import Config
from .report import report

__all__ = ["PARTS", "RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

#: Part of every cell's key: raised when the code changes what a cell returns.
RESULT_VERSION = 2


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables of the report beside them."""
    from .figures import draw as write_figures  # matplotlib: not for the workers

    return write_figures(tables, folder)
