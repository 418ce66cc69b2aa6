"""Fields that are linear between the points of a grid."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.widths.fields.field import Field, matching, tensors


class PiecewiseLinear(Field):
    r"""The linear interpolant of values :math:`v_j` at knots :math:`t_j`, constant outside of them.

    Args:
        values: :math:`v_j`, any batch shape before the last dimension.
        knots: :math:`t_j`, increasing, in units; fixed.

    >>> f = PiecewiseLinear(values=[1.0, -1.0], knots=[0.0, 4.0])
    >>> f(torch.tensor([-1.0, 1.0, 2.0, 9.0])).tolist()
    [1.0, 0.5, 0.0, -1.0]
    """

    piecewise_linear = True
    knots: Tensor

    def __init__(
        self, values: list[float] | Float[Tensor, "*batch knots"], knots: list[float] | Float[Tensor, " knots"]
    ) -> None:
        super().__init__()
        value, knot = tensors(values=values, knots=knots)
        matching("knots", knot, value)
        if len(knot) < 2 or not bool((knot.diff() > 0).all()):
            raise BadInput("knots", expected="two or more, increasing", came=knot.tolist(), remedy="sort them")
        self.values = nn.Parameter(value)
        self.register_buffer("knots", knot)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        piece = torch.searchsorted(self.knots[1:-1].contiguous(), points.contiguous(), right=True)
        start, stop = self.knots[piece], self.knots[piece + 1]
        share = ((points - start) / (stop - start)).clamp(0, 1)
        return torch.lerp(self.values[..., piece], self.values[..., piece + 1], share)

    def breakpoints(self) -> Float[Tensor, " knots"]:
        return self.knots

    def stationary(self) -> Float[Tensor, " places"]:
        return self.knots.new_empty(0)


class Tiled(Field):
    r"""A function that may jump at the integers: tile :math:`[i, i+1)` has its own linear interpolant.

    The functional gradient of a layer has this form, because activations and weights jump from unit to unit. Outside of
    [0, units] the field is 0.

    Args:
        values: on the points :math:`i + j/(n-1)`, j = 0..n-1 of each tile i, shape (\*batch, units, n), n >= 2.

    >>> f = Tiled(torch.tensor([[0.0, 1.0], [5.0, 5.0]]))
    >>> f(torch.tensor([0.5, 1.0, 1.9, 2.5])).tolist()
    [0.5, 5.0, 5.0, 0.0]
    """

    def __init__(self, values: Float[Tensor, "*batch units grid"]) -> None:
        super().__init__()
        (value,) = tensors(values=values)
        if value.ndim < 2 or value.shape[-1] < 2:
            raise BadInput("values", expected="(..., units, n >= 2)", came=tuple(value.shape), remedy="refine the grid")
        self.values = nn.Parameter(value)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        units, steps = self.values.shape[-2], self.values.shape[-1] - 1
        tile = points.floor().clamp(0, units - 1)
        place = (points - tile).clamp(0, 1) * steps
        cell = place.floor().clamp(max=steps - 1)
        start = self.values[..., tile.long(), cell.long()]
        stop = self.values[..., tile.long(), cell.long() + 1]
        inside = (points >= 0) & (points <= units)
        return torch.where(inside, torch.lerp(start, stop, place - cell), 0.0)

    def breakpoints(self) -> Float[Tensor, " breaks"]:
        units, steps = self.values.shape[-2], self.values.shape[-1] - 1
        return torch.arange(units * steps + 1, dtype=self.values.dtype, device=self.values.device) / steps
