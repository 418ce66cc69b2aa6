"""Mixed widths, learned by descent."""

from typing import ClassVar

import numpy as np
import torch

from continuum.benchmark import Point
from continuum.hypergrad import Bilevel, Cost, Direct, Method, Unrolled
from continuum.search.shared.account import CONTROL, hypergradient
from continuum.search.shared.method import LR, Ground, Run, Shared
from continuum.search.shared.mixture import Logits, Mixture

#: Learning rate of the logits (Adam), and its first moment, as the reference has it.
LOGITS_LR, BETAS = 0.02, (0.5, 0.999)
#: Rate of the inner step that is unrolled at second order; of plain gradient descent.
ETA = 0.3


class MixedRun(Run):
    """By turns a step of the weights on training rows, and one of the logits on validation rows."""

    def __init__(self, ground: Ground, method: Method, cost: Cost) -> None:
        super().__init__(ground)
        branches = len(ground.space.depth)
        self.method = method
        self.logits = Logits.even(ground).tree
        self._optimiser = torch.optim.Adam([leaf.requires_grad_() for leaf in self.logits.values()], LOGITS_LR, BETAS)
        self.cycle = branches + hypergradient(cost, branches) + CONTROL

    def advance(self) -> None:
        ground, train, validation = self.ground, self.ground.train.next(), self.ground.validation.next()
        problem = Bilevel(
            inner=lambda weights, logits: Mixture.of(ground, logits).loss(weights, train),
            outer=lambda weights, logits: Mixture.of(ground, logits).objective(weights, validation),
        )
        total = self.method(problem, ground.weights.vector, self.logits).total
        for name, leaf in self.logits.items():
            leaf.grad = total[name]
        self._optimiser.step()
        self.descend()

    def descend(self) -> None:
        """One step of the weights on the loss of the mixture."""
        leaf = self.ground.weights.vector.detach().requires_grad_()
        loss = self.mixture().loss(leaf, self.ground.train.next())
        self.ground.weights.step(torch.autograd.grad(loss, leaf)[0], LR)

    def mixture(self) -> Mixture:
        """The mixture of now."""
        return Mixture.of(self.ground, {name: leaf.detach() for name, leaf in self.logits.items()})

    def choose(self, generator: np.random.Generator) -> Point:
        return self.mixture().mode()


class Darts(Shared):
    """A mixture of all widths and depths, whose probabilities descend on the validation loss and the expected price.

    First order: the weights are taken as given. It is known to collapse, see :func:`collapse` and :func:`escape`.

    Reference: H. Liu, K. Simonyan, Y. Yang, "DARTS: differentiable architecture search", 2019.
    """

    name: ClassVar[str] = "darts"

    def begin(self, ground: Ground) -> Run:
        return MixedRun(ground, Direct(), Cost(gradients=1))


class DartsSecond(Shared):
    """The same at second order: the gradient goes through one step of the weights, which it unrolls."""

    name: ClassVar[str] = "darts_second"

    def begin(self, ground: Ground) -> Run:
        return MixedRun(ground, Unrolled(steps=1, lr=ETA), Cost(gradients=2, mixed_products=1))
