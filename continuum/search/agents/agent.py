"""What an agent is, and agents by name."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from continuum import checks
from continuum.errors import BadInput
from continuum.search.environments.representations import Discrete, Representation

#: Agents by name; those of the first row choose a real action, those of the second an index.
AGENTS = (
    *("ddpg", "td3", "sac", "naf", "ddpg_softmax"),
    *("dqn", "ppo"),
)
#: Agents that choose an index.
INDEXED = ("dqn", "ppo")


@dataclass(frozen=True)
class Schedule:
    """How an agent learns.

    Args:
        steps: that it will take in all, so that exploring can end with them.
        discount: of the next step's value; 0 where an episode has one step.
        updates: of its networks, after each step.
    """

    steps: int
    discount: float = 0.0
    updates: int = 1

    @property
    def warmup(self) -> int:
        """Steps at random before the first update."""
        return max(min(self.steps // 10, 100), 4)

    @property
    def batch(self) -> int:
        """Transitions of an update."""
        return 64 if self.steps >= 500 else 16

    def exploring(self, step: int) -> float:
        """How much it explores: from 1, linearly, to 0.1."""
        return max(1.0 - step / self.steps, 0.0) * 0.9 + 0.1


class Agent(ABC):
    """Chooses actions, and learns from what came of them.

    Args:
        size: numbers in a state.
        representation: what its actions mean.
        schedule: how it learns.
        seed: of all that is random.
    """

    def __init__(self, size: int, representation: Representation, schedule: Schedule, seed: int) -> None:
        self.size, self.representation, self.schedule, self.seed = size, representation, schedule, seed
        self.generator = np.random.default_rng(seed)
        self.seen = 0

    @abstractmethod
    def act(self, state: np.ndarray, explore: bool = False) -> Any:
        """The action that seems best in a state, or one beside it."""

    @abstractmethod
    def learn(self, state: np.ndarray, action: Any, reward: float, following: np.ndarray, end: bool) -> None:
        """Take in one step."""

    def anything(self) -> Any:
        """An action at random, each as likely."""
        if isinstance(self.representation, Discrete):
            return int(self.generator.integers(self.representation.size))
        return self.generator.uniform(-1.0, 1.0, self.representation.actions.shape).astype(np.float32)

    def nearby(self, action: Any, deviation: float) -> Any:
        """An action near another; among indices nothing is near."""
        return self.anything() if isinstance(self.representation, Discrete) else self.beside(action, deviation)

    def beside(self, action: np.ndarray, deviation: float) -> np.ndarray:
        """An action near another, within the box."""
        noise = self.generator.normal(0.0, deviation, action.shape)
        return np.clip(action + noise, -1.0, 1.0).astype(np.float32)


def make_agent(name: str, size: int, representation: Representation, schedule: Schedule, seed: int) -> Agent:
    """An agent by name. ``BadInput`` for an unknown one, or for actions that it cannot choose."""
    checks.one_of("agent", name, AGENTS, plural="agents")
    if (name in INDEXED) != isinstance(representation, Discrete):
        expected = "discrete" if name in INDEXED else "continuous, rounded or softmax"
        remedy = "dqn and ppo choose an index, all others real numbers"
        came = type(representation).__name__
        raise BadInput("representation", expected=f"{expected} for {name}", came=came, remedy=remedy)
    checks.whole("seed", seed, at_least=0)
    if name == "naf":
        from continuum.search.agents.naf import NAF

        return NAF(size, representation, schedule, seed)
    from continuum.search.agents import stable_baselines

    return stable_baselines.make(name, size, representation, schedule, seed)
