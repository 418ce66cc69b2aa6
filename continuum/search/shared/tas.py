"""A distribution over widths, two of which are drawn, stretched to one size, and mixed."""

from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from continuum.benchmark import Point
from continuum.benchmark.objective import UNITS
from continuum.search.shared.account import CONTROL
from continuum.search.shared.darts import LOGITS_LR
from continuum.search.shared.method import LR, Ground, Run, Shared
from continuum.search.shared.mixture import Logits, Mixture
from continuum.search.shared.supernet import Rows

#: Widths that are drawn for each layer.
DRAWN = 2
#: Temperature of the mixture of the widths drawn.
TEMPERATURE = 1.0


def stretched(features: Float[Tensor, "rows units"], gates: Float[Tensor, " units"], size: int) -> Tensor:
    """The units that gates leave on, in as many as ``size``: each is the mean of its share of them.

    Reference: channel-wise interpolation by adaptive pooling, X. Dong, Y. Yang, 2019.

    >>> stretched(torch.tensor([[1.0, 3.0, 9.0]]), torch.tensor([1.0, 1.0, 0.0]), size=4)
    tensor([[1., 1., 3., 3.]])
    """
    count = int((gates > 0).sum())
    return functional.adaptive_avg_pool1d((features * gates)[None, :, :count], size)[0]


class _TransformableRun(Run):
    """By turns a step of the weights on training rows, and one of the logits on validation rows, each on a new draw."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.logits = Logits.even(ground).tree
        self._optimiser = torch.optim.Adam([leaf.requires_grad_() for leaf in self.logits.values()], LOGITS_LR)
        self._gates = ground.net.gates(ground.space.gamma)
        self.cycle = 2 * len(ground.space.depth) + CONTROL

    def advance(self) -> None:
        leaf = self.ground.weights.vector.detach().requires_grad_()
        loss = self.loss(leaf, self.ground.train.next())
        self.ground.weights.step(torch.autograd.grad(loss, leaf)[0], LR)
        objective, mixture = self.ground.objective, Mixture.of(self.ground, self.logits)
        error = self.loss(self.ground.weights.vector, self.ground.validation.next()) / objective.constant
        self._optimiser.zero_grad()
        torch.autograd.backward(error + objective.price / UNITS * mixture.units())
        self._optimiser.step()

    def loss(self, weights: Tensor, rows: Rows) -> Float[Tensor, ""]:
        """Loss of the mixture, over depths, of networks whose layers mix two widths that are drawn."""
        layers = self.ground.net.layers(weights)
        answers = []
        for place, depth in enumerate(self.ground.space.depth):
            features = rows.x
            for level in range(depth):
                weight, bias = layers.hidden[level]
                features = torch.tanh(features @ weight[: features.shape[1]] + bias)
                features = self._mixed(features, self.logits["width"][place])
            weight, bias = layers.heads[depth - 1]
            answers.append(features @ weight[: features.shape[1]] + bias)
        shares = self.logits["depth"].softmax(-1)[:, None, None]
        return self.ground.net.loss((shares * torch.stack(answers)).sum(0, keepdim=True), rows.y)[0]

    def _mixed(self, features: Float[Tensor, "rows units"], logits: Float[Tensor, " widths"]) -> Tensor:
        places, shares = self._draw(logits)
        sizes = [int((self._gates[place] > 0).sum()) for place in places]
        parts = [stretched(features, self._gates[place], max(sizes)) for place in places]
        return torch.einsum("n,nru->ru", shares, torch.stack(parts))

    def _draw(self, logits: Float[Tensor, " widths"]) -> tuple[Int[Tensor, " drawn"], Float[Tensor, " drawn"]]:
        """Different widths by their probabilities, and their shares in the mixture."""
        log = logits.log_softmax(-1)
        uniform = torch.rand(log.shape, generator=self.ground.generator).clamp(1e-9, 1 - 1e-7)
        noisy = log - (-uniform.log()).log()
        places = noisy.detach().topk(min(DRAWN, len(log))).indices
        return places, (noisy[places] / TEMPERATURE).softmax(-1)

    def choose(self, generator: np.random.Generator) -> Point:
        return Mixture.of(self.ground, {name: leaf.detach() for name, leaf in self.logits.items()}).mode()


class Tas(Shared):
    """Probabilities over widths learn from two widths at a time, whose features are stretched to one size and mixed.

    The most probable network is retrained plainly, without the teacher of the reference: all methods train alike here.

    Reference: X. Dong, Y. Yang, "Network pruning via transformable architecture search", 2019.
    """

    name: ClassVar[str] = "tas"

    def begin(self, ground: Ground) -> Run:
        return _TransformableRun(ground)
