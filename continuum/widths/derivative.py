"""Closed forms for the one-sided derivatives of a loss in gamma."""

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.errors import BadInput
from continuum.widths.interval import Interval, Side


def gamma_derivative(
    width: Interval,
    activations: Float[Tensor, "*batch rows units"],
    weights: Float[Tensor, "*batch units outputs"],
    output_gradient: Float[Tensor, "*batch rows outputs"],
    side: Side = "right",
) -> Float[Tensor, "*batch"]:
    r"""One-sided derivative of a loss L in gamma, from the outputs of the gated layer.

    For :math:`z = \sum_i m_i(\gamma)\, y_i W_i` and :math:`G = \partial L/\partial z` (any mean over rows is
    part of G),

    .. math:: \frac{dL}{d\gamma^{\pm}} = m_k'(\gamma^{\pm}) \sum_n \langle G_n,\, y_{nk} W_k \rangle,

    where k is the edge unit: :math:`\lfloor\gamma\rfloor` on the right, :math:`\lceil\gamma\rceil - 1` on the
    left. Off the integers both sides agree with autograd; at an integer k of the interval law the two values are
    the ends of the Clarke subdifferential. Where the slope of the gate is infinite and unit k changes nothing,
    the derivative is 0.

    Args:
        width: the law, batch shape ``*batch``.
        activations: :math:`y`, what the hidden units say before their gates.
        weights: :math:`W`, outgoing weights, one row per unit.
        output_gradient: :math:`G`.
        side: ``"right"`` or ``"left"``.

    >>> width = Interval(3, gamma=torch.tensor(2.0, dtype=torch.float64))
    >>> y = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
    >>> W = torch.tensor([[1.0], [0.5], [-1.0]], dtype=torch.float64)
    >>> G = torch.ones(1, 1, dtype=torch.float64)  # L = z
    >>> float(gamma_derivative(width, y, W, G)), float(gamma_derivative(width, y, W, G, side="left"))
    (-3.0, 1.0)
    """
    _check_shapes(width, activations, weights, output_gradient)
    sensitivity = torch.einsum("...nu,...uc,...nc->...u", activations, weights, output_gradient)
    slope = width.slope(side)
    return torch.where(sensitivity == 0, 0.0, slope * sensitivity).sum(-1)


def _check_shapes(width: Interval, activations: Tensor, weights: Tensor, output_gradient: Tensor) -> None:
    # Else einsum would broadcast a batch, a row or an output that is missing.
    batch, units = tuple(width.gamma.shape), width.units
    rows, outputs = (0, 0, *output_gradient.shape)[-2:]
    shapes = [tuple(tensor.shape) for tensor in (activations, weights, output_gradient)]
    if shapes != [(*batch, rows, units), (*batch, units, outputs), (*batch, rows, outputs)]:
        lead = "".join(f"{length}, " for length in batch)
        raise BadInput(
            "gamma_derivative",
            expected=f"activations ({lead}rows, {units}), weights ({lead}{units}, outputs) "
            f"and output_gradient ({lead}rows, outputs)",
            came=", ".join(map(str, shapes)),
            remedy="pass the layer that the width gates, one per width of the batch",
        )
