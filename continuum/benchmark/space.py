"""The space that every searcher searches: real width, learning rate, weight decay, depth."""

from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import product
from math import ceil, log

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.errors import BadInput


@dataclass(frozen=True, order=True)
class Point:
    """One network to be trained.

    Args:
        gamma: width of each hidden layer, in units, above 0.
        lr: learning rate.
        weight_decay: on the weights, not the biases.
        depth: hidden layers, all of width gamma.

    >>> Point(2.5, 0.01, depth=2).units
    6
    """

    gamma: float
    lr: float
    weight_decay: float = 0.0
    depth: int = 1

    def __post_init__(self) -> None:
        checks.positive("gamma", self.gamma, remedy="the least width of the table is 0.5")
        checks.positive("lr", self.lr, remedy="0.01 is a common choice")
        checks.number("weight_decay", self.weight_decay, low=0.0, remedy="0 is none")
        checks.whole("depth", self.depth, at_least=1)

    @property
    def units(self) -> int:
        """Hidden units that are paid for, depth x ceil(gamma): a fraction of a unit costs a whole one."""
        return self.depth * ceil(self.gamma)


@dataclass(frozen=True)
class Space:
    """A grid of points, and the box around it. The defaults are those of the shipped table.

    >>> SPACE.size, len(SPACE.gamma), SPACE.epochs
    (480, 24, 100)
    >>> SPACE.nearest(Point(gamma=2.6, lr=0.002)).gamma
    2.5
    """

    gamma: tuple[float, ...] = (
        *(0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0),
        *(7.5, 8.0, 10.0, 11.5, 14.5, 16.0, 20.0, 24.0, 30.5, 32.0, 48.0, 64.0),
    )
    lr: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03)
    weight_decay: tuple[float, ...] = (0.0, 0.001)
    depth: tuple[int, ...] = (1, 2)
    epochs: int = 100

    def __post_init__(self) -> None:
        for name in ("gamma", "lr", "weight_decay", "depth"):
            values = getattr(self, name)
            if not values or list(values) != sorted(set(values)):
                raise BadInput(name, expected="values that rise, one at least", came=values, remedy="sort them")
        checks.whole("epochs", self.epochs, at_least=1)
        Point(self.gamma[0], self.lr[0], self.weight_decay[0], self.depth[0])

    @property
    def size(self) -> int:
        """Number of points on the grid."""
        return len(self.gamma) * len(self.lr) * len(self.weight_decay) * len(self.depth)

    def points(self) -> list[Point]:
        """All points of the grid; depth turns slowest, gamma fastest."""
        return list(_grid(self))

    def __contains__(self, point: Point) -> bool:
        """Whether the point lies on the grid."""
        return all(value in axis for value, axis in zip(astuple(point), self._axes(), strict=True))

    def index(self, point: Point) -> int:
        """Place of a point of the grid in ``points()``; ``BadInput`` off the grid."""
        if point not in self:
            remedy = "take nearest(point), or look it up with interpolate=True"
            raise BadInput("point", expected="a point of the grid", came=point, remedy=remedy)
        gamma, lr, decay, depth = (axis.index(v) for axis, v in zip(self._axes(), astuple(point), strict=True))
        return ((depth * len(self.weight_decay) + decay) * len(self.lr) + lr) * len(self.gamma) + gamma

    def nearest(self, point: Point) -> Point:
        """The point of the grid that is nearest: in the logarithm of gamma and lr, plainly in decay and depth."""
        return Point(
            min(self.gamma, key=lambda gamma: abs(log(gamma / point.gamma))),
            min(self.lr, key=lambda lr: abs(log(lr / point.lr))),
            min(self.weight_decay, key=lambda decay: abs(decay - point.weight_decay)),
            min(self.depth, key=lambda depth: abs(depth - point.depth)),
        )

    def at(self, cube: Float[np.ndarray, "4"], *, on_grid: bool = True) -> Point:
        """The point at a place of the unit cube (gamma, lr, decay, depth); each value of the grid has an equal share.

        With ``on_grid=False`` gamma and lr are real: log-linear between the ends of the box.
        """
        axes = self._axes()
        places = [min(int(u * len(axis)), len(axis) - 1) for u, axis in zip(cube, axes, strict=True)]
        gamma, lr, decay, depth = (axis[place] for axis, place in zip(axes, places, strict=True))
        if not on_grid:
            gamma, lr = (axis[0] * (axis[-1] / axis[0]) ** float(u) for axis, u in zip(axes[:2], cube[:2], strict=True))
        return Point(gamma, lr, decay, int(depth))

    def sample(self, generator: np.random.Generator) -> Point:
        """A point of the grid, each as likely."""
        return self.at(generator.random(4))

    def _axes(self) -> tuple[tuple[float, ...], ...]:
        return self.gamma, self.lr, self.weight_decay, self.depth


@lru_cache(maxsize=16)
def _grid(space: Space) -> tuple[Point, ...]:
    """The points, made once: checking hundreds of them takes longer than a search on a table."""
    grid = product(space.depth, space.weight_decay, space.lr, space.gamma)
    return tuple(Point(gamma, lr, decay, depth) for depth, decay, lr, gamma in grid)


#: The space of the shipped table.
SPACE = Space()
