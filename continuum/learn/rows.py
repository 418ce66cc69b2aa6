"""The training rows of a run, and the order in which minibatches take them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

#: Rows on which curves and Gram matrices are measured.
PROBE = 512


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows, each of which counts for as many as it weighs.

    Args:
        x: inputs with a last column of ones.
        y: targets with one row a sample.
        importance: weight of each row as a multiple of the mean one; None where all weigh the same.
        weight: mean weight of a row.
    """

    x: Float[np.ndarray, "rows features"]
    y: Float[np.ndarray, "rows targets"]
    importance: Float[np.ndarray, "rows 1"] | None = None
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.x)

    @property
    def total(self) -> float:
        """The weight of all rows together: the number of rows that they stand for."""
        return self.weight * len(self)

    def weights(self) -> Float[np.ndarray, " rows"]:
        """The weight of each row, in double precision."""
        even = np.full(len(self), self.weight)
        return even if self.importance is None else even * self.importance[:, 0]

    def part(self, index: Int[np.ndarray, " part"]) -> "Rows":
        """These rows alone, with their share of the weight."""
        found = self._taken(index)
        if found.importance is None:
            return found
        mean = float(found.importance.mean(dtype=np.float64))
        importance = found.importance / found.importance.dtype.type(mean)
        return replace(found, importance=importance, weight=self.weight * mean)

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
            yield self._taken(queue[:size])
            queue = queue[size:]

    def _taken(self, index: Int[np.ndarray, " part"]) -> "Rows":
        """These rows with the importance they have among all: so gradients of minibatches have no bias."""
        importance = None if self.importance is None else self.importance.take(index, 0)
        return Rows(self.x.take(index, 0), self.y.take(index, 0), importance, self.weight)
