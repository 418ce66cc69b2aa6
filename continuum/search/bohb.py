"""Hyperband whose new networks are drawn from a model of those that were told."""

from collections import Counter
from typing import Any

import numpy as np

from continuum.benchmark.space import SPACE, Point, Space
from continuum.search.extras import library
from continuum.search.hyperband import Hyperband
from continuum.search.optuna_study import Axes, quiet
from continuum.search.searcher import Proposal, Report

#: Share of new networks that are drawn as random search draws them, so that the guarantee of Hyperband stays.
DRAWN = 1 / 3
#: Trainings of one length that a model needs: two more than the dimensions + 1.
NEEDED = 7


class BOHB(Hyperband):
    """Hyperband with Optuna's tree of Parzen estimators on the longest trainings of which there are enough.

    Reference: Falkner, Klein & Hutter, BOHB, ICML 2018, algorithm 2; the density is Optuna's, not the paper's.

    >>> BOHB(seed=1).ask(1, left=400)[0].epochs
    1
    """

    name = "bohb"

    def __init__(self, space: Space = SPACE, seed: int = 0, eta: int = 3, *, resuming: bool = True) -> None:
        super().__init__(space, seed, eta, resuming=resuming)
        self._axes = Axes(space)
        self._generator = np.random.default_rng(seed)
        self._studies: dict[int, Any] = {}
        self._counts: Counter[int] = Counter()

    def _draw(self) -> Point | None:
        rich = [epochs for epochs, count in self._counts.items() if count >= NEEDED]
        if self._generator.random() < DRAWN or not rich:
            return super()._draw()
        optuna = library("optuna")
        study = self._studies[max(rich)]
        with quiet(optuna):
            trial = study.ask(self._axes.distributions)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._unseen.near(self._axes.point(trial.params))

    def _learn(self, proposal: Proposal, report: Report) -> None:
        super()._learn(proposal, report)
        optuna = library("optuna")
        trial = optuna.trial.create_trial(
            params=self._axes.params(proposal.point), distributions=self._axes.distributions, value=report.value
        )
        with quiet(optuna):
            self._study(proposal.epochs).add_trial(trial)
        self._counts[proposal.epochs] += 1

    def _study(self, epochs: int) -> Any:
        """What was told of trainings of this length."""
        if epochs not in self._studies:
            optuna = library("optuna")
            sampler = optuna.samplers.TPESampler(seed=self.seed, multivariate=True, n_startup_trials=1)
            self._studies[epochs] = optuna.create_study(study_name=f"{self.name}-{self.seed}-{epochs}", sampler=sampler)
        return self._studies[epochs]
