"""Who sees that one more unit would help: the capacity loss, and the ways to its derivative at an integer width.

The capacity loss C_T(gamma) is the mean validation loss, over fresh initialisations, after T steps of training at width
gamma. At gamma = k unit k is fresh: off, with random weights. Each start is trained together with its mirror image,
-W_k for W_k: their average removes every odd power of the gate from a loss, which is most of the noise.
The predictions, written before the run, are in PREDICTIONS.md.
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
