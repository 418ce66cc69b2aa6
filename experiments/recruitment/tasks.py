"""The tasks: teachers of known width, and tasks of the catalogue, cut to few rows."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum.data import load, unchanged
from continuum.ensemble import Stream
from continuum.errors import BadInput
from continuum.exp.sizes import MOST_UNITS

#: Inputs of a teacher, length of its units' directions, standard deviation of its noise.
INPUTS, GAIN, NOISE = 8, 1.5, 0.1
#: Most test rows.
TEST_ROWS = 1000


class Rows(NamedTuple):
    """Rows of inputs with a last column of ones, and targets; ``classes`` is 0 for values."""

    x: Float[Tensor, "rows inputs"]
    target: Tensor
    classes: int

    def take(self, chosen: Tensor) -> "Rows":
        """Some rows."""
        return Rows(self.x[chosen], self.target[chosen], self.classes)


@dataclass(frozen=True)
class Examples:
    """Rows to train on and rows to test on."""

    train: Rows
    test: Rows

    @property
    def outputs(self) -> int:
        """Outputs of a network: one per class, or one."""
        return self.train.classes or 1

    @property
    def inputs(self) -> int:
        """Inputs without the column of ones."""
        return self.train.x.shape[1] - 1


def teacher_units(task: str) -> int | None:
    """Units of the network that made a task called teacher_K, else None.

    >>> teacher_units("teacher_16"), teacher_units("digits")
    (16, None)
    """
    head, _, number = task.partition("_")
    if head != "teacher":
        return None
    if not (number.isdecimal() and len(number) <= len(str(MOST_UNITS)) and 1 <= int(number) <= MOST_UNITS):
        expected = f"teacher_K with a number K from 1 to {MOST_UNITS}"
        raise BadInput("tasks", expected=expected, came=task, remedy="write teacher_8, say")
    return int(number)


def examples(task: str, seed: int, rows: int, dtype: torch.dtype, checksum: object = None) -> Examples:
    """The data of one repetition; with a ``checksum``, data that changed since the plan are refused."""
    width = teacher_units(task)
    if width is not None:
        return taught(width, seed, rows, dtype)
    loaded = load(task)
    if checksum is not None:
        unchanged(loaded, checksum)  # type: ignore[arg-type]
    stream = Stream.of(loaded, seed)
    parts = (stream.train, rows), (stream.test or stream.train, TEST_ROWS)
    train, test = (_rows(part.x[:most], part.y[:most], loaded.classes, dtype) for part, most in parts)
    return Examples(train, test)


def taught(width: int, seed: int, rows: int, dtype: torch.dtype) -> Examples:
    r"""Normal inputs, and :math:`t = \sum_{i<K} \pm\tanh(u_i \cdot x) + \mathrm{noise}`, :math:`|u_i|` = GAIN.

    The target is not standardised: every unit of every teacher is worth about as much.

    >>> taught(4, seed=0, rows=16, dtype=torch.float64).train.x.shape
    torch.Size([16, 9])
    """
    rng = np.random.default_rng([seed, width])
    directions = rng.standard_normal((INPUTS, width))
    directions *= GAIN / np.linalg.norm(directions, axis=0)
    signs = rng.choice([-1.0, 1.0], size=width)

    def part(count: int) -> Rows:
        x = rng.standard_normal((count, INPUTS))
        return _rows(x, np.tanh(x @ directions) @ signs + NOISE * rng.standard_normal(count), 0, dtype)

    return Examples(part(rows), part(TEST_ROWS))


def _rows(x: np.ndarray, y: np.ndarray, classes: int, dtype: torch.dtype) -> Rows:
    with_ones = torch.from_numpy(np.column_stack([x, np.ones(len(x))])).to(dtype)
    target = torch.from_numpy(np.ascontiguousarray(y))
    return Rows(with_ones, target.long() if classes else target.to(dtype).reshape(-1, 1), classes)
