"""Gates of the interval law, what the outgoing weights behind them receive, and the slope in gamma."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .arms import Arm

#: The square-root gate has an infinite slope at 0; from here down its slope is that at this fraction.
LEAST_FRACTION = 1e-4


@dataclass(frozen=True)
class Gating:
    """The methods of many members, as masks.

    Attributes:
        root: whether gates are square roots.
        l2: whether the decay is that of L2(E), lambda/2 sum m_i |W_i|^2, or Euclidean over the open units.
        density: whether outgoing weights step along the gradient density.
        decoupled: whether the decay bypasses the optimizer, as in AdamW (Loshchilov and Hutter, 2019).
        decay: lambda.
    """

    root: Bool[Tensor, "members 1"]
    l2: Bool[Tensor, "members 1"]
    density: Bool[Tensor, "members 1"]
    decoupled: Bool[Tensor, "members 1"]
    decay: float

    @classmethod
    def of(cls, arms: Sequence[Arm], decay: float) -> "Gating":
        """Those of some arms."""
        flags = [(arm.method == "square_root", arm.l2, arm.density, arm.method == "decoupled") for arm in arms]
        root, l2, density, decoupled = torch.tensor(flags).unsqueeze(-1).unbind(1)
        return cls(root, l2, density, decoupled, decay)

    def gates(self, gamma: Float[Tensor, " members"], units: int) -> Float[Tensor, "members units"]:
        """clip(gamma - i, 0, 1), or its square root."""
        fraction = fractions(gamma, units)
        return torch.where(self.root, fraction.sqrt(), fraction)

    def weight_gradient(
        self,
        fraction: Float[Tensor, "members units"],
        trained: Bool[Tensor, "members units"],
        density: Float[Tensor, "members units outputs"],
        outgoing: Float[Tensor, "members units outputs"],
    ) -> Float[Tensor, "members units outputs"]:
        r"""Gradient of loss + decay in the outgoing weights.

        Euclidean decay: :math:`m_i D_i + \lambda W_i` of open units; L2(E): :math:`m_i (D_i + \lambda W_i)`; in the
        metric of L2(E), which divides by the gate: :math:`D_i + \lambda W_i` of the units that are ``trained``. What
        is decoupled is not in it.
        """
        gates = torch.where(self.root, fraction.sqrt(), fraction)
        of_loss = torch.where(self.density, trained.to(gates), gates)
        of_decay = torch.where(self.l2, of_loss, (fraction > 0).to(gates)).masked_fill(self.decoupled, 0.0)
        return of_loss.unsqueeze(-1) * density + self.decay * of_decay.unsqueeze(-1) * outgoing

    def shrinkage(self, fraction: Float[Tensor, "members units"], lr: float) -> Float[Tensor, "members units"]:
        """The factor of a decoupled decay: 1 - lr lambda of open units, else 1."""
        return 1 - lr * self.decay * (self.decoupled & (fraction > 0)).to(fraction)

    def slopes(
        self,
        unit: Int[Tensor, " members"],
        fraction: Float[Tensor, " members"],
        density: Float[Tensor, "members units outputs"],
        outgoing: Float[Tensor, "members units outputs"],
    ) -> Float[Tensor, " members"]:
        r"""Derivative of loss + decay in gamma, where it is the gate of ``unit`` that moves.

        :math:`\varphi'(a) \langle D_k, W_k \rangle`, and :math:`\lambda |W_k|^2 / 2` more with the penalty of L2(E).
        """
        place = unit.clamp(0, outgoing.shape[1] - 1).view(-1, 1, 1).expand(-1, 1, outgoing.shape[2])
        w, d = outgoing.gather(1, place).squeeze(1), density.gather(1, place).squeeze(1)
        steep = 0.5 / fraction.clamp(min=LEAST_FRACTION).sqrt()
        slope = torch.where(self.root.squeeze(1), steep, 1.0) * (w * d).sum(-1)
        return slope + torch.where(self.l2.squeeze(1), self.decay / 2 * w.square().sum(-1), 0.0)

    def penalty(
        self, gamma: Float[Tensor, " members"], outgoing: Float[Tensor, "members units outputs"]
    ) -> Float[Tensor, " members"]:
        """The decay itself."""
        fraction = fractions(gamma, outgoing.shape[1])
        weight = torch.where(self.l2, fraction, (fraction > 0).to(fraction))
        return self.decay / 2 * (weight * outgoing.square().sum(-1)).sum(-1)


def fractions(gamma: Float[Tensor, " members"], units: int) -> Float[Tensor, "members units"]:
    """The part of each tile that [0, gamma] covers: clip(gamma - i, 0, 1)."""
    return (gamma.unsqueeze(-1) - torch.arange(units, dtype=gamma.dtype)).clamp(0, 1)
