"""The training rows of a run, and the order in which minibatches take them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

#: Rows on which curves and Gram matrices are measured.
PROBE = 512


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs with a last column of ones, targets with one row a sample, and importance weights of mean 1 (or None)."""

    x: Float[np.ndarray, "rows features"]
    y: Float[np.ndarray, "rows targets"]
    importance: Float[np.ndarray, "rows 1"] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def part(self, index: Int[np.ndarray, " part"]) -> "Rows":
        """These rows alone."""
        importance = None if self.importance is None else self.importance.take(index, 0)
        return Rows(self.x.take(index, 0), self.y.take(index, 0), importance)

    def probe(self, seed: int) -> "Rows":
        """At most 512 rows, the same ones at every call."""
        if len(self) <= PROBE:
            return self
        return self.part(np.sort(np.random.default_rng([seed, 7]).choice(len(self), PROBE, replace=False)))

    def batches(self, size: int, random: np.random.Generator) -> Iterator["Rows"]:
        """Minibatches without end: permutations of the rows, one behind the other, cut into equal pieces."""
        if size >= len(self):
            while True:
                yield self
        queue = np.empty(0, np.int64)
        while True:
            while len(queue) < size:
                queue = np.concatenate([queue, random.permutation(len(self))])
            yield self.part(queue[:size])
            queue = queue[size:]
