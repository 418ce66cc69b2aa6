"""The chosen points are trained from scratch: shared weights are no result."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Float

from continuum.benchmark import BATCH, Objective, Point
from continuum.ensemble import Member, Settings, Stream, TrainedEnsemble, train
from continuum.search.trace import COLUMNS

if TYPE_CHECKING:
    from continuum.search.shared.method import Choice


def retrain(
    streams: Sequence[Stream], points: Sequence[Point], seed: int | Sequence[int], epochs: int
) -> list[Float[np.ndarray, " epochs"]]:
    """Validation losses after each epoch of points, each trained on its stream; networks of one depth go together."""
    curves: dict[int, Float[np.ndarray, " epochs"]] = {}
    for places, trained in _ensembles(streams, points, seed, epochs):
        curves |= dict(zip(places, trained.validation_loss[1:].T, strict=True))
    return [curves[place] for place in range(len(points))]


def judged(
    streams: Sequence[Stream], points: Sequence[Point], seed: int | Sequence[int], epochs: int
) -> Float[np.ndarray, " points"]:
    """Test losses of points at their best epoch on the validation rows."""
    losses = np.empty(len(points))
    for places, trained in _ensembles(streams, points, seed, epochs):
        losses[places] = trained.measure("test")[0]
    return losses


def _ensembles(
    streams: Sequence[Stream], points: Sequence[Point], seed: int | Sequence[int], epochs: int
) -> list[tuple[list[int], TrainedEnsemble]]:
    seeds = [seed] * len(points) if isinstance(seed, int) else list(seed)
    distinct = list({id(one): one for one in streams}.values())
    numbers = {id(one): number for number, one in enumerate(distinct)}
    answer = []
    for depth in sorted({point.depth for point in points}):
        places = [place for place, point in enumerate(points) if point.depth == depth]
        members = [_member(points[place], numbers[id(streams[place])], seeds[place]) for place in places]
        units = (max(64, max(int(np.ceil(points[place].gamma)) for place in places)),) * depth
        settings = Settings(units=units, activation="tanh", law="interval", batch=BATCH, epochs=epochs)
        answer.append((places, train(distinct, members, settings)))
    return answer


def _member(point: Point, stream: int, seed: int) -> Member:
    gammas = (point.gamma,) * point.depth
    return Member(gammas, stream=stream, init=seed, lr=point.lr, weight_decay=point.weight_decay)


def rows(
    found: Sequence["Choice"], curves: Sequence[Float[np.ndarray, " epochs"]], objective: Objective
) -> pd.DataFrame:
    """Rows of a trace: each is the answer until the next."""
    answer = []
    for number, (choice, losses) in enumerate(zip(found, curves, strict=True)):
        values = [objective(float(loss), choice.point) for loss in losses]
        best = int(np.argmin(values))
        answer.append((choice.cost, number, *astuple(choice.point), len(losses), best + 1, values[best], True))
    return pd.DataFrame(answer, columns=list(COLUMNS))
