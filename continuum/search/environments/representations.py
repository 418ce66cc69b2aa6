r"""How an action says which network: a real width, one that is rounded, logits with their argmax, or an index.

All share the learning rate, so that two of them differ in the width alone.
"""

from abc import ABC, abstractmethod
from bisect import bisect
from itertools import pairwise
from math import log, sqrt
from typing import Any

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.benchmark import SPACE, Point, Space
from continuum.errors import BadInput
from continuum.search.extras import library


def widths(space: Space = SPACE, resolution: int | None = None) -> tuple[float, ...]:
    """``resolution`` widths with equal ratios, from the least to the greatest; None: the widths of the grid.

    >>> widths(SPACE, 8)
    (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    """
    if resolution is None:
        return space.gamma
    checks.whole("resolution", resolution, at_least=2)
    return tuple(float(f"{gamma:.12g}") for gamma in np.geomspace(space.gamma[0], space.gamma[-1], resolution))


class Representation(ABC):
    """Actions, and the points that they mean.

    Args:
        space: where points lie.
        everything: whether the action chooses weight decay and depth, too, by a number each; else they are the first
            ones of the space.
        on_grid: whether a point is moved to the nearest one of the grid, in logarithms; else gamma and lr are real.
    """

    def __init__(self, space: Space = SPACE, everything: bool = False, on_grid: bool = True) -> None:
        self.space, self.everything, self.on_grid = space, everything, on_grid
        self._points = space.points()
        self._bounds = [_middles(axis) for axis in (space.gamma, space.lr)]

    @property
    @abstractmethod
    def actions(self) -> Any:
        """The space of actions, one of Gymnasium's."""

    @abstractmethod
    def point(self, action: Any) -> Point:
        """The point of an action; ``BadInput`` for an action outside the space of actions."""

    def _placed(self, gamma: float, lr: float, rest: tuple[int, int]) -> Point:
        decay, depth = rest
        space = self.space
        if not self.on_grid:
            return Point(gamma, lr, space.weight_decay[decay], space.depth[depth])
        row = (depth * len(space.weight_decay) + decay) * len(space.lr) + bisect(self._bounds[1], lr)
        return self._points[row * len(space.gamma) + bisect(self._bounds[0], gamma)]


class Continuous(Representation):
    r"""A real width: :math:`\gamma = \gamma_0 (\gamma_1 / \gamma_0)^{(a_1 + 1) / 2}`, :math:`a \in [-1, 1]^2`; so lr.

    >>> Continuous(on_grid=False).point(np.array([0.0, 1.0]))
    Point(gamma=5.656854249492381, lr=0.03, weight_decay=0.0, depth=1)
    """

    #: How many numbers of an action speak of the width.
    _first = 1

    @property
    def size(self) -> int:
        """Numbers in an action."""
        return self._first + (3 if self.everything else 1)

    @property
    def actions(self) -> Any:
        return library("gymnasium").spaces.Box(-1.0, 1.0, (self.size,), np.float32)

    def point(self, action: Float[np.ndarray, " size"]) -> Point:
        numbers = self._checked(action)
        gamma, (lr, *rest) = self._gamma(numbers[: self._first]), numbers[self._first :]
        low, high = self.space.lr[0], self.space.lr[-1]
        axes = self.space.weight_decay, self.space.depth
        chosen = [min(int((a + 1) / 2 * len(axis)), len(axis) - 1) for a, axis in zip(rest, axes, strict=False)]
        decay, depth = chosen or (0, 0)
        return self._placed(gamma, _between(low, high, lr), (decay, depth))

    def _gamma(self, numbers: list[float]) -> float:
        return _between(self.space.gamma[0], self.space.gamma[-1], numbers[0])

    def _checked(self, action: Any) -> list[float]:
        values = np.asarray(action)
        numbers: list[float] = values.tolist() if values.ndim == 1 and values.dtype.kind in "fi" else []
        if len(numbers) != self.size or not all(-1.0 <= a <= 1.0 for a in numbers):  # of NaN this is false
            expected = f"{self.size} numbers from -1 to 1"
            raise BadInput("action", expected=expected, came=action, remedy="clip it, and look for what is no number")
        return numbers


