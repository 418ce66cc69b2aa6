r"""Functional derivatives of a layer with respect to the function f that shapes its support.

A loss L sees f through the gates alone, so all that these functions need is the *sensitivity* of every unit,
:math:`s_i = \partial L/\partial m_i = \langle F', y_i W_i \rangle`; with :math:`F' = 1` it is the contribution
:math:`y_i W_i` itself, and L is :math:`J_\kappa[f] = \int \sigma(\kappa f)\,yW\,d\mu`.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.widths.fields.zeros import Zero, Zeros, zeros
from continuum.widths.softsupport import SoftSupport


def soft_density(
    width: SoftSupport, sensitivity: Float[Tensor, "*members units"], points: Float[Tensor, " points"]
) -> Float[Tensor, "*batch points"]:
    r"""The L2 gradient of L in f, a density on the line, at given points:

    .. math:: \frac{\delta L}{\delta f}(u) = \kappa\,\sigma'(\kappa f(u))\; s_{\lfloor u\rfloor}
        \quad\text{for}\ u \in [0, N),\ \text{else}\ 0 .

    Args:
        width: the law, with f and kappa.
        sensitivity: dL/dm, broadcast against the batch of the law.
        points: u, in units.

    >>> from continuum.widths import Affine
    >>> soft_density(SoftSupport(2, Affine(1.5), 4.0), torch.tensor([1.0, 3.0]), torch.tensor([1.5])).tolist()
    [3.0]
    """
    _one_per_unit(sensitivity, width.units)
    tile = points.floor().clamp(0, width.units - 1).long()
    inside = (points >= 0) & (points < width.units)
    return torch.where(inside, _bell(width, points) * sensitivity[..., tile], 0.0)


def soft_derivative(
    width: SoftSupport, sensitivity: Float[Tensor, "*members units"], direction: nn.Module
) -> Float[Tensor, "*batch"]:
    r"""Derivative of L at f in the direction of a field :math:`\varphi`, for finite kappa:

    .. math:: \frac{d}{d\varepsilon} L[f + \varepsilon\varphi] =
        \int_0^N \kappa\,\sigma'(\kappa f)\,\varphi\, s_{\lfloor u\rfloor}\,du ,

    by the quadrature of the law (its ``order`` and ``panels``).

    Args:
        width: the law, with f and kappa.
        sensitivity: dL/dm.
        direction: phi, a module on the line.

    >>> from continuum.widths import Affine, Polynomial
    >>> width = SoftSupport(2, Affine(0.5), 30.0, panels=8)
    >>> round(soft_derivative(width, torch.tensor([3.0, -1.0]), Polynomial([1.0])).item(), 4)
    3.0
    """
    points, weights = width.cells(direction).nodes(width.rule)
    values: Tensor = direction(points)
    return (soft_density(width, sensitivity, points) * values * weights).sum(-1)


@dataclass(frozen=True)
class HardVariation:
    """Derivative of L at f in one direction, in the hard limit.

    ``ahead`` is the derivative at epsilon -> 0+, ``behind`` at 0-. Both are NaN where f has a double zero, and they
    may differ where it has one at an integer or at a kink; ``zeros`` names the culprits.
    """

    ahead: Float[Tensor, "*batch"]
    behind: Float[Tensor, "*batch"]
    zeros: Zeros

    @property
    def differentiable(self) -> bool:
        """Whether all zeros are simple."""
        return self.zeros.regular

    @property
    def value(self) -> Float[Tensor, "*batch"]:
        """The derivative; BadInput where there is none."""
        if not self.differentiable:
            raise not_simple(self.zeros)
        return self.ahead


def hard_derivative(
    f: nn.Module, sensitivity: Float[Tensor, "*batch units"], direction: nn.Module, *, grid: int = 64
) -> HardVariation:
    r"""Derivative of L at f in the direction of :math:`\varphi`, for kappa to infinity:

    .. math:: \frac{d}{d\varepsilon} L[f + \varepsilon\varphi] =
        \sum_{z \in Z(f)} \frac{\varphi(z)\, s_{\lfloor z\rfloor}}{|f'(z)|} ,

    since a simple zero moves by :math:`-\varepsilon\varphi/f'`. The source prints the sum without :math:`1/|f'(z)|`,
    which is right only where all slopes are 1. At an integer and at a kink, s and f' are those of the side to which
    the zero moves, as for one-sided derivatives.

    Args:
        f: a module on the line without batch shape.
        sensitivity: dL/dm; 0 outside of the units.
        direction: phi, a module on the line without batch shape.
        grid: see :func:`continuum.widths.fields.zeros.zeros`.

    Reference: L. Hörmander, "The Analysis of Linear Partial Differential Operators I", theorem 6.1.5 (delta(f)).

    >>> from continuum.widths import Affine, Polynomial
    >>> s, one = torch.tensor([3.0, -1.0]), Polynomial([1.0])
    >>> hard_derivative(Affine(0.5, slope=2.0), s, one).value.item()
    1.5
    >>> at_integer = hard_derivative(Affine(1.0, slope=2.0), s, one)
    >>> at_integer.ahead.item(), at_integer.behind.item(), at_integer.differentiable
    (-0.5, 1.5, False)
    """
    crossings = zeros(f, 0, sensitivity.shape[-1], grid=grid)
    ahead, behind = torch.zeros_like(sensitivity[..., 0]), torch.zeros_like(sensitivity[..., 0])
    for zero in crossings.zeros:
        push = direction(sensitivity.new_tensor([zero.at])).detach()[0].item()
        to_the_right = (push < 0) == (zero.right > 0)
        ahead = ahead + push * _speed(zero, sensitivity, to_the_right=to_the_right)
        behind = behind + push * _speed(zero, sensitivity, to_the_right=not to_the_right)
    return HardVariation(ahead, behind, crossings)


def not_simple(crossings: Zeros) -> BadInput:
    """The refusal to differentiate at zeros that are not simple."""
    culprits = ", ".join(f"{zero.kind} zero at {zero.at:.6g}" for zero in crossings.zeros if zero.kind != "simple")
    remedy = "take the one-sided derivatives `ahead` and `behind`, a finite kappa, or another f"
    return BadInput("f", expected="simple zeros off the integers", came=culprits, remedy=remedy)


def _speed(zero: Zero, sensitivity: Tensor, *, to_the_right: bool) -> Tensor:
    """What a unit push of f gains at the zero, if it moves to that side: s/|f'|."""
    if zero.kind == "double":
        return torch.full_like(sensitivity[..., 0], float("nan"))
    # Zeros within the tolerance of an integer were put on it, so that the tile on either side is exact.
    tile = int(zero.at // 1) if to_the_right or zero.at % 1 else int(zero.at) - 1
    if not 0 <= tile < sensitivity.shape[-1]:
        return torch.zeros_like(sensitivity[..., 0])
    return sensitivity[..., tile] / abs(zero.right if to_the_right else zero.left)


def _bell(width: SoftSupport, points: Tensor) -> Tensor:
    kappa = width.kappa.unsqueeze(-1)
    argument: Tensor = kappa * width.f(points)
    # sigma'(s) = sigma(s) sigma(-s) keeps its relative accuracy in both tails, unlike sigma (1 - sigma).
    return kappa * argument.sigmoid() * (-argument).sigmoid()


def _one_per_unit(sensitivity: Tensor, units: int) -> None:
    if sensitivity.shape[-1:] != (units,):
        came = tuple(sensitivity.shape)
        raise BadInput("sensitivity", expected=f"(..., {units})", came=came, remedy="give one number per unit")
