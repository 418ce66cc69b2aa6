"""Training points of the space, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from jaxtyping import Float

from continuum.benchmark.rows import BATCH, stream
from continuum.benchmark.space import Point, Space
from continuum.ensemble import Member, Settings, train
from continuum.ensemble.parts import PartName

#: Parts whose curves are kept.
PARTS: tuple[PartName, ...] = ("train", "validation", "test")
#: Units allocated in each hidden layer.
UNITS = 64


@dataclass(frozen=True, eq=False)
class Curves:
    """Losses and scores of some points of one task and seed, as they were trained; NaN from where one diverged."""

    points: tuple[Point, ...]
    loss: Mapping[PartName, Float[np.ndarray, "points epochs"]] = field(repr=False)
    score: Mapping[PartName, Float[np.ndarray, "points epochs"]] = field(repr=False)


def train_points(task: str, seed: int, points: Sequence[Point], epochs: int) -> Curves:
    """Train points of one depth together; what they come to hangs on their company up to rounding only.

    >>> curves = train_points("iris", 0, [Point(2.5, 0.01), Point(8.0, 0.01)], epochs=3)
    >>> curves.loss["test"].shape
    (2, 3)
    """
    depth = points[0].depth
    settings = Settings(units=(UNITS,) * depth, activation="tanh", batch=BATCH, epochs=epochs)
    members = [
        Member((point.gamma,) * depth, init=seed, lr=point.lr, weight_decay=point.weight_decay) for point in points
    ]
    trained = train([stream(task, seed)], members, settings, watch=("train", "test"))
    watched = dict(trained.watched) | {"validation": (trained.validation_loss, trained.validation_score)}
    loss, score = ({part: watched[part][which][1:].T for part in PARTS} for which in (0, 1))
    return Curves(tuple(points), loss, score)


def blocks(space: Space) -> list[tuple[Point, ...]]:
    """The grid in pieces that are always trained whole, so that no bit of a network hangs on who asks for it.

    All widths and learning rates of one depth and weight decay stand together: few enough to be trained when one of
    them is asked for, and enough to fill the engine. One after the other they are ``space.points()``.

    >>> from continuum.benchmark.space import SPACE
    >>> [len(block) for block in blocks(SPACE)]
    [120, 120, 120, 120]
    """
    return [
        tuple(Point(gamma, lr, decay, depth) for lr, gamma in product(space.lr, space.gamma))
        for depth, decay in product(space.depth, space.weight_decay)
    ]
