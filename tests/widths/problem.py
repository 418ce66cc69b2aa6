"""A small network with one gated layer, and one-sided finite differences of its loss in the width."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from continuum.widths import Interval, Side

Kind = Literal["cross-entropy", "squared error"]
#: Three-point one-sided differences with this step have an error of about 1e-8 f''' plus 1e-12 of rounding.
STEP, TOLERANCE = 1e-4, 1e-6


@dataclass(frozen=True)
class Problem:
    """A loss of the gates: z = sum_i m_i y_i W_i on a batch of data, one network for each member of the batch."""

    activations: Tensor
    weights: Tensor
    target: Tensor
    kind: Kind

    def output(self, gates: Tensor) -> Tensor:
        return (gates.unsqueeze(-2) * self.activations) @ self.weights

    def losses(self, output: Tensor) -> Tensor:
        """Mean over the rows, one loss for each member of the batch."""
        if self.kind == "squared error":
            return (output - self.target).square().sum(-1).mean(-1)
        each = cross_entropy(output.flatten(0, -2), self.target.flatten(), reduction="none")
        return each.unflatten(0, self.target.shape).mean(-1)

    def loss(self, gates: Tensor) -> Tensor:
        return self.losses(self.output(gates))

    def output_gradient(self, gates: Tensor) -> Tensor:
        output = self.output(gates.detach()).requires_grad_()
        return torch.autograd.grad(self.losses(output).sum(), output)[0]

    def by_autograd(self, width: Interval) -> Tensor:
        return torch.autograd.grad(self.loss(width.gates()).sum(), width.gamma)[0]

    def size(self, width: Interval) -> Tensor:
        """What rounding in the derivative is relative to: its sum over rows and outputs without cancellation."""
        gradient = self.output_gradient(width.gates())
        terms = torch.einsum("...nu,...uc,...nc->...u", self.activations.abs(), self.weights.abs(), gradient.abs())
        slopes = width.slope()
        return torch.where(slopes == 0, 0.0, slopes * terms).sum(-1)


def problem(
    units: int,
    kind: Kind = "squared error",
    *,
    batch: tuple[int, ...] = (),
    rows: int = 6,
    outputs: int = 3,
    seed: int = 0,
) -> Problem:
    """Random data through a random tanh layer, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*batch, *shape, dtype=torch.float64, generator=generator)

    activations = torch.tanh(normal(rows, 4) @ normal(4, units) / 2 + normal(1, units))
    if kind == "squared error":
        target = normal(rows, outputs)
    else:
        target = torch.randint(outputs, (*batch, rows), generator=generator)
    return Problem(activations, normal(units, outputs), target, kind)


def clip_gates(gamma: Tensor, units: int, exponent: float = 1.0) -> Tensor:
    """The definition: clip(gamma - i, 0, 1)^p."""
    return (gamma.unsqueeze(-1) - torch.arange(units, dtype=gamma.dtype)).clip(0, 1) ** exponent


def one_sided(function: Callable[[Tensor], Tensor], gamma: Tensor, side: Side, step: float = STEP) -> Tensor:
    """Second-order one-sided finite difference."""
    h = step if side == "right" else -step
    with torch.no_grad():
        return (4 * function(gamma + h) - function(gamma + 2 * h) - 3 * function(gamma)) / (2 * h)
