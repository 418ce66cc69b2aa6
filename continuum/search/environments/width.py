"""The environment as Gymnasium knows it."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from continuum.benchmark import Evaluator
from continuum.errors import BadInput
from continuum.search.environments.problem import Problem
from continuum.search.environments.representations import Representation, represent
from continuum.search.environments.situation import HIGH, LOW, STATE, Situation

#: Whole trainings of an episode, unless its budget says otherwise.
TRIALS = 4


class WidthEnv(gymnasium.Env[np.ndarray, Any]):
    r"""Search for a network, one whole training a step.

    The reward is the fall of the normalised incumbent, so that an episode's rewards add up to
    :math:`J_\text{start} - J_\text{end}`; J at the start is that of a constant answer, and the first network is the
    incumbent whatever it is. An episode draws one of the evaluators; it ends when no whole training fits the budget.

    Args:
        evaluator: one, or several to learn from, on one space.
        representation: "continuous", "rounded", "softmax" or "discrete", or one that is made.
        resolution: number of widths of the last three; None: those of the grid.
        budget: epochs of an episode, its landmarks included; None: landmarks and four whole trainings.
        normalise: "constant" or "grid"; see ``Problem``.

    Raises ``BadInput`` for evaluators of different spaces, a budget below landmarks and one training, an action outside
    the box, and a step after the end. ``reset(options={"evaluator": i})`` takes the i-th.
    """

    metadata = {"render_modes": []}  # noqa: RUF012  a class variable, which the base class does not declare as one

    def __init__(
        self,
        evaluator: Evaluator | Sequence[Evaluator],
        representation: str | Representation = "continuous",
        resolution: int | None = None,
        budget: int | None = None,
        normalise: str = "constant",
        everything: bool = False,
        on_grid: bool = True,
    ) -> None:
        evaluators = [evaluator] if isinstance(evaluator, Evaluator) else list(evaluator)
        if not evaluators or len({e.space for e in evaluators}) != 1:
            raise BadInput("evaluator", expected="one or more, on one space", came=evaluator, remedy="check them")
        self.problems = [Problem(e, normalise) for e in evaluators]
        self.space = evaluators[0].space
        if isinstance(representation, str):
            representation = represent(representation, self.space, resolution, everything=everything, on_grid=on_grid)
        self.representation = representation
        self.budget = self._affordable(budget)
        self.action_space = representation.actions
        self.observation_space = gymnasium.spaces.Box(LOW, HIGH, (STATE,), np.float32)
        self._situation: Situation | None = None
        self._problem = self.problems[0]

    def _affordable(self, budget: int | None) -> int:
        charge, epochs = self.problems[0].charge, self.space.epochs
        if budget is None:
            return charge + TRIALS * epochs
        if budget < charge + epochs:
            expected = f"landmarks and one training at least, {charge + epochs} epochs"
            raise BadInput("budget", expected=expected, came=budget, remedy="raise it")
        return budget

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        place = (options or {}).get("evaluator")
        self._problem = self.problems[self.np_random.integers(len(self.problems)) if place is None else place]
        problem = self._problem
        self._situation = Situation(self.space, problem.descriptors, problem.landmarks, self.budget)
        self._situation.charge(problem.charge)
        return self._situation.state, {"task": problem.evaluator.task, "seed": problem.evaluator.seed}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        situation = self._situation
        if situation is None or situation.left < self.space.epochs:
            raise BadInput("step", expected="an episode that runs", came="one at its end", remedy="reset it")
        point = self.representation.point(action)
        value = self._problem.value(point)
        before = situation.incumbent
        situation.learn(point, value)
        situation.charge(self.space.epochs)
        reward = (before - situation.incumbent) / self._problem.scale[1]
        info = {"point": point, "value": value, "incumbent": situation.incumbent}
        return situation.state, reward, situation.left < self.space.epochs, False, info
