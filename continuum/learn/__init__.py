"""One run that learns the width of a network together with its weights."""

from continuum.learn.descent import DescentConfig, TableResult, learn_table
from continuum.learn.learning import learn_width, width_path
from continuum.learn.loss import Likelihood
from continuum.learn.modules import WidthProx
from continuum.learn.path import WidthPath
from continuum.learn.result import WidthResult
from continuum.learn.settings import LearnConfig

__all__ = [
    "DescentConfig",
    "LearnConfig",
    "Likelihood",
    "TableResult",
    "WidthPath",
    "WidthProx",
    "WidthResult",
    "learn_table",
    "learn_width",
    "width_path",
]
