"""The dataset of datasets: networks of every width, learning rate, decay and depth, trained once and looked up."""

from continuum.benchmark.adapters import config_space, objective_function
from continuum.benchmark.curve import Curve
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.benchmark.live import Live
from continuum.benchmark.lookup import Lookup
from continuum.benchmark.objective import PRICE, Objective
from continuum.benchmark.rows import BATCH, MOST_ROWS, stream
from continuum.benchmark.space import SPACE, Point, Space
from continuum.benchmark.table import Table, tabulate

__all__ = [
    "BATCH",
    "MOST_ROWS",
    "PRICE",
    "SPACE",
    "Curve",
    "Evaluator",
    "Live",
    "Lookup",
    "Objective",
    "Point",
    "Request",
    "Space",
    "Table",
    "config_space",
    "objective_function",
    "stream",
    "tabulate",
]
