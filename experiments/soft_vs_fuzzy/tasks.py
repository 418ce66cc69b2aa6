"""The tasks of the trained networks: teachers of known width, and tasks of the catalogue."""

import numpy as np

from continuum.data import Part, load
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.exp.sizes import MOST_UNITS

from .problems import GAIN, NOISE, TEST_ROWS

#: Inputs of a teacher.
INPUTS = 8


def teacher_width(task: str) -> int | None:
    """Number of units of a task called teacher_K, else None.

    >>> teacher_width("teacher_16"), teacher_width("digits")
    (16, None)
    """
    head, _, number = task.partition("_")
    if head != "teacher":
        return None
    if not (number.isdecimal() and len(number) <= len(str(MOST_UNITS)) and 1 <= int(number) <= MOST_UNITS):
        expected = f"teacher_K with a number K from 1 to {MOST_UNITS}"
        raise BadInput("tasks", expected=expected, came=task, remedy="write teacher_8, say")
    return int(number)


def stream(task: str, seed: int, rows: int) -> Stream:
    """The data of one repetition."""
    width = teacher_width(task)
    return Stream.of(load(task), seed) if width is None else taught(width, seed, rows)


def taught(width: int, seed: int, rows: int) -> Stream:
    r"""Normal inputs, and :math:`t = \sum_{i<K} \pm\tanh(u_i \cdot x) + \mathrm{noise}`, :math:`|u_i|` = GAIN.

    The target is not standardised: every unit of every teacher is worth about as much.

    >>> taught(4, seed=0, rows=16).train.x.shape
    (16, 8)
    """
    rng = np.random.default_rng([seed, width])
    directions = rng.standard_normal((INPUTS, width))
    directions *= GAIN / np.linalg.norm(directions, axis=0)
    signs = rng.choice([-1.0, 1.0], size=width)

    def part(count: int) -> Part:
        x = rng.standard_normal((count, INPUTS))
        return Part(x, np.tanh(x @ directions) @ signs + NOISE * rng.standard_normal(count))

    return Stream(seed, "regression", 1, part(rows), None, part(TEST_ROWS))
