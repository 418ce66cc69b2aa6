r"""When width and weights are trained jointly, which method recruits units from below, and does geometry matter?

For fixed features the geometry of the gate decides whether the slope of the optimum at an integer sees the next unit.
Here everything is trained at once: gates and norms (linear, square-root, L2(E) as a penalty alone and with its metric)
by optimizer, step of gamma, batch, features and start, on tasks of known or measured needed width; and a rule that uses
the capacity signal at the integers, ``shadow``. What was expected, and the power to see it, stand in PREDICTIONS.md.
"""

from pathlib import Path

from continuum.exp.experiment import Tables

from .cells import cells, run
from .config import Config
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

#: Part of every cell's key: raised when the code changes what a cell returns.
RESULT_VERSION = 1


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables of the report beside them."""
    from .figures import draw as write_figures  # matplotlib: not for the workers

    return write_figures(tables, folder)
