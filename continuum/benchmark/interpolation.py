"""Between the points of the grid."""

from bisect import bisect_left
from collections.abc import Sequence
from math import log

from continuum.benchmark.space import Point, Space
from continuum.errors import BadInput


def corners(space: Space, point: Point) -> dict[Point, float]:
    """The points of the grid around a point, and their shares in it: linear in the logarithms of gamma and lr.

    >>> space = Space(gamma=(1.0, 4.0), lr=(0.01, 0.1))
    >>> {corner.gamma: round(share, 2) for corner, share in corners(space, Point(2.0, 0.01)).items()}
    {1.0: 0.5, 4.0: 0.5}

    Raises:
        BadInput: the point lies outside the box, or between two weight decays or depths.
    """
    for name in ("weight_decay", "depth"):
        value, axis = getattr(point, name), getattr(space, name)
        if value not in axis:
            raise BadInput(name, expected=f"one of {axis}", came=value, remedy="only gamma and lr are interpolated")
    gammas, lrs = _around("gamma", point.gamma, space.gamma), _around("lr", point.lr, space.lr)
    return {
        Point(gamma, lr, point.weight_decay, point.depth): of_gamma * of_lr
        for gamma, of_gamma in gammas.items()
        for lr, of_lr in lrs.items()
    }


def _around(name: str, value: float, axis: Sequence[float]) -> dict[float, float]:
    """The values of the axis next to one, and their shares; one alone where it stands on the axis."""
    if value in axis:
        return {value: 1.0}
    if not axis[0] < value < axis[-1]:
        expected, remedy = f"{axis[0]:g} to {axis[-1]:g}", "stay inside the box; Live trains what lies outside"
        raise BadInput(name, expected=expected, came=value, remedy=remedy)
    place = bisect_left(axis, value)
    low, high = axis[place - 1], axis[place]
    share = log(value / low) / log(high / low)
    return {low: 1 - share, high: share}
