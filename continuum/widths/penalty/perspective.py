r"""Perspective penalties: what a unit of width costs under any convex decay once its gate has been eliminated."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.penalty.decay import Decay


def perspective(
    weights: Float[Tensor, "*batch units outputs"], gates: Float[Tensor, "*batch units"], decay: Decay
) -> Float[Tensor, "*batch units"]:
    r"""The cost :math:`a\, h(|v|/a)` of effective weights :math:`v = aW` behind gates a, unit by unit.

    At a = 0 it is 0 for v = 0, else infinite. Of all convex penalties of a gate and a weight these alone are blind to
    splitting a unit: one of gate a + b costs what two copies of gates a and b cost together.

    Args:
        weights: :math:`v`, one row per unit.
        gates: :math:`a \ge 0`.
        decay: h.

    >>> from continuum.widths import PowerDecay
    >>> v = torch.tensor([[0.6, 0.8], [0.0, 1.0], [0.0, 1.0]])
    >>> perspective(v, torch.tensor([1.0, 0.5, 0.0]), PowerDecay(2.0))
    tensor([1., 2., inf])
    """
    if weights.shape[:-1] != gates.shape or bool((gates < 0).any()):
        raise BadInput(
            "perspective",
            expected="one gate >= 0 per row of the weights",
            came=f"weights {tuple(weights.shape)} and gates {tuple(gates.shape)}, least {_least(gates)}",
            remedy="give shapes (*batch, units, outputs) and (*batch, units)",
        )
    norm, on = _norm(weights), gates > 0
    whole = gates.masked_fill(~on, 1.0)  # where it is off nothing is divided, so that no gradient is NaN
    absent = torch.where(norm > 0, torch.inf, 0.0).to(norm.dtype)
    return torch.where(on, whole * decay.value(norm / whole), absent)


@dataclass(frozen=True)
class Perspective:
    r"""The penalty of effective outgoing weights v at the best gate, under a price :math:`\rho` per unit of width,

    .. math:: P(v) = \min_{0 \le a \le 1} a\, h(|v|/a) + \rho a = \begin{cases}
        \mu |v| & |v| \le v_0 \\ h(|v|) + \rho & |v| \ge v_0 \end{cases}
        \qquad h^*(\mu) = \rho,\quad v_0 \in \partial h^*(\mu) .

    It is convex with the conjugate :math:`(h^*(|g|) - \rho)_+`, and a cone at 0: a silent unit is recruited iff its
    gradient is longer than :math:`\mu`. With :math:`h = \lambda r^2/2` it is the reverse Huber penalty.

    Args:
        decay: h.
        price: :math:`\rho > 0`.

    Reference: ``proofs_checks/theorems/n3_9_perspective.md``; for q = 2 see :func:`continuum.widths.reverse_huber`.

    >>> from continuum.widths import PowerDecay
    >>> penalty = Perspective(PowerDecay(1.0, power=1.5), price=1 / 3)
    >>> penalty.threshold, penalty.full_norm
    (1.0, 1.0)
    >>> v = torch.tensor([[0.0, 0.5], [0.0, 4.0]])
    >>> penalty.gates(v), penalty.value(v)
    (tensor([0.5000, 1.0000]), tensor([0.5000, 5.6667]))
    """

    decay: Decay
    price: float

    def __post_init__(self) -> None:
        checks.positive("price", self.price, remedy="without a price every unit is worth having")

    @cached_property
    def _bought(self) -> tuple[float, float]:
        return self.decay.bought(self.price)

    @property
    def threshold(self) -> float:
        r"""Slope :math:`\mu` at zero."""
        return self._bought[0]

    @property
    def full_norm(self) -> float:
        r"""Norm :math:`v_0` from which on a gate is 1."""
        return self._bought[1]

    def gates(self, weights: Float[Tensor, "*batch units outputs"]) -> Float[Tensor, "*batch units"]:
        r"""The best gates, :math:`\min(1, |v| / v_0)`."""
        return (_norm(weights) / self.full_norm).clamp(max=1)

    def value(self, weights: Float[Tensor, "*batch units outputs"]) -> Float[Tensor, "*batch units"]:
        """P of every unit."""
        norm = _norm(weights)
        return torch.where(norm <= self.full_norm, self.threshold * norm, self.decay.value(norm) + self.price)

    def prox(
        self, weights: Float[Tensor, "*batch units outputs"], step: float | Float[Tensor, "*#batch #units"]
    ) -> Float[Tensor, "*batch units outputs"]:
        r"""The exact proximal operator, :math:`\operatorname{argmin}_v |v - z|^2/2\tau + P(v)`, a step for each unit.

        A result of length :math:`|z| - \tau\mu` stands where that is at most :math:`v_0`; a longer one solves
        :math:`x + \tau h'(x) = |z|`.

        Args:
            weights: :math:`z`.
            step: :math:`\tau \ge 0`.

        >>> from continuum.widths import PowerDecay
        >>> z = torch.tensor([[0.0, 0.5], [0.0, 1.5], [0.0, 6.0]])
        >>> Perspective(PowerDecay(1.0, power=1.5), price=1 / 3).prox(z, 1.0)
        tensor([[0.0000, 0.0000],
                [0.0000, 0.5000],
                [0.0000, 4.0000]])
        """
        tau = torch.as_tensor(step, dtype=weights.dtype, device=weights.device)
        if bool((tau < 0).any()) or not bool(tau.isfinite().all()):
            remedy = "a step is a length of time"
            raise BadInput("step", expected="finite steps >= 0", came=_least(tau), remedy=remedy)
        norm = _norm(weights)
        short = norm - tau * self.threshold
        whole = short > self.full_norm
        # Where a norm is not used its root is not needed, and 1 in its place keeps gradients finite.
        long = self.decay.shrunk(torch.where(whole, norm, 1.0), tau.expand_as(norm)).clamp(min=self.full_norm)
        length = torch.where(whole, long, short.clamp(min=0))
        return weights * (length / norm.clamp(min=torch.finfo(norm.dtype).tiny)).unsqueeze(-1)


def _norm(weights: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(weights, dim=-1)
    return norm


def _least(numbers: Tensor) -> float:
    return float(numbers.min()) if numbers.numel() else 0.0
