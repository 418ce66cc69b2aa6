"""An agent that learns on some tasks, to be asked about others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from continuum import checks
from continuum.benchmark import Evaluator
from continuum.errors import BadInput
from continuum.search.agents.agent import Agent, Schedule, make_agent
from continuum.search.environments.representations import Representation
from continuum.search.environments.situation import STATE

#: Discount where an episode has several steps. It is short, and the budget is in the state.
DISCOUNT = 0.9


@dataclass(frozen=True)
class Policy:
    """What was learned: a network for every state.

    Args:
        name: of the agent.
        seed: that it learned with.
        agent: which learns no more.
    """

    name: str
    seed: int
    agent: Agent

    @property
    def representation(self) -> Representation:
        """What its actions mean."""
        return self.agent.representation

    def __call__(self, state: np.ndarray) -> Any:
        """The action that seems best."""
        return self.agent.act(state)


def train_agent(
    name: str,
    evaluators: Sequence[Evaluator],
    steps: int = 2000,
    seed: int = 0,
    representation: str | None = None,
    resolution: int | None = None,
    trials: int = 1,
) -> Policy:
    """Let an agent learn on the tasks of the evaluators, ``trials`` whole trainings an episode.

    The reward is measured in units of the task's grid (``normalise="grid"``), so that no task outweighs the others: all
    points of the tasks to learn from are known, those of the others are not.

    Args:
        name: "ddpg", "td3", "sac", "naf", "ddpg_softmax", "dqn" or "ppo".
        evaluators: what it learns on, commonly ``Lookup(table, task, seed)`` of tasks and seeds.
        steps: networks that it tries in all.
        seed: of the agent and of the order of tasks.
        representation: None is "softmax" for ddpg_softmax, "discrete" for dqn and ppo, else "continuous".
        resolution: number of widths of a representation that has one.
        trials: of an episode.

    Raises ``BadInput`` for an unknown agent or representation, or for one that does not fit the other.
    """
    from continuum.search.environments.width import WidthEnv

    checks.whole("steps", steps, at_least=1)
    checks.whole("trials", trials, at_least=1)
    if not evaluators:
        raise BadInput("evaluators", expected="one at least", came=evaluators, remedy="name tasks to learn from")
    chosen = representation or natural(name)
    environment = WidthEnv(evaluators, chosen, resolution, normalise="grid")
    environment.budget = environment.problems[0].charge + trials * environment.space.epochs
    schedule = Schedule(steps, DISCOUNT if trials > 1 else 0.0)
    agent = make_agent(name, STATE, environment.representation, schedule, seed)
    state, _ = environment.reset(seed=seed)
    for _ in range(steps):
        action = agent.act(state, explore=True)
        following, reward, end, _, _ = environment.step(action)
        agent.learn(state, action, reward, following, end)
        state = environment.reset()[0] if end else following
    return Policy(name, seed, agent)


def natural(name: str) -> str:
    """The representation of an agent that is asked for without one."""
    return {"ddpg_softmax": "softmax", "dqn": "discrete", "ppo": "discrete"}.get(name, "continuous")
