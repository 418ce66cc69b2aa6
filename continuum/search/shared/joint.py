"""One controller of architecture and optimiser, or one for each.

At fixed weights a learning rate has no part in the validation loss: its direct term is 0. So each draw is judged by a
look-ahead: shared weights that were trained on by the rate, decay and architecture that it names.
"""

from typing import ClassVar

import numpy as np
import torch
from torch import nn

from continuum.benchmark import Point
from continuum.search.shared.account import CONTROL, FORWARD
from continuum.search.shared.controller import Controller, Draw
from continuum.search.shared.enas import CONTROLLER_LR, ControlledRun
from continuum.search.shared.method import Ground, Run, Shared
from continuum.search.shared.uniform import CANDIDATES

#: Steps of a look-ahead, and draws that look ahead from the same weights.
AHEAD, DRAWS = 8, 3


class Policies(nn.Module):
    """Controllers that decide one after the other, none of which knows what the others decide."""

    def __init__(self, sizes: tuple[tuple[int, ...], ...], generator: torch.Generator) -> None:
        super().__init__()
        self._each = [Controller(own, generator) for own in sizes]
        self.policies = nn.ModuleList(self._each)
        self._counts = [len(own) for own in sizes]

    def draw(self, count: int, generator: torch.Generator | None, given: torch.Tensor | None = None) -> Draw:
        """See :meth:`Controller.draw`; the given decisions are those of the first controllers."""
        given = torch.zeros(0, dtype=torch.long) if given is None else given
        parts, start = [], 0
        for policy, decisions in zip(self._each, self._counts, strict=True):
            parts.append(policy.draw(count, generator, given[start : start + decisions]))
            start += decisions
        logs, entropies = torch.stack([part.log for part in parts]), torch.stack([part.entropy for part in parts])
        return Draw(torch.cat([part.places for part in parts], -1), logs.sum(0), entropies.sum(0))


class LookingAheadRun(ControlledRun):
    """Draws look ahead from the same weights; the weights of the first one are kept, as if it had been the only one."""

    def __init__(self, ground: Ground, together: bool) -> None:
        super().__init__(ground)
        space = ground.space
        parts = (ground.choices, (len(space.lr), len(space.weight_decay)))
        sizes = ((*parts[0], *parts[1]),) if together else parts
        self.policies = Policies(sizes, ground.generator)
        self._optimiser = torch.optim.Adam(self.policies.parameters(), lr=CONTROLLER_LR)
        self.cycle = DRAWS * (AHEAD + FORWARD) + CONTROL * len(sizes)

    def advance(self) -> None:
        drawn = self.policies.draw(DRAWS, self.ground.generator)
        points = self.points(drawn)
        start, rows = self.ground.weights, self.ground.validation.next()
        values, prices = torch.empty(DRAWS), self.ground.price(points)
        for number, point in enumerate(points):
            weights = start.copy()
            for _ in range(AHEAD):
                self.ground.descend(weights, point, point.lr, point.weight_decay)
            if number == 0:
                self.ground.weights = weights
            with torch.no_grad():
                values[number] = self.ground.losses(weights.vector, rows, [point])[0]
        worst = self.ground.objective.constant  # as in J; an unstable rate may come to infinity
        values = values.nan_to_num(nan=worst, posinf=worst).clamp_max(worst) / worst + prices
        self.follow(drawn, self.centred(values) / DRAWS)

    def points(self, drawn: Draw) -> list[Point]:
        """The points that were drawn, with their rates and decays."""
        space = self.ground.space
        return [
            Point(space.gamma[gamma], space.lr[lr], space.weight_decay[decay], space.depth[depth])
            for depth, gamma, lr, decay in drawn.places.tolist()
        ]

    @torch.no_grad()
    def choose(self, generator: np.random.Generator) -> Point:
        """Architecture by the best of some draws, as shared weights see it; rate and decay the most probable then."""
        own = torch.Generator().manual_seed(int(generator.integers(2**31)))
        drawn = self.policies.draw(CANDIDATES, own)
        points = self.points(drawn)
        best = points.index(self.ground.least(points))
        return self.points(self.policies.draw(1, None, drawn.places[best, :2]))[0]


class EnasJoint(Shared):
    """One controller decides on depth, width, learning rate and decay, and learns by looking ahead.

    Reference: A. Adam, J. Lorraine, "More efficient stochastic hyperparameter optimization".
    """

    name: ClassVar[str] = "enas_joint"

    def begin(self, ground: Ground) -> Run:
        return LookingAheadRun(ground, together=True)


class EnasSeparate(Shared):
    """Two controllers, one of the architecture and one of the optimiser, which hear of the same rewards."""

    name: ClassVar[str] = "enas_separate"

    def begin(self, ground: Ground) -> Run:
        return LookingAheadRun(ground, together=False)
