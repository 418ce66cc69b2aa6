r"""Probabilities over widths and depths, and the network that is their mixture.

With gates m(g) of a width g and probabilities p over widths, the mixture of prefix networks whose output is linear in
the gated units is the network of the expected gates, :math:`\sum_g p_g\, z_g = c + \sum_i \bar m_i h_i V_i`,
:math:`\bar m_i = \sum_g p_g m_i(g)`: one forward pass serves all widths. In deeper networks each layer
is such a mixture.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.benchmark import Point
from continuum.benchmark.objective import UNITS
from continuum.search.shared.method import Ground
from continuum.search.shared.supernet import Rows

#: Units up to which a width counts as narrow in a report of where the mass goes.
NARROW = 2.0


@dataclass(frozen=True)
class Logits:
    """Logarithms, up to a constant, of the probabilities of depths, and of widths given the depth."""

    depth: Float[Tensor, " depths"]
    width: Float[Tensor, "depths widths"]

    @classmethod
    def even(cls, ground: Ground) -> "Logits":
        """All alike."""
        depths, widths = ground.choices
        return cls(torch.zeros(depths), torch.zeros(depths, widths))

    @property
    def tree(self) -> dict[str, Tensor]:
        """As a pytree, for ``continuum.hypergrad``."""
        return {"depth": self.depth, "width": self.width}


@dataclass(frozen=True)
class Mixture:
    """A mixture of the networks of a ground."""

    ground: Ground
    depth: Float[Tensor, " depths"]
    width: Float[Tensor, "depths widths"]

    @classmethod
    def of(cls, ground: Ground, logits: dict[str, Tensor]) -> "Mixture":
        """By the softmax of logits."""
        return cls(ground, logits["depth"].softmax(-1), logits["width"].softmax(-1))

    def gates(self) -> Float[Tensor, "depths units"]:
        """Expected gates of each depth."""
        return self.width @ self.ground.net.gates(self.ground.space.gamma)

    def units(self) -> Float[Tensor, ""]:
        """Expected units that are paid for."""
        depths = torch.tensor(self.ground.space.depth, dtype=torch.float32)
        return (self.depth * depths * (self.width @ torch.tensor(self.ground.space.gamma).ceil())).sum()

    def loss(self, weights: Tensor, rows: Rows) -> Float[Tensor, ""]:
        """Loss of the mixture of outputs."""
        logits = self.ground.net.logits(weights, rows.x, self.gates(), self.ground.space.depth)
        return self.ground.net.loss((self.depth[:, None, None] * logits).sum(0, keepdim=True), rows.y)[0]

    def objective(self, weights: Tensor, rows: Rows) -> Float[Tensor, ""]:
        """Loss in losses of the constant answer, and the expected price."""
        objective = self.ground.objective
        return self.loss(weights, rows) / objective.constant + objective.price / UNITS * self.units()

    def mode(self) -> Point:
        """The most probable depth, and its most probable width."""
        depth = int(self.depth.argmax())
        return self.ground.decoded(depth, int(self.width[depth].argmax()))

    def mass(self) -> dict[str, float]:
        """Where the probability is: the mean width, the mode, what lies at narrow widths, and the entropy."""
        gammas = torch.tensor(self.ground.space.gamma)
        share, mode = self.depth @ self.width, self.mode()
        return {
            "gamma": float(share @ gammas),
            "mode": mode.gamma,
            "depth": mode.depth,
            "narrow": float(share[gammas <= NARROW].sum()),
            "entropy": float(-(share * share.clamp_min(1e-12).log()).sum()),
            "units": float(self.units()),
        }
