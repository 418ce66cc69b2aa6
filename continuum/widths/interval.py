"""The interval law: the width is the length gamma of the interval [0, gamma] over which units are integrated."""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from continuum import checks
from continuum.widths.power import power
from continuum.widths.width import Width, width_tensor

Side = Literal["right", "left"]
#: From where a one-sided derivative is taken.
SIDES: tuple[Side, ...] = ("right", "left")


class Interval(Width):
    r"""Piecewise-constant DFM integration over :math:`E = [0, \gamma]`.

    Unit i occupies the tile :math:`[i, i+1)`, of which :math:`[0, \gamma]` covers the part

    .. math:: m_i(\gamma) = \mathrm{clip}(\gamma - i,\, 0,\, 1)^p .

    So units below :math:`k = \lfloor\gamma\rfloor` are whole, unit k has the fraction :math:`a = \gamma - k`,
    and the rest are off. With p = 1 the cardinality is gamma itself.

    At an integer the gates have a kink. The gradient that autograd receives there is the derivative from one
    ``side``: the right one (what a wider layer would gain) by default. Autograd through ``torch.clamp`` would
    pass the *sum* of both, which lies outside the Clarke subdifferential. Beyond both ends the outward
    derivative is 0. For p < 1 the right derivative of the gate at an integer is +inf (never NaN).

    Args:
        units: number N of allocated units.
        gamma: width in [0, N], a number or a tensor of any batch shape, in units.
        exponent: p > 0.
        learnable: register gamma as a parameter (else as a buffer).
        side: one-sided derivative that autograd gets at integers, ``"right"`` or ``"left"``.

    Reference: W. Guss, "Towards a Continuous Hyperparameter Representation for Neural Networks", draft, 2017,
    section 1.7 (there with tiles :math:`k\cdot[0,1]`; the translates :math:`k + [0,1)` are meant).

    >>> width = Interval(units=4, gamma=2.25)
    >>> width.gates()
    tensor([1.0000, 1.0000, 0.2500, 0.0000], grad_fn=<AddBackward0>)
    >>> width.cardinality().item()
    2.25
    >>> int(width.active()), int(width.active("left"))
    (3, 3)
    """

    gamma: Tensor

    def __init__(
        self,
        units: int,
        gamma: float | Float[Tensor, "*batch"],
        exponent: float = 1.0,
        *,
        learnable: bool = True,
        side: Side = "right",
    ) -> None:
        super().__init__(units)
        self.exponent = checks.positive("exponent", exponent, remedy="1 is the interval law")
        self.side: Side = _side(side)
        self._hold("gamma", width_tensor(gamma, units), learnable=learnable)

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """clip(gamma - i, 0, 1)^p, shape (*batch, units); never random."""
        edge = self.edge(self.side)
        fraction = power(self.gamma - edge, self.exponent)
        whole = (self._indices() < edge.unsqueeze(-1)).to(fraction.dtype)
        return whole + self._at(edge) * fraction.unsqueeze(-1)

    def edge(self, side: Side) -> Float[Tensor, "*batch"]:
        """Number k of the unit whose gate moves with gamma on that side: floor(gamma), or ceil(gamma) - 1.

        It may lie outside 0..N-1; then no gate moves.
        """
        gamma = self.gamma.detach()
        return gamma.floor() if _side(side) == "right" else gamma.ceil() - 1

    def slope(self, side: Side | None = None) -> Float[Tensor, "*batch units"]:
        r"""One-sided derivative :math:`dm_i/d\gamma = p\,a^{p-1}` of every gate: zero but at the edge unit."""
        edge = self.edge(self.side if side is None else side)
        slope = self.exponent * (self.gamma.detach() - edge) ** (self.exponent - 1)
        return torch.where(self._at(edge), slope.unsqueeze(-1), 0.0)

    def active(self, side: Side = "right") -> Int[Tensor, "*batch"]:
        """Number of units that must be computed for the value and for the derivative on that side.

        min(N, floor(gamma) + 1) on the right, where the unit about to be born counts; ceil(gamma) on the left.
        """
        return (self.edge(side) + 1).clamp(0, self.units).long()

    def _at(self, edge: Tensor) -> Bool[Tensor, "*batch units"]:
        return self._indices() == edge.unsqueeze(-1)

    def _indices(self) -> Float[Tensor, " units"]:
        # At least float32: bfloat16 cannot tell 257 from 256.
        dtype = torch.promote_types(self.gamma.dtype, torch.float32)
        return torch.arange(self.units, dtype=dtype, device=self.gamma.device)

    def extra_repr(self) -> str:
        return f"units={self.units}, exponent={self.exponent:g}, side={self.side!r}"


def _side(side: Side) -> Side:
    checks.one_of("side", side, SIDES, plural="sides")
    return side
