"""Optuna's samplers on our space, asked and told."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, simplefilter

from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.extras import library
from continuum.search.searcher import Proposal, Report
from continuum.search.unseen import Unseen


class OptunaSearcher(Bookkeeper):
    """Asks a sampler of Optuna and tells it.

    All four axes of the grid are ordered, so that the sampler sees whole numbers: the place of a value on its axis.
    A point of the grid that was proposed already is replaced with the nearest one that was not, and the sampler is told
    of that one. With ``on_grid=False`` gamma and lr are real numbers, on a logarithmic axis.

    Args:
        on_grid: whether points lie on the grid.
    """

    def __init__(self, space: Space = SPACE, seed: int = 0, *, on_grid: bool = True) -> None:
        super().__init__(space, seed)
        self.on_grid = on_grid
        optuna = library("optuna")
        self._axes, self._unseen = Axes(space, on_grid=on_grid), Unseen(space, seed)
        with quiet(optuna):
            self._study = optuna.create_study(study_name=f"{self.name}-{seed}", sampler=self._sampler(optuna))
        self._trials: dict[int, Any] = {}

    @abstractmethod
    def _sampler(self, optuna: Any) -> Any:
        """The sampler, with the seed of this searcher."""

    def _next(self, left: int) -> Proposal | None:
        if left < self.space.epochs or (self.on_grid and not self._unseen):
            return None
        with quiet(library("optuna")):
            trial = self._study.ask(self._axes.distributions)
            point = self._axes.point(trial.params)
            if self.on_grid and point not in self._unseen:
                point = self._unseen.near(point) or point
                trial = self._instead(trial, point)
        proposal = self._whole(self._unseen.take(point))
        self._trials[proposal.id] = trial
        return proposal

    def _instead(self, trial: Any, point: Point) -> Any:
        """A trial of another point, in place of the one that was asked."""
        self._study.tell(trial, state=library("optuna").trial.TrialState.FAIL)
        self._study.enqueue_trial(self._axes.params(point))
        return self._study.ask(self._axes.distributions)

    def _learn(self, proposal: Proposal, report: Report) -> None:
        with quiet(library("optuna")):
            self._study.tell(self._trials.pop(proposal.id), report.value)


class Axes:
    """A space in Optuna's words.

    >>> from continuum.benchmark import SPACE
    >>> axes = Axes(SPACE)
    >>> axes.params(Point(2.5, 0.01)), axes.point(axes.params(Point(2.5, 0.01)))
    ({'gamma': 4, 'lr': 3, 'weight_decay': 0, 'depth': 0}, Point(gamma=2.5, lr=0.01, weight_decay=0.0, depth=1))
    """

    def __init__(self, space: Space, *, on_grid: bool = True) -> None:
        kinds = library("optuna").distributions
        names = ("gamma", "lr", "weight_decay", "depth")
        self._values: dict[str, tuple[float, ...]] = {name: getattr(space, name) for name in names}
        self.distributions = {name: kinds.IntDistribution(0, len(axis) - 1) for name, axis in self._values.items()}
        self._real = () if on_grid else ("gamma", "lr")
        for name in self._real:
            axis = self._values[name]
            self.distributions[name] = kinds.FloatDistribution(axis[0], axis[-1], log=True)

    def point(self, params: dict[str, float]) -> Point:
        """The point that a trial asks for."""
        gamma, lr, decay, depth = (
            params[name] if name in self._real else axis[int(params[name])] for name, axis in self._values.items()
        )
        return Point(float(gamma), float(lr), float(decay), int(depth))

    def params(self, point: Point) -> dict[str, float]:
        """What a trial asks for at a point."""
        return {
            name: getattr(point, name) if name in self._real else axis.index(getattr(point, name))
            for name, axis in self._values.items()
        }


@contextmanager
def quiet(optuna: Any) -> Iterator[None]:
    """Optuna neither logs that a study was created nor warns that what we use is experimental."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with catch_warnings():
            simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
