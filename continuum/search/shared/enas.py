"""A controller of architectures over shared weights."""

from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum.benchmark import Point
from continuum.search.shared.account import CONTROL, FORWARD
from continuum.search.shared.controller import Controller, Draw
from continuum.search.shared.method import Ground, Run, Shared
from continuum.search.shared.uniform import CANDIDATES

#: Steps of the shared weights between two updates of the controller, each on a network that it draws.
WEIGHT_STEPS = 8
#: Networks that an update of the controller measures.
SAMPLES = 4
#: Learning rate of the controller (Adam), and the weight of its entropy.
CONTROLLER_LR, ENTROPY = 0.01, 0.003
#: How much of the moving baseline stays at each update.
INERTIA = 0.9


class ControlledRun(Run):
    r"""Weights and controller by turns.

    The controller descends along :math:`\sum_i c_i \nabla_\theta \log \pi_\theta(k_i) - \tau \nabla_\theta H`, where
    c_i is what the draw i contributed to the validation loss; how c is found is a matter of the method. With REINFORCE
    :math:`c_i = (J_i - b)/n`, b the moving mean of J.
    """

    cycle = WEIGHT_STEPS + SAMPLES * FORWARD + CONTROL

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.controller = Controller(ground.choices, ground.generator)
        self.baseline: float | None = None
        self.choosing = ground.measuring(CANDIDATES)
        self._optimiser = torch.optim.Adam(self.controller.parameters(), lr=CONTROLLER_LR)

    def advance(self) -> None:
        with torch.no_grad():
            drawn = self.controller.draw(WEIGHT_STEPS, self.ground.generator)
        for point in self.points(drawn):
            self.ground.descend(self.ground.weights, point)
        self.update()

    def update(self) -> None:
        """One step of the controller."""
        drawn = self.controller.draw(SAMPLES, self.ground.generator)
        self.follow(drawn, self.contributions(drawn))

    def follow(self, drawn: Draw, contributions: Float[Tensor, " count"]) -> None:
        """Descend along what the draws contributed."""
        loss = (contributions * drawn.log).sum() - ENTROPY * drawn.entropy.mean()
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()

    @torch.no_grad()
    def contributions(self, drawn: Draw) -> Float[Tensor, " count"]:
        """c of each draw."""
        points = self.points(drawn)
        losses = self.ground.losses(self.ground.weights.vector, self.ground.validation.next(), points)
        return self.centred(losses / self.ground.objective.constant + self.ground.price(points)) / len(points)

    def centred(self, values: Float[Tensor, " count"]) -> Float[Tensor, " count"]:
        """Values without the moving baseline, which then takes them up."""
        mean = float(values.mean())
        baseline = mean if self.baseline is None else self.baseline
        self.baseline = INERTIA * baseline + (1 - INERTIA) * mean
        return values - baseline

    def points(self, drawn: Draw) -> list[Point]:
        """The points that were drawn."""
        return [self.ground.decoded(*places[:2]) for places in drawn.places.tolist()]

    @torch.no_grad()
    def choose(self, generator: np.random.Generator) -> Point:
        own = torch.Generator().manual_seed(int(generator.integers(2**31)))
        return self.ground.least(self.points(self.controller.draw(CANDIDATES, own)))


class Enas(Shared):
    """A controller learns by REINFORCE which widths and depths do well under shared weights, which it trains.

    At its end it draws some candidates, of which the best on the validation rows is retrained.

    Reference: H. Pham et al., "Efficient neural architecture search via parameter sharing", 2018.
    """

    name: ClassVar[str] = "enas"

    def begin(self, ground: Ground) -> Run:
        return ControlledRun(ground)
