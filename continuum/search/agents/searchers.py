"""Agents as searchers: they learn on the one task that they search, within its budget."""

from typing import Any, ClassVar

import numpy as np

from continuum.benchmark import SPACE, Point, Space
from continuum.search.agents.agent import Agent, Schedule, make_agent
from continuum.search.agents.training import natural
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.environments.representations import represent
from continuum.search.environments.situation import STATE
from continuum.search.extras import library
from continuum.search.searcher import Proposal, Report

#: Updates of the networks after each network that was trained: there are few of these, and they are dear.
UPDATES = 8
#: Actions near the agent's own that are tried before one is taken at random.
NEAR = 3
#: Actions at random that are tried before the space counts as exhausted.
TRIES = 500


class AgentSearcher(Bookkeeper):
    """An agent with episodes of one step: its state is always the same, the reward how far J is below 1.

    No point is trained twice: of one that comes again the agent learns the known value once more, and tries another.
    How long it explores hangs on the budget, which it learns when it is asked first.
    """

    #: Library that it needs; one that is missing is said before anything is searched.
    needs: ClassVar[str] = "stable_baselines3"

    def __init__(self, space: Space = SPACE, seed: int = 0) -> None:
        super().__init__(space, seed)
        library(self.needs)
        self._representation = represent(natural(self.name), space, everything=True)
        self._agent: Agent | None = None
        self._state = np.zeros(STATE, dtype=np.float32)
        self._actions: dict[int, Any] = {}
        self._known: dict[Point, float | None] = {}

    def _next(self, left: int) -> Proposal | None:
        if left < self.space.epochs or len(self._known) == self.space.size:
            return None
        if self._agent is None:
            schedule = Schedule(max(left // self.space.epochs, 1), updates=UPDATES)
            self._agent = make_agent(self.name, STATE, self._representation, schedule, self.seed)
        action = self._new(self._agent)
        if action is None:
            return None
        proposal = self._whole(self._representation.point(action))
        self._actions[proposal.id], self._known[proposal.point] = action, None
        return proposal

    def _new(self, agent: Agent) -> Any:
        for attempt in range(TRIES):
            action = agent.act(self._state, explore=True) if attempt < NEAR else agent.anything()
            point = self._representation.point(action)
            if point not in self._known:
                return action
            value = self._known[point]
            if attempt < NEAR and value is not None:
                self._show(agent, action, value)
        return None

    def _learn(self, proposal: Proposal, report: Report) -> None:
        self._known[proposal.point] = report.value
        if self._agent is not None:
            self._show(self._agent, self._actions.pop(proposal.id), report.value)

    def _show(self, agent: Agent, action: Any, value: float) -> None:
        agent.learn(self._state, action, 1.0 - value, self._state, end=True)


class DDPG(AgentSearcher):
    """Deep deterministic policy gradient: an actor climbs its critic."""

    name: ClassVar[str] = "ddpg"


class TD3(AgentSearcher):
    """DDPG with two critics, of which the lower one is believed."""

    name: ClassVar[str] = "td3"


class SAC(AgentSearcher):
    """An actor that is a distribution, paid for its entropy."""

    name: ClassVar[str] = "sac"


class DQN(AgentSearcher):
    """A value of each of the grid's points."""

    name: ClassVar[str] = "dqn"


class PPO(AgentSearcher):
    """A distribution over the grid's points."""

    name: ClassVar[str] = "ppo"


class DDPGSoftmax(AgentSearcher):
    """DDPG with a logit for each width of the grid."""

    name: ClassVar[str] = "ddpg_softmax"


class NAF(AgentSearcher):
    """A quadratic advantage."""

    name: ClassVar[str] = "naf"
    needs: ClassVar[str] = "gymnasium"
