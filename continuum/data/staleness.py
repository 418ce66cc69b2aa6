"""A run goes on with the data that it began with."""

from collections.abc import Mapping

from continuum.data.task import Task
from continuum.errors import BadInput


def unchanged(task: Task, checksums: Mapping[str, str]) -> Task:
    """Return the task itself, if it still has the checksum that was noted when the run was planned.

    Its file may have been edited since, while earlier results were computed from the old data.

    Args:
        task: as loaded now.
        checksums: what a cell's settings hold under ``data``, by the name that the task was noted under.

    Raises:
        BadInput: the data are others.

    >>> from continuum.data import load
    >>> task = load("iris")
    >>> unchanged(task, {"iris": task.checksum}) is task
    True
    >>> unchanged(task, {"iris": load("wine").checksum})
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: iris: expected the data of the start, got changed data; run again, without editing it
    """
    if task.checksum not in checksums.values():
        remedy = "run again, without editing it"
        raise BadInput(task.name, expected="the data of the start", came="changed data", remedy=remedy)
    return task
