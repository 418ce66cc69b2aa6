r"""Q-learning with a real action: the advantage is quadratic in it.

.. math:: Q(s, a) = V(s) - \tfrac12 (a - \mu(s))^\top L(s) L(s)^\top (a - \mu(s)),

so that the best action is :math:`\mu(s)`, without an actor. Reference: Gu et al., Continuous Deep Q-Learning with
Model-based Acceleration, ICML 2016 (normalised advantage functions).
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.search.agents.agent import Agent, Schedule
from continuum.search.agents.randomness import Randomness
from continuum.search.environments.representations import Representation

#: Units of both hidden layers.
UNITS = 64
#: Learning rate; the method is known for diverging at greater ones.
LR = 1e-3
#: Ends of the logarithms of L's diagonal: a curvature that is 0, or beyond all bounds, ends in NaN.
LOG_DIAGONAL = (-3.0, 3.0)
#: Norm to which a gradient is cut.
LONGEST = 1.0
#: Share of the target network that an update renews.
RENEWED = 0.05
#: Deviation of an action while exploring begins, in half widths of the box.
DEVIATION = 0.5


class Quadratic(nn.Module):
    """V, mu and L of states, by one network of three heads."""

    def __init__(self, size: int, actions: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(size, UNITS), nn.Tanh(), nn.Linear(UNITS, UNITS), nn.Tanh())
        self.value, self.mean = nn.Linear(UNITS, 1), nn.Linear(UNITS, actions)
        self.factor = nn.Linear(UNITS, actions * (actions + 1) // 2)
        self._places = torch.tril_indices(actions, actions)
        self._diagonal = self._places[0] == self._places[1]

    def forward(self, states: Float[Tensor, "n size"]) -> tuple[Tensor, Tensor, Tensor]:
        """V (n,), mu (n, a) within the box, and lower triangles L (n, a, a) with a positive diagonal."""
        hidden = self.trunk(states)
        mean = torch.tanh(self.mean(hidden))
        numbers = self.factor(hidden)
        numbers = torch.where(self._diagonal, numbers.clamp(*LOG_DIAGONAL).exp(), numbers.clamp(-20.0, 20.0))
        factor = numbers.new_zeros(len(states), mean.shape[1], mean.shape[1])
        factor[:, self._places[0], self._places[1]] = numbers
        return self.value(hidden)[:, 0], mean, factor

    def q(self, states: Float[Tensor, "n size"], actions: Float[Tensor, "n a"]) -> Float[Tensor, " n"]:
        """Q of pairs."""
        value, mean, factor = self(states)
        stretched = ((actions - mean)[:, None, :] @ factor)[:, 0]
        q: Tensor = value - 0.5 * stretched.square().sum(1)
        return q


class NAF(Agent):
    """Learns Q from all steps so far; an update whose loss is no number is left out, and its gradient is cut.

    ``left_out`` counts such updates.
    """

    def __init__(self, size: int, representation: Representation, schedule: Schedule, seed: int) -> None:
        super().__init__(size, representation, schedule, seed)
        actions = representation.actions.shape[0]
        self._random = Randomness(seed)
        with self._random:
            self.network, self._target = Quadratic(size, actions), Quadratic(size, actions)
        self._target.load_state_dict(self.network.state_dict())
        self._optimizer = torch.optim.Adam(self.network.parameters(), LR)
        self._rows = torch.empty((0, 2 * size + actions + 2))
        self._cuts = [size, actions, 1, size, 1]
        self.left_out = 0

    def act(self, state: np.ndarray, explore: bool = False) -> Any:
        if explore and self.seen < self.schedule.warmup:
            return self.anything()
        with torch.no_grad():
            action: np.ndarray = self.network(torch.as_tensor(state)[None])[1][0].numpy()
        return self.beside(action, DEVIATION * self.schedule.exploring(self.seen)) if explore else action

    def learn(self, state: np.ndarray, action: Any, reward: float, following: np.ndarray, end: bool) -> None:
        if self.seen == len(self._rows):  # room for twice as many
            self._rows = torch.cat([self._rows, self._rows.new_empty((max(self.seen, 256), self._rows.shape[1]))])
        row = np.concatenate([state, action, [reward], following, [float(end)]]).astype(np.float32)
        self._rows[self.seen] = torch.from_numpy(row)
        self.seen += 1
        if self.seen >= self.schedule.warmup:
            for _ in range(self.schedule.updates):
                self._update()

    def _update(self) -> None:
        chosen = torch.from_numpy(self.generator.integers(self.seen, size=self.schedule.batch))
        state, action, reward, following, end = self._rows[chosen].split_with_sizes(self._cuts, dim=1)
        with torch.no_grad():
            ahead = self._target(following)[0] if self.schedule.discount else 0.0
            aim = reward[:, 0] + self.schedule.discount * (1 - end[:, 0]) * ahead
        loss = (self.network.q(state, action) - aim).square().mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            self.left_out += 1
            return
        self._optimizer.step()
        if self.schedule.discount:
            with torch.no_grad():
                for mine, theirs in zip(self.network.parameters(), self._target.parameters(), strict=True):
                    theirs.lerp_(mine, RENEWED)
