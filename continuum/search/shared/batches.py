"""Minibatches without an end."""

import numpy as np
import torch

from continuum.data import Part
from continuum.search.shared.supernet import Rows


def whole(part: Part) -> Rows:
    """All rows of a part, as the supernet takes them."""
    y = torch.from_numpy(np.asarray(part.y))
    return Rows(torch.from_numpy(np.asarray(part.x)).float(), y.float() if y.is_floating_point() else y.long())


class Batches:
    """Minibatches of a part, in a new order each time round; the last of an epoch holds what remains.

    >>> from continuum.data import Part
    >>> batches = Batches(Part(np.zeros((5, 2)), np.zeros(5)), size=2, seed=0)
    >>> [len(batches.next().x) for _ in range(4)]
    [2, 2, 1, 2]
    """

    def __init__(self, part: Part, size: int, seed: int | list[int]) -> None:
        self.rows, self.size = whole(part), size
        self._generator = np.random.default_rng(seed)
        self._queue: list[torch.Tensor] = []

    def next(self) -> Rows:
        """The next minibatch."""
        if not self._queue:
            order = torch.from_numpy(self._generator.permutation(len(self.rows.x)))
            self._queue = list(torch.split(order, self.size))
        chosen = self._queue.pop(0)
        return Rows(self.rows.x[chosen], self.rows.y[chosen])
