"""The dataset of datasets: networks of every width, learning rate, decay and depth, trained once and looked up."""

from continuum.benchmark.curve import Curve
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.benchmark.objective import PRICE, Objective
from continuum.benchmark.rows import BATCH, MOST_ROWS, stream
from continuum.benchmark.space import SPACE, Point, Space

__all__ = [
    "BATCH",
    "MOST_ROWS",
    "PRICE",
    "SPACE",
    "Curve",
    "Evaluator",
    "Objective",
    "Point",
    "Request",
    "Space",
    "stream",
]
