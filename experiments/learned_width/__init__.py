r"""Does one run find the width that a grid of fixed widths finds, and with a network as good?

The recommended method (``graded``), from several starts, beside a grid of fixed widths, the other methods of the
learner, scikit-learn's perceptron and fixed networks of exactly the width learned, on the same folds of every task.
Its targets were fixed before the run: PREDICTIONS.md. Every start is born with the same pool of units, so that the
preset ``pool`` varies the pool itself, and the preset ``perspective`` the power of the decay.
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
