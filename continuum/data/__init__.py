"""Tabular tasks, their splits, and standardising on the training part only."""

from continuum.data.loading import load, task_names
from continuum.data.splits import Split, split
from continuum.data.standard import Part, Prepared, prepare
from continuum.data.task import Provenance, Task, unchanged

__all__ = ["Part", "Prepared", "Provenance", "Split", "Task", "load", "prepare", "split", "task_names", "unchanged"]
