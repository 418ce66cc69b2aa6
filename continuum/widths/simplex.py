"""Euclidean projection on the capped simplex, for whole batches at once."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn.functional import hardtanh

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.clipped import clipped
from continuum.widths.interval import SIDES, Side


def project(
    scores: Float[Tensor, "*#batch units"], total: float | Float[Tensor, "*#batch"], side: Side = "right"
) -> Float[Tensor, "*batch units"]:
    r"""The point of :math:`\{g \in [0,1]^N : \sum_i g_i = c\}` nearest to the scores p.

    .. math:: g = \mathrm{clip}(p - \tau, 0, 1), \qquad \tau \text{ such that } \sum_i g_i = c .

    The threshold comes from Newton's method on the piecewise linear :math:`\tau \mapsto \sum_i g_i`, inside a
    shrinking bracket; on the right piece its step is exact. Each step is one pass over the batch.

    With F the free coordinates (those strictly between 0 and 1), :math:`dg/dp = I_F - 1_F 1_F^T / |F|` and
    :math:`dg/dc = 1_F / |F|`. Where c is an integer and F is empty, dg/dc is the derivative from one ``side``: the
    units that a larger (``"right"``) or smaller (``"left"``) c would move share it; so for a c that differs from an
    integer by rounding only. Outside [0, N] c saturates and
    dg/dc is 0. NaN in a row makes its grades NaN.

    Args:
        scores: p, finite.
        total: c, in units.
        side: one-sided derivative in c that autograd gets where no coordinate is free.

    References: W. Wang and C. Lu, "Projection onto the capped simplex", arXiv:1503.01002, 2015; R. Cominetti,
    W. Mascarenhas and P. Silva, "A Newton's method for the continuous quadratic knapsack problem", Math. Prog.
    Comp. 6, 2014.

    >>> project(torch.tensor([2.0, 0.5, 0.25, -1.0]), 1.5)
    tensor([1.0000, 0.3750, 0.1250, 0.0000])
    """
    checks.one_of("side", side, SIDES, plural="sides")
    total = torch.as_tensor(total, dtype=scores.dtype, device=scores.device)
    if total.shape != scores.shape[:-1]:
        scores, total = _broadcast(scores, total)
    # vmap has batches that do not say whether they vary
    traced = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    value: Tensor = (_opaque if traced else clipped)(scores.detach(), total.detach())
    grades = value  # a constant: what carries its derivatives is 0
    if traced or _varies(scores):
        shares = _shares(value.frac().ceil_())  # of the units strictly between the bounds
        change = scores - scores.detach()
        # hardtanh passes no gradient at a bound, not even an infinite one
        grades = hardtanh(value + (change - (shares * change).sum(-1, keepdim=True)), 0.0, 1.0)
    if traced or _varies(total):
        moving = _moving(scores.detach(), total.detach(), value, side)
        change = (total - total.detach()).unsqueeze(-1) / moving.sum(-1, keepdim=True).clamp(min=1)
        grades = grades + torch.where(moving, change, 0.0)
    return grades


def _broadcast(scores: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    try:
        batch = torch.broadcast_shapes(scores.shape[:-1], total.shape)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise BadInput(
            "project",
            expected="one total per row of the scores",
            came=f"scores {tuple(scores.shape)} and totals {tuple(total.shape)}",
            remedy="give shapes (*batch, units) and (*batch)",
        ) from error
    return scores.expand(*batch, scores.shape[-1]), total.expand(batch)


def _varies(value: Tensor) -> bool:
    """Whether a derivative in this tensor may be asked for."""
    if value.requires_grad and torch.is_grad_enabled():
        return True
    return forward_ad.unpack_dual(value).tangent is not None  # type: ignore[no-untyped-call]


def _shares(chosen: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch units"]:
    return chosen / chosen.sum(-1, keepdim=True).clamp(min=1)


def _moving(scores: Tensor, total: Tensor, grades: Tensor, side: Side) -> Bool[Tensor, "*batch units"]:
    """The units that move with the total on that side: the free ones and those about to leave a bound."""
    near = 32 * torch.finfo(scores.dtype).eps  # ties up to rounding
    off, on = grades <= near, grades >= 1 - near
    if side == "right":
        end = scores.masked_fill(~off, -torch.inf).amax(-1, keepdim=True)
    else:
        end = scores.masked_fill(~on, torch.inf).amin(-1, keepdim=True) - 1
    # The threshold; without a free unit it is anywhere on a plateau, whose end, where a unit leaves its bound, counts.
    edge = (scores - grades).masked_fill(off | on, -torch.inf).amax(-1, keepdim=True)
    edge = torch.where(edge == -torch.inf, end, edge)
    distance, tie = scores - edge, near * (1 + edge.abs())
    if side == "right":
        moving = (distance >= -tie) & (distance < 1 - tie)
    else:
        moving = (distance > tie) & (distance <= 1 + tie)
    return moving & ((total >= 0) & (total <= grades.shape[-1])).unsqueeze(-1)


# An opaque operator, because its number of steps depends on the data, which compilers and vmap cannot trace.
@torch.library.custom_op("continuum::project_on_capped_simplex", mutates_args=())
def _opaque(scores: Tensor, total: Tensor) -> Tensor:
    return clipped(scores, total)


@_opaque.register_fake
def _(scores: Tensor, total: Tensor) -> Tensor:
    return scores.new_empty(scores.shape)


@_opaque.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], scores: Tensor, total: Tensor) -> tuple[Any, Any]:
    moved = (
        value.expand(info.batch_size, *value.shape) if where is None else value.movedim(where, 0)
        for value, where in zip((scores, total), in_dims, strict=True)
    )
    return _opaque(*moved), 0
