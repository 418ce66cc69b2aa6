"""How the outgoing weights of a gated layer are measured, and what its width costs."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.width import Width

Geometry = Literal["euclidean", "l2"]
#: Norms of the outgoing weights.
GEOMETRIES: tuple[Geometry, ...] = ("euclidean", "l2")


def weight_decay(
    weights: Float[Tensor, "*batch units outputs"],
    gates: Float[Tensor, "*batch units"],
    geometry: Geometry = "euclidean",
) -> Float[Tensor, "*batch"]:
    r"""Squared norm of the outgoing weights: ``"euclidean"`` or that of L2(E), ``"l2"``,

    .. math:: \sum_i |W_i|^2 \qquad\text{or}\qquad \sum_i m_i\, |W_i|^2 = \int_E |W|^2\, d\mu .

    The choice decides whether a learned width feels capacity. With gates m and the Euclidean norm, the optimised
    loss has slope 0 in the width at every integer; with the same gates and L2(E), where a unit of gate a weighs
    :math:`a|W|^2`, the slope is :math:`-|G|^2 / 2\lambda` for a penalty :math:`\lambda/2` and the gradient G at the
    effective weight of the unit about to be born. L2(E) with gates m has the optimum of the Euclidean norm with
    gates :math:`\sqrt m`.

    Args:
        weights: :math:`W`, one row per unit.
        gates: :math:`m`; the gates of the forward pass, or the expected ones of a random law.
        geometry: ``"euclidean"`` or ``"l2"``.

    >>> import torch
    >>> W, m = torch.tensor([[3.0, 4.0], [1.0, 0.0]]), torch.tensor([1.0, 0.5])
    >>> weight_decay(W, m).item(), weight_decay(W, m, "l2").item()
    (26.0, 25.5)
    """
    checks.one_of("geometry", geometry, GEOMETRIES, plural="geometries")
    if weights.shape[:-1] != gates.shape:
        raise BadInput(
            "weight_decay",
            expected="one gate per row of the weights",
            came=f"weights {tuple(weights.shape)} and gates {tuple(gates.shape)}",
            remedy="give shapes (*batch, units, outputs) and (*batch, units)",
        )
    squares = weights.square().sum(-1)
    return squares.sum(-1) if geometry == "euclidean" else (gates * squares).sum(-1)


def price(width: Width, rho: float) -> Float[Tensor, "*batch"]:
    r"""Cost of a width, :math:`\rho \sum_i m_i`: rho is the loss that one more unit must save to pay for itself.

    The cost is in the gates. For gates :math:`a^{1/2}` of an interval with Euclidean decay this is
    :math:`\rho\sqrt a`, as steep at 0 as the gain, and every integer stays a local minimum; to recruit, price gamma
    itself there, or take gates a with the L2(E) decay (``proofs_checks/theorems/n3_5_price.md``).

    >>> from continuum.widths import Interval
    >>> price(Interval(4, gamma=2.5), rho=0.1).item()
    0.25
    """
    return checks.number("rho", rho, low=0) * width.cardinality()
