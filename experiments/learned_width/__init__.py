r"""Does one run find the width that a grid of fixed widths finds, from any start, and with a network as good?

The recommended method (``graded``), from several starts, beside a grid of fixed widths, the other methods of the
learner, scikit-learn's perceptron and fixed networks of exactly the width learned, on the same folds of every task.
Its targets were fixed before the run: PREDICTIONS.md.
"""

from .cells import cells, run
from .config import Config
from .figures import draw
from .report import report

__all__ = ["RESULT_VERSION", "Config", "cells", "draw", "report", "run"]

RESULT_VERSION = 2
