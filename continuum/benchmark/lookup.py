"""Networks looked up in a table."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from continuum.benchmark.curve import Curve
from continuum.benchmark.curves import PARTS
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.benchmark.interpolation import corners
from continuum.benchmark.space import Point
from continuum.benchmark.table import Table
from continuum.ensemble.parts import PartName
from continuum.errors import BadInput


class Lookup(Evaluator):
    """Curves from a table, in microseconds.

    Args:
        table: where they stand.
        task, seed: which of them.
        interpolate: answer between the points of the grid, too: linear in the logarithms of gamma and lr, of losses and
            scores. A guess: what it misses, ``benchmark_table`` reports. Weight decay and depth stay those of the grid.

    >>> lookup = Lookup(Table.load(), "iris", seed=0)
    >>> curve, = lookup.curves([Request(Point(2.5, 0.01), epochs=40)])
    >>> curve.epochs, bool(curve.loss["validation"][-1] < curve.loss["validation"][0])
    (40, True)
    """

    def __init__(self, table: Table, task: str, seed: int, interpolate: bool = False) -> None:
        self.table, self.task, self.seed, self.interpolate = table, task, seed, interpolate
        self.space, self.objective = table.space, table.objective(task, seed)
        self.steps = table.entry(task).steps
        self._loss, self._score = table.curves(task, seed), table.scores(task, seed)
        self._places = {point: place for place, point in enumerate(self.space.points())}
        self._remembered = lru_cache(maxsize=8192)(self._curve)

    def curves(self, requests: Sequence[Request]) -> list[Curve]:
        """The curve of each request; ``BadInput`` off the grid, unless it may be interpolated."""
        return [self._remembered(request.point, request.epochs) for request in requests]

    def _curve(self, point: Point, epochs: int) -> Curve:
        if not 0 < epochs <= self.space.epochs:
            expected, remedy = f"1 to {self.space.epochs} epochs", "ask for as many as the table has"
            raise BadInput("epochs", expected=expected, came=epochs, remedy=remedy)
        place = self._places.get(point)
        if place is not None:
            loss = {part: array[place, :epochs] for part, array in self._loss.items()}
            return Curve(point, self.seed, loss, {part: array[place, :epochs] for part, array in self._score.items()})
        if not self.interpolate:
            self.space.index(point)  # which says why not
        return Curve(point, self.seed, *(self._between(of, point, epochs) for of in (self._loss, self._score)))

    def __reduce__(self) -> tuple[type["Lookup"], tuple[Table, str, int, bool]]:
        return Lookup, (self.table, self.task, self.seed, self.interpolate)

    def _between(
        self, curves: Mapping[PartName, Float[np.ndarray, "points epochs"]], point: Point, epochs: int
    ) -> dict[PartName, Float[np.ndarray, " epochs"]]:
        shares = corners(self.space, point)
        places, weights = [self._places[corner] for corner in shares], np.array(list(shares.values()))
        return {part: weights @ curves[part][places, :epochs] for part in PARTS}
