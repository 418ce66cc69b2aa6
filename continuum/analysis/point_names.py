"""Names beside the points of a figure. Nothing is tried at random: equal figures get equal places."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike

#: Where a name may stand beside its point, the likeliest first: offset in points and alignment.
SIDES: tuple[tuple[tuple[float, float], str, str], ...] = (
    ((3, 3), "left", "bottom"),
    ((3, -3), "left", "top"),
    ((-3, 3), "right", "bottom"),
    ((-3, -3), "right", "top"),
    ((0, 4), "center", "bottom"),
    ((0, -4), "center", "top"),
)
#: Pixels: a line no higher than this is a point or a level bar, which names should not cover.
LEVEL = 12


def name_points(ax: Axes, points: Mapping[str, tuple[float, float]], **look: Any) -> None:
    """Write each name beside its point, where it covers least of names, points and level bars.

    Call it when these are drawn, scales and limits set; ``look`` is that of the text.
    """
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]  # gives the axes their place
    taken = [box.padded(1) for line in ax.lines if (box := line.get_window_extent()).height < LEVEL]
    dots = {name: ax.transData.transform(point) for name, point in points.items()}
    for name, point in points.items():
        others = [dot for other, dot in dots.items() if other != name]
        choices = [
            ax.annotate(name, point, offset, textcoords="offset points", ha=ha, va=va, **look)
            for offset, ha, va in SIDES
        ]
        boxes = [choice.get_window_extent() for choice in choices]
        covers = [_covered(box, taken, ax.bbox) + _mistaken(box, dots[name], others) for box in boxes]
        best = covers.index(min(covers))
        taken.append(boxes[best])
        for place, choice in enumerate(choices):
            if place != best:
                choice.remove()


def _covered(box: Bbox, taken: list[Bbox], frame: Bbox) -> float:
    """Area of the box that covers others or stands outside the frame."""
    shared = sum(_area(Bbox.intersection(box, other)) for other in taken)
    return round(shared + _area(box) - _area(Bbox.intersection(box, frame)), 3)


def _mistaken(box: Bbox, dot: ArrayLike, others: Sequence[ArrayLike]) -> float:
    """Half the area of the box if it stands nearer to a point that is not its own, else 0."""
    nearest = min((_gap(box, other) for other in others), default=math.inf)
    return _area(box) / 2 if nearest < _gap(box, dot) else 0.0


def _gap(box: Bbox, dot: ArrayLike) -> float:
    return float(np.linalg.norm(dot - np.clip(dot, box.min, box.max)))


def _area(box: Bbox | None) -> float:
    return 0.0 if box is None else float(box.width * box.height)
