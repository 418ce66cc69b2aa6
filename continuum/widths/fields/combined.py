"""Fields made from other fields: sums, and the kernel that represents a point evaluation in H1."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.widths.fields.field import Field, matching, tensors


class Sum(Field):
    r""":math:`f(u) = \sum_j a_j f_j(u)`, with fixed factors.

    Args:
        fields: the summands, any modules on the line; their batch shapes are broadcast.
        factors: :math:`a_j`, one per summand (default 1).

    >>> from continuum.widths import Affine
    >>> Sum([Affine(2.0), Affine(1.0)], factors=[1.0, -3.0])(torch.tensor([0.0])).tolist()
    [-1.0]
    """

    factors: Tensor

    def __init__(self, fields: list[nn.Module], factors: list[float] | Float[Tensor, " fields"] | None = None) -> None:
        super().__init__()
        self.fields = nn.ModuleList(fields)
        like = reference(self)
        chosen = like.new_ones(len(fields)) if factors is None else torch.as_tensor(factors, dtype=like.dtype)
        (value,) = tensors(factors=chosen)
        matching("factors", value, value.new_empty(len(fields)))
        self.register_buffer("factors", value.to(like.device))
        self.piecewise_linear = all(getattr(field, "piecewise_linear", False) for field in fields)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        total = torch.zeros_like(points)
        for factor, field in zip(self.factors.unbind(), self.fields, strict=True):
            total = total + factor * field(points)
        return total

    def breakpoints(self) -> Float[Tensor, " breaks"] | None:
        return joined([breakpoints(field) for field in self.fields])

    def stationary(self) -> Float[Tensor, " places"] | None:
        return self.factors.new_empty(0) if self.piecewise_linear else None


class Exponentials(Field):
    r""":math:`f(u) = \sum_j a_j K(u, z_j)` with the reproducing kernel of :math:`H^1(\mathbb{R})`,

    .. math:: K(u, z) = \tfrac12 e^{-|u - z|}, \qquad
        \int K(u,z)\,\varphi(u) + \partial_u K(u,z)\,\varphi'(u)\,du = \varphi(z) .

    Args:
        weights: :math:`a_j`, any batch shape before the last dimension.
        centers: :math:`z_j`, in units; fixed.

    Reference: A. Berlinet, C. Thomas-Agnan, "Reproducing Kernel Hilbert Spaces in Probability and Statistics", 2004.

    >>> Exponentials(weights=[2.0], centers=[1.0])(torch.tensor([1.0])).item()
    1.0
    """

    centers: Tensor

    def __init__(
        self, weights: list[float] | Float[Tensor, "*batch terms"], centers: list[float] | Float[Tensor, " terms"]
    ) -> None:
        super().__init__()
        weight, center = tensors(weights=weights, centers=centers)
        matching("centers", center, weight)
        self.weights = nn.Parameter(weight)
        self.register_buffer("centers", center)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        return self.weights @ (torch.exp(-(points - self.centers.unsqueeze(-1)).abs()) / 2)

    def breakpoints(self) -> Float[Tensor, " breaks"]:
        return self.centers


def breakpoints(field: nn.Module) -> Tensor | None:
    """Where a field is not smooth, as far as it says so."""
    return field.breakpoints() if isinstance(field, Field) else None


def joined(breaks: list[Tensor | None]) -> Tensor | None:
    """All breakpoints together."""
    known = [some for some in breaks if some is not None]
    return torch.cat(known) if known else None


def reference(field: nn.Module) -> Tensor:
    """A tensor with the dtype and device of the module: its first floating parameter or buffer, else the default."""
    for value in (*field.parameters(), *field.buffers()):
        if value.is_floating_point():
            return value.detach()
    return torch.empty(0)