class ContinuousRounded(Continuous):
    """A real width that is rounded to the nearest of some: what is lost against ``Continuous`` is resolution alone.

    >>> ContinuousRounded(resolution=8, on_grid=False).point(np.array([0.1, 1.0])).gamma
    8.0
    """

    def __init__(self, space: Space = SPACE, *, resolution: int | None = None, **options: bool) -> None:
        super().__init__(space, **options)
        self.widths = widths(space, resolution)
        self._middles = _middles(self.widths)

    def _gamma(self, numbers: list[float]) -> float:
        return self.widths[bisect(self._middles, super()._gamma(numbers))]


class SoftmaxArgmax(ContinuousRounded):
    r"""One logit for each of K widths; the greatest softmax wins: an action of K numbers instead of one.

    As a function of the logits the width has the derivative 0 almost everywhere.

    >>> SoftmaxArgmax(resolution=8, on_grid=False).point(np.array([0, 0, 0, 0.9, 0, 0, 0, 0, 1.0])).gamma
    4.0
    """

    def __init__(self, space: Space = SPACE, *, resolution: int | None = None, **options: bool) -> None:
        super().__init__(space, resolution=resolution, **options)
        self._first = len(self.widths)

    def _gamma(self, numbers: list[float]) -> float:
        return self.widths[max(range(len(numbers)), key=numbers.__getitem__)]


class Discrete(Representation):
    """An index into widths x learning rates of the grid (x decays x depths); the width turns fastest.

    >>> Discrete(resolution=8).point(9)
    Point(gamma=1.0, lr=0.001, weight_decay=0.0, depth=1)
    """

    def __init__(self, space: Space = SPACE, *, resolution: int | None = None, **options: bool) -> None:
        super().__init__(space, **options)
        self.widths = widths(space, resolution)
        rest = len(space.weight_decay), len(space.depth)
        self._shape = len(self.widths), len(space.lr), *(rest if self.everything else (1, 1))
        self.size = int(np.prod(self._shape))

    @property
    def actions(self) -> Any:
        return library("gymnasium").spaces.Discrete(self.size)

    def point(self, action: Any) -> Point:
        index = np.asarray(action)
        if index.shape != () or index.dtype.kind not in "iu" or not 0 <= int(index) < self.size:
            expected = f"a whole number from 0 to {self.size - 1}"
            raise BadInput("action", expected=expected, came=action, remedy="sample the space of actions")
        gamma, lr, decay, depth = np.unravel_index(int(index), self._shape, order="F")
        return self._placed(self.widths[gamma], self.space.lr[lr], (int(decay), int(depth)))


#: Representations by name.
REPRESENTATIONS: dict[str, type[Representation]] = {
    "continuous": Continuous,
    "rounded": ContinuousRounded,
    "softmax": SoftmaxArgmax,
    "discrete": Discrete,
}


def represent(name: str, space: Space = SPACE, resolution: int | None = None, **options: bool) -> Representation:
    """A representation by name; ``BadInput`` for an unknown one, or for a resolution of the continuous one.

    >>> represent("rounded", resolution=5).widths
    (0.5, 1.68179283051, 5.65685424949, 19.027313841, 64.0)
    """
    kind = REPRESENTATIONS[checks.one_of("representation", name, REPRESENTATIONS, plural="representations")]
    if issubclass(kind, ContinuousRounded | Discrete):
        return kind(space, resolution=resolution, **options)
    if resolution is not None:
        raise BadInput("resolution", expected="None: a real width has none", came=resolution, remedy="take rounded")
    return kind(space, **options)


def _middles(values: tuple[float, ...]) -> list[float]:
    return [sqrt(a * b) for a, b in pairwise(values)]


def _between(low: float, high: float, a: float) -> float:
    inside: float = min(max(low * (high / low) ** ((a + 1) / 2), low), high)
    return inside


def coordinate(low: float, high: float, value: float) -> float:
    """The number from -1 to 1 that means a value: the inverse of what ``Continuous`` does."""
    return 2 * log(value / low) / log(high / low) - 1
