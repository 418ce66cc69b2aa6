"""A price that falls in stages; held-out rows say where it stops, what inputs to take, how many units to keep."""

from continuum.learn.descent.candidates import Candidate
from continuum.learn.descent.learning import learn_table
from continuum.learn.descent.settings import ROUNDINGS, DescentConfig
from continuum.learn.descent.table import TableResult

__all__ = ["ROUNDINGS", "Candidate", "DescentConfig", "TableResult", "learn_table"]
