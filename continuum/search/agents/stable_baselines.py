"""DDPG, TD3, SAC, DQN and PPO of stable-baselines3, one step at a time.

The library's networks, memories and updates are used; its loop, which owns the environment, is not: a searcher that is
asked and told has no environment. References: Lillicrap et al. 2016 (DDPG), Fujimoto et al. 2018 (TD3), Haarnoja et
al. 2018 (SAC), Mnih et al. 2015 (DQN), Schulman et al. 2017 (PPO); Raffin et al., JMLR 2021 (the library).
"""

from typing import Any

import numpy as np
import torch

from continuum.search.agents.agent import Agent, Schedule
from continuum.search.agents.randomness import Randomness
from continuum.search.environments.representations import Representation
from continuum.search.extras import library

#: Hidden layers of actor and critic.
LAYERS = [64, 64]
#: Deviation of an action while exploring begins, in half widths of the box.
DEVIATION = 0.5
#: Share of the target networks that an update renews: episodes are short, and so are runs.
RENEWED = 0.05
#: Learning rate of actor and critic.
LR = 1e-3
#: Steps between two updates of PPO.
ROLLOUT = 32


class _Library(Agent):
    """An agent whose networks are the library's."""

    kind: str
    #: Settings of the library that are this agent's own.
    own: dict[str, Any]

    def __init__(self, size: int, representation: Representation, schedule: Schedule, seed: int) -> None:
        from continuum.search.agents.spaces import Spaces

        super().__init__(size, representation, schedule, seed)
        library("stable_baselines3")
        logger = library("stable_baselines3.common.logger").configure(None, [])
        self._random = Randomness(seed)
        with self._random:
            self._model: Any = getattr(library("stable_baselines3"), self.kind)(
                "MlpPolicy",
                Spaces(size, representation.actions),
                gamma=schedule.discount,
                policy_kwargs={"net_arch": LAYERS},
                seed=seed,
                device="cpu",
                **self._settings(),
            )
        self._model.set_logger(logger)

    def _settings(self) -> dict[str, Any]:
        """What the library is told."""
        return {"learning_rate": LR, "batch_size": self.schedule.batch, "buffer_size": self.schedule.steps + 1000}

    def _best(self, state: np.ndarray, sure: bool = True) -> Any:
        with self._random:
            action, _ = self._model.policy.predict(state, deterministic=sure)
        return action


class OffPolicy(_Library):
    """An actor and its critic, which learn from all steps so far."""

    def __init__(self, kind: str, size: int, representation: Representation, schedule: Schedule, seed: int) -> None:
        self.kind = kind
        super().__init__(size, representation, schedule, seed)

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"tau": RENEWED}

    def act(self, state: np.ndarray, explore: bool = False) -> Any:
        if explore and self.seen < self.schedule.warmup:
            return self.anything()
        exploring = self.schedule.exploring(self.seen)
        if not explore:
            return self._best(state)
        if self.kind == "SAC":  # its policy is a distribution
            return self._best(state, sure=False)
        return self.beside(self._best(state), DEVIATION * exploring)

    def learn(self, state: np.ndarray, action: Any, reward: float, following: np.ndarray, end: bool) -> None:
        self.seen += 1
        one = np.asarray(action)[None], np.array([reward]), np.array([end])
        self._model.replay_buffer.add(state[None], following[None], *one, [{}])
        if self.seen >= self.schedule.warmup:
            with self._random:
                self._model.train(gradient_steps=self.schedule.updates, batch_size=self.schedule.batch)
                self._renew()

    def _renew(self) -> None:
        """Renew target networks that the library renews in its own loop."""


class DQN(OffPolicy):
    """A value of each index; explores by choosing one at random."""

    def act(self, state: np.ndarray, explore: bool = False) -> Any:
        random = self.seen < self.schedule.warmup or self.generator.random() < self.schedule.exploring(self.seen)
        return self.anything() if explore and random else int(self._best(state))

    def _renew(self) -> None:
        update = library("stable_baselines3.common.utils").polyak_update
        update(self._model.q_net.parameters(), self._model.q_net_target.parameters(), RENEWED)


class PPO(_Library):
    """A distribution over indices, which learns from its last ``ROLLOUT`` steps only."""

    kind = "PPO"

    def _settings(self) -> dict[str, Any]:
        return {"learning_rate": LR, "batch_size": ROLLOUT // 2, "n_steps": ROLLOUT, "ent_coef": 0.01}

    def act(self, state: np.ndarray, explore: bool = False) -> Any:
        return int(self._best(state, sure=not explore))

    def learn(self, state: np.ndarray, action: Any, reward: float, following: np.ndarray, end: bool) -> None:
        tensor = torch.as_tensor
        buffer, policy = self._model.rollout_buffer, self._model.policy
        with self._random, torch.no_grad():
            value, likelihood, _ = policy.evaluate_actions(tensor(state[None]), tensor([action]))
            # Two steps of one episode follow each other; a new one begins after an end.
            begins = np.array([self.seen == 0 or self._ended])
            buffer.add(state[None], np.array([[action]]), np.array([reward]), begins, value.reshape(-1), likelihood)
            last = policy.predict_values(tensor(following[None])).reshape(-1)
        self.seen, self._ended = self.seen + 1, end
        if buffer.full:
            buffer.compute_returns_and_advantage(last, np.array([end]))
            with self._random:
                self._model.train()
            buffer.reset()

    _ended = True


def make(name: str, size: int, representation: Representation, schedule: Schedule, seed: int) -> Agent:
    """An agent of the library by name; ``BadInput`` where it is not installed."""
    if name == "ppo":
        return PPO(size, representation, schedule, seed)
    if name == "dqn":
        return DQN("DQN", size, representation, schedule, seed)
    kind = {"ddpg": "DDPG", "ddpg_softmax": "DDPG", "td3": "TD3", "sac": "SAC"}[name]
    return OffPolicy(kind, size, representation, schedule, seed)
