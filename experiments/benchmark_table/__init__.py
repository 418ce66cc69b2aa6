"""The dataset of datasets: networks of every width, rate, decay and depth on many tasks, each trained once.

A cell is one task, seed, depth and weight decay: all widths and learning rates are trained together. The rows of the
table ``results`` are networks; those of ``curves`` are their epochs, one network after the other in the same order. The
figures' folder receives the finished table, too, in the form that ``continuum.benchmark.Table.load`` takes.
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
    """Write the table, and all figures as PNG and PDF."""
    from .figures import draw as write_figures  # matplotlib: not for the workers

    return write_figures(tables, folder)
