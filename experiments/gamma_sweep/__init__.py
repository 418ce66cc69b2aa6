"""Capacity against accuracy as a real-valued width gamma crosses the integers.

For every task and seed, one network is trained at each gamma of a grid (same units, same minibatches), and the widest
of them is also *sliced*: cut to every gamma without training. A cell is one task and one seed.

Each row describes the network of the best epoch on the validation part. Losses are mean nats (classes) or half mean
squared errors of the standardised target (values); the derivatives in gamma are those of these losses, without weight
decay. ``auc`` is the mean of the validation score over training (trapezoidal, start included); ``steps_to_95`` counts
gradient steps until the validation accuracy first reaches 95 % of the best of the widest network (for values, until
the RMSE is within 1/0.95 of it), and is missing where that never happens.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from continuum.exp.experiment import Tables

from .cells import cells, run
from .config import Config
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "page", "report", "run"]

#: Part of every cell's key: raised when the code changes what a cell returns.
RESULT_VERSION = 2


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF."""
    from .figures import draw as write_figures  # matplotlib: not for the workers

    return write_figures(tables, folder)


def page(tables: Tables, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the HTML page of a run shows, but for the manifest."""
    from .page_data import page as page_data  # matplotlib: not for the workers

    return page_data(tables, manifest)
