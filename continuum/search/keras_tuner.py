"""KerasTuner's three searches, run by its own oracles: the part of a tuner that says what to train next."""

import os
import sys
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, simplefilter

from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.extras import library
from continuum.search.searcher import Proposal, Report

#: Axes of a point, each a choice among ordered numbers to KerasTuner.
AXES = ("gamma", "lr", "weight_decay", "depth")


class KerasSearcher(Bookkeeper):
    """Asks an oracle of KerasTuner for trials, and ends them, as its tuners do; it writes no files.

    What it proposes is trained as it is, a point that it proposes twice twice.
    """

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        with _quiet():
            self._oracle = self._make(_keras_tuner())
        self._oracle.verbose = 0
        self._oracle.save = self._oracle._save_trial = lambda *_: None
        self._trials: dict[int, Any] = {}
        self._ids: dict[str, int] = {}
        self._held: Any = None
        self._asked = 0

    @abstractmethod
    def _make(self, tuner: Any) -> Any:
        """The oracle."""

    def _settings(self, tuner: Any) -> dict[str, Any]:
        """What all oracles take. Their seed 0 stands for one that nobody knows, so that ours are one higher."""
        choices = tuner.HyperParameters()
        for name in AXES:
            choices.Choice(name, list(getattr(self.space, name)), ordered=True)
        return {"objective": tuner.Objective("value", "min"), "hyperparameters": choices, "seed": self.seed + 1}

    def _next(self, left: int) -> Proposal | None:
        trial = self._held or self._trial(left)
        if trial is None:
            return None
        values = trial.hyperparameters.values
        epochs = int(values.get("tuner/epochs", self.space.epochs))
        if epochs - int(values.get("tuner/initial_epoch", 0)) > left:
            self._held = trial
            return None
        self._held = None
        proposal = self._proposed(values, epochs)
        self._ids[trial.trial_id] = proposal.id
        self._trials[proposal.id] = trial
        return proposal

    def _trial(self, left: int) -> Any:
        """The oracle's next trial; None where it has none, or must wait."""
        if left < self._least():
            return None
        self._asked += 1  # a worker of its own for each trial, so that one that never ends holds up no other
        with _quiet():
            trial = self._oracle.create_trial(f"worker {self._asked}")
        return trial if trial.status == "RUNNING" else None

    def _proposed(self, values: dict[str, Any], epochs: int) -> Proposal:
        point = Point(*(values[name] for name in AXES))
        parent = values.get("tuner/trial_id")
        return self._fresh(point, epochs) if parent is None else Proposal(self._ids[parent], point, epochs)

    def _least(self) -> int:
        """Epochs of the shortest trial."""
        return self.space.epochs

    def _learn(self, proposal: Proposal, report: Report) -> None:
        trial = self._trials.pop(proposal.id)
        with _quiet():
            self._oracle.update_trial(trial.trial_id, {"value": report.value}, step=report.epochs)
            trial.status = "COMPLETED"
            self._oracle.end_trial(trial)


class KerasRandom(KerasSearcher):
    """KerasTuner's random search."""

    name = "keras_random"

    def _make(self, tuner: Any) -> Any:
        return tuner.oracles.RandomSearchOracle(max_trials=None, **self._settings(tuner))


class KerasBayesian(KerasSearcher):
    """KerasTuner's Gaussian process, with a lower confidence bound after twelve drawn points."""

    name = "keras_bayesian"

    def _make(self, tuner: Any) -> Any:
        return tuner.oracles.BayesianOptimizationOracle(max_trials=None, **self._settings(tuner))


class KerasHyperband(KerasSearcher):
    """KerasTuner's Hyperband, which resumes; its brackets are rounded upwards, so that they differ from the paper's."""

    name = "keras_hyperband"

    def _make(self, tuner: Any) -> Any:
        settings = self._settings(tuner)
        return tuner.oracles.HyperbandOracle(max_epochs=self.space.epochs, hyperband_iterations=None, **settings)

    def _least(self) -> int:
        return 1


def _keras_tuner() -> Any:
    """The library, on torch unless a backend was chosen: it would look for TensorFlow."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    return library("keras_tuner")


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither what keras imports nor the oracle's fits warn: both call what is deprecated, or stop at a bound."""
    with catch_warnings():
        simplefilter("ignore")
        yield
