"""Run experiments: ``python -m continuum.exp NAME``.

An experiment is a module that cuts its question into independent cells (``continuum.exp.experiment`` says how it
must look). This room plans the cells, computes them in worker processes, keeps every finished one safe on disk,
and assembles tables and figures. It knows nothing of networks.
"""

from continuum.exp.cli import main
from continuum.exp.experiment import Cell, Experiment, RunOptions
from continuum.exp.file_options import FileOptions

__all__ = ["Cell", "Experiment", "FileOptions", "RunOptions", "main"]
