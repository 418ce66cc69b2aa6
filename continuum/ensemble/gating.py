"""Gates of one hidden layer of a chunk: from the law to every weight, and the gradient back."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from continuum.ensemble.layout import Layout
from continuum.widths import Interval
from continuum.widths.cardinal import Cardinal


def tied(law: Interval | Cardinal, gamma: Float[Tensor, " members"]) -> Interval | Cardinal:
    """The law with its width tied to ``gamma``, as torch ties weights: a step in gamma, in place, moves the gates.

    >>> gamma = torch.tensor([0.5])
    >>> law = tied(Interval(1, torch.zeros(1)), gamma)
    >>> law.gates().item(), gamma.fill_(0.75).item(), law.gates().item()
    (0.5, 0.75, 0.75)
    """
    law.gamma = nn.Parameter(gamma)  # a parameter on the memory of its tensor
    return law


class Gating:
    """The law of a hidden layer for all members of a chunk.

    Args:
        layout, layer: whose rows are gated; layer counts hidden layers from 0.
        law: batch shape (streams * positions,).
    """

    def __init__(self, layout: Layout, layer: int, law: Interval | Cardinal) -> None:
        self.law, self.shape = law, (layout.streams, layout.positions, law.units)
        device = law.gamma.device
        self.position, self.unit = (index.to(device) for index in layout.row_maps(layer))
        self.source = layout.feeders(layer + 1).to(device)

    @torch.no_grad()
    def rows(self) -> Float[Tensor, "streams rows"]:
        """Gate of every row."""
        return self._to_rows(self.law.gates())

    @torch.no_grad()
    def count_on(self) -> Int[Tensor, " members"]:
        """How many units have a gate above 0."""
        return (self.law.gates() > 0).sum(-1)

    def needed(self) -> Int[Tensor, " members"]:
        """How many rows each member needs for its value and its right derivative."""
        return self.law.active("right") if isinstance(self.law, Interval) else self.count_on()

    def weights(self) -> Float[Tensor, "streams weights"]:
        """Gate of the unit that feeds each weight of the next layer."""
        return self.rows()[:, self.source]

    def from_weights(self, weight: Tensor, gated_gradient: Tensor) -> Float[Tensor, "streams rows"]:
        """Gradient in the gates, from that of the gated weights: dL/dm_i = sum_j W_ij dL/d(m_i W_ij)."""
        rows = torch.zeros(self.shape[0], len(self.unit), dtype=weight.dtype, device=weight.device)
        return rows.index_add_(1, self.source, weight * gated_gradient)

    def to_gamma(self, row_gradient: Float[Tensor, "streams rows"]) -> Float[Tensor, " members"]:
        """Gradient in gamma through the law's own backward pass."""
        with torch.enable_grad():
            gates = self.law.gates()
        gradient = torch.zeros(self.shape, dtype=row_gradient.dtype, device=row_gradient.device)
        gradient[:, self.position, self.unit] = row_gradient
        return torch.autograd.grad(gates, self.law.gamma, gradient.view_as(gates))[0]

    def one_sided(self, row_gradient: Float[Tensor, "streams rows"]) -> tuple[Tensor, Tensor]:
        """Left and right derivative in gamma, each of shape (members,); equal for the smooth laws."""
        if not isinstance(self.law, Interval):
            derivative = self.to_gamma(row_gradient)
            return derivative, derivative
        left, right = (self._to_rows(self.law.slope(side)) for side in ("left", "right"))
        return self._per_member(left, row_gradient), self._per_member(right, row_gradient)

    def _per_member(self, slope: Tensor, row_gradient: Tensor) -> Tensor:
        # A unit of no influence has derivative 0 even where the slope of its gate is infinite.
        terms = torch.where(row_gradient == 0, 0.0, slope * row_gradient)
        sums = torch.zeros(self.shape[:2], dtype=terms.dtype, device=terms.device)
        return sums.index_add_(1, self.position, terms).flatten()

    def _to_rows(self, gates: Tensor) -> Tensor:
        return gates.view(self.shape)[:, self.position, self.unit]
