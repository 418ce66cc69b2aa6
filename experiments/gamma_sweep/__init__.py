"""Capacity against accuracy as a real-valued width gamma crosses the integers.

For every task and seed, one network is trained at each gamma of a grid (same units, same minibatches), and the widest
of them is also *sliced*: cut to every gamma without training. A cell is one task and one seed.

Each row describes the network of the best epoch on the validation part. Losses are mean nats (classes) or half mean
squared errors of the standardised target (values); the derivatives in gamma are those of these losses, without weight
decay. ``auc`` is the mean of the validation score over training (trapezoidal, start included); ``steps_to_95`` counts
gradient steps until the validation accuracy first reaches 95 % of the best of the widest network (for values, until
the RMSE is within 1/0.95 of it), and is missing where that never happens.
"""

from .cells import cells, run
from .config import Config
from .figures import draw
from .page import page
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "page", "report", "run"]

RESULT_VERSION = 2
