"""Shared weights that every network of the space trains alike, and two ways to choose with them."""

from itertools import product
from typing import ClassVar

import numpy as np

from continuum.benchmark import Point
from continuum.search.shared.method import Ground, Run, Shared

#: Networks that a policy draws at its end, of which the best under shared weights is taken.
CANDIDATES = 10


class _Uniform(Run):
    """Each step trains one architecture, drawn uniformly."""

    cycle = 1.0

    def __init__(self, ground: Ground, candidates: int | None) -> None:
        super().__init__(ground)
        self._generator = np.random.default_rng([ground.seed, 21])
        self._places = list(product(*(range(count) for count in ground.choices)))
        self._candidates = candidates
        self.choosing = ground.measuring(candidates or len(self._places))

    def advance(self) -> None:
        self.ground.descend(self.ground.weights, self._draw(self._generator))

    def choose(self, generator: np.random.Generator) -> Point:
        if self._candidates is None:
            points = [self.ground.decoded(*place) for place in self._places]
        else:
            points = [self._draw(generator) for _ in range(self._candidates)]
        return self.ground.least(points)

    def _draw(self, generator: np.random.Generator) -> Point:
        return self.ground.decoded(*self._places[int(generator.integers(len(self._places)))])


class UniformSupernet(Shared):
    """Train shared weights on architectures drawn uniformly, then take the one of the least shared J.

    Reference: Z. Guo et al., "Single path one-shot neural architecture search with uniform sampling", 2020.

    >>> UniformSupernet().search("iris", budget=200, seed=0).rows["cost"].tolist()
    [100, 200]
    """

    name: ClassVar[str] = "supernet"

    def begin(self, ground: Ground) -> Run:
        return _Uniform(ground, candidates=None)


class RandomShared(Shared):
    """The random policy under weight sharing: as many candidates as a controller draws at its end, drawn uniformly.

    Reference: L. Li, A. Talwalkar, "Random search and reproducibility for neural architecture search", 2019.
    """

    name: ClassVar[str] = "random_shared"

    def begin(self, ground: Ground) -> Run:
        return _Uniform(ground, candidates=CANDIDATES)
