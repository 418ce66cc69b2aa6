"""Networks trained when they are asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from continuum import checks
from continuum.benchmark.coding import Codes, coded
from continuum.benchmark.curve import Curve
from continuum.benchmark.curves import PARTS, UNITS, blocks, train_points
from continuum.benchmark.entry import Entry
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.benchmark.objective import Objective
from continuum.benchmark.rows import stream
from continuum.benchmark.space import SPACE, Point, Space
from continuum.errors import BadInput

#: Most networks that are trained in one go: one alone takes twenty times its share of a round.
ROUND = 64


class Live(Evaluator):
    """Trains what is asked, whatever its gamma and lr, and remembers it.

    A network is trained to the last epoch of the space at once: to resume it is to read on. Off the grid, those asked
    for together are trained together, ``ROUND`` at a time. On the grid the whole block of the table is, so that the
    answer is that of the table bit for bit, on one machine with one version of torch. Losses are rounded as they are
    in a table.

    >>> tiny = Space(gamma=(0.5, 2.0), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=3)
    >>> live = Live("iris", seed=0, space=tiny)
    >>> [curve.epochs for curve in live.curves([Request(Point(1.25, 0.02), 2), Request(Point(2.0, 0.01), 3)])]
    [2, 3]
    >>> live.trained
    3
    """

    def __init__(self, task: str, seed: int, space: Space = SPACE) -> None:
        rows = stream(task, seed)
        self.task, self.seed, self.space = task, seed, space
        self.objective = Objective.of(rows)
        self._entry = Entry.of_stream(task, rows)
        self.steps = self._entry.steps
        self._blocks = {point: block for block in blocks(space) for point in block}
        self._known: dict[Point, Curve] = {}

    @property
    def trained(self) -> int:
        """Networks that were trained so far."""
        return len(self._known)

    def curves(self, requests: Sequence[Request]) -> list[Curve]:
        """The curve of each request; ``BadInput`` for more epochs than the space has, or more than 64 units."""
        for request in requests:
            self._check(request)
        self._train(dict.fromkeys(request.point for request in requests if request.point not in self._known))
        return [_beginning(self._known[request.point], request.epochs) for request in requests]

    def _check(self, request: Request) -> None:
        if not 0 < request.epochs <= self.space.epochs:
            expected, remedy = f"1 to {self.space.epochs} epochs", "give the evaluator a space of more epochs"
            raise BadInput("epochs", expected=expected, came=request.epochs, remedy=remedy)
        checks.number("gamma", request.point.gamma, high=UNITS, remedy=f"a layer has at most {UNITS} units")

    def _train(self, points: Iterable[Point]) -> None:
        points = list(points)
        for block in dict.fromkeys(self._blocks[point] for point in points if point in self._blocks):
            self._keep(block)
        others = [point for point in points if point not in self._blocks]
        for depth in sorted({point.depth for point in others}):
            alike = [point for point in others if point.depth == depth]
            for start in range(0, len(alike), ROUND):
                self._keep(alike[start : start + ROUND])

    def _keep(self, points: Sequence[Point]) -> None:
        """Train points of one depth, and round what came as a table does."""
        trained = train_points(self.task, self.seed, points, self.space.epochs)
        codes: Codes = coded(trained, self._entry.kind, self._entry.sizes)
        loss, score = self._entry.decoded(codes, 0)
        for place, point in enumerate(points):
            of_point = ({part: _sealed(values[part][place]) for part in PARTS} for values in (loss, score))
            self._known[point] = Curve(point, self.seed, *of_point)


def _sealed(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _beginning(curve: Curve, epochs: int) -> Curve:
    loss, score = ({part: values[:epochs] for part, values in of.items()} for of in (curve.loss, curve.score))
    return replace(curve, loss=loss, score=score)
