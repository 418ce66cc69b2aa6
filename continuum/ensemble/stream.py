"""The data that many members of an ensemble share, and the order in which they see them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from continuum.data import Part, Task, prepare, split

#: Purpose of this random stream, beside those of the initial weights.
_BATCHES = 3


@dataclass(frozen=True)
class Stream:
    """Standardised data, and the seed of the minibatches that its members have in common.

    Members of one stream see the same rows in the same order, so that their differences are not blurred by
    sampling; different seeds give independent orders. ``scale`` is the unit of a standardised regression target.
    """

    seed: int
    kind: str
    outputs: int
    train: Part
    validation: Part | None = None
    test: Part | None = None
    scale: float = 1.0

    @classmethod
    def of(cls, task: Task, seed: int) -> "Stream":
        """Split and standardise a task with this seed."""
        parts = prepare(task, split(task, seed))
        outputs = max(len(task.class_names), 1)
        return cls(seed, task.kind, outputs, parts.train, parts.validation, parts.test, float(parts.target_scale))


def order(seed: int, epoch: int, rows: int) -> Int[np.ndarray, " rows"]:
    """Order of the training rows in an epoch; minibatches are consecutive pieces of it.

    It is a function of the stream's seed and the epoch alone, so that training may be taken up anywhere.

    >>> order(seed=0, epoch=0, rows=4).tolist() == order(seed=0, epoch=0, rows=4).tolist()
    True
    """
    return np.random.default_rng([seed, _BATCHES, epoch]).permutation(rows)
