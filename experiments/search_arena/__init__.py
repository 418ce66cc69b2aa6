r"""Which way of choosing a network finds a good one for the least training, and does any beat random search?

Every searcher that the library knows, under one accounting (epochs) and one objective (loss and the price of units),
on the table of the benchmark: regret on validation rows is exact, regret on test rows cross-fitted between seeds, and
the noise floor of the latter is measured. Methods that train one set of weights, and agents that learn over tasks,
train for real. What was expected, with margins and power, stands in PREDICTIONS.md.
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
