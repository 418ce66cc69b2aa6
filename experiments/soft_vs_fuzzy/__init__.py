r"""Soft supports, fuzzy grades, random widths: do their expectations find the width that a task needs, or add noise?

Every law learns its own cardinality, at the same price rho per unit of width, from below and from above, on tasks of
known needed width: readouts of fixed features, of which the target uses K, and networks trained whole (teachers of K
units, two spirals, digits). What theory says of each was fixed before the run: PREDICTIONS.md.
"""

from pathlib import Path

from continuum.exp.experiment import Tables

from .cells import cells, run
from .config import Config
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

#: Part of every cell's key: raised when the code changes what a cell returns.
RESULT_VERSION = 2


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables of the report beside them."""
    from .figures import draw as write_figures  # matplotlib: not for the workers

    return write_figures(tables, folder)
