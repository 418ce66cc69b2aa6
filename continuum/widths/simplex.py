"""Euclidean projection on the capped simplex, for whole batches at once."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
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
    try:
        batch = torch.broadcast_shapes(scores.shape[:-1], total.shape)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise BadInput(
            "project",
            expected="a total for every row of the scores",
            came=f"scores {tuple(scores.shape)} and totals {tuple(total.shape)}",
            remedy="give shapes (*batch, units) and (*batch)",
        ) from error
    grades: Tensor = _Projection.apply(  # type: ignore[no-untyped-call]
        scores.expand(*batch, scores.shape[-1]), total.expand(batch), side
    )[0]
    return grades


class _Projection(torch.autograd.Function):
    """The projection with its generalised derivative; returns the grades and the threshold."""

    generate_vmap_rule = True

    @staticmethod
    def forward(scores: Tensor, total: Tensor, side: Side) -> tuple[Tensor, Tensor]:
        grades, threshold = _solve(scores, total)
        return grades, threshold

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Side], output: tuple[Tensor, Tensor]) -> None:
        scores, total, ctx.side = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(scores, total, *output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None]:
        scores, total, grades, threshold = ctx.saved_tensors
        free = (grades > 0) & (grades < 1)
        to_scores = torch.where(free, gradients[0] - _mean(gradients[0], free).unsqueeze(-1), 0.0)
        if not ctx.needs_input_grad[1]:  # a total that is held fixed, which is the usual case
            return to_scores, None, None
        return to_scores, _mean(gradients[0], _moving(scores, total, grades, threshold, ctx.side)), None


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    return torch.where(chosen, values, 0.0).sum(-1) / chosen.sum(-1).clamp(min=1)


def _moving(scores: Tensor, total: Tensor, grades: Tensor, threshold: Tensor, side: Side) -> Bool[Tensor, "*batch N"]:
    """The units that move with the total on that side: the free ones and those about to leave a bound."""
    near = 32 * torch.finfo(scores.dtype).eps  # ties up to rounding
    off, on = grades <= near, grades >= 1 - near
    if side == "right":
        end = scores.masked_fill(~off, -torch.inf).amax(-1)
    else:
        end = scores.masked_fill(~on, torch.inf).amin(-1) - 1
    # Without a free unit the threshold is anywhere on a plateau: its end, where a unit leaves its bound, counts.
    edge = torch.where((off | on).all(-1), end, threshold).unsqueeze(-1)
    distance, tie = scores - edge, near * (1 + edge.abs())
    if side == "right":
        moving = (distance >= -tie) & (distance < 1 - tie)
    else:
        moving = (distance > tie) & (distance <= 1 + tie)
    return moving & ((total >= 0) & (total <= grades.shape[-1])).unsqueeze(-1)


# An opaque operator, because its number of steps depends on the data, which compilers and vmap cannot trace.
@torch.library.custom_op("continuum::project_on_capped_simplex", mutates_args=())
def _solve(scores: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    units, total = scores.shape[-1], total.clamp(0, scores.shape[-1]).unsqueeze(-1)
    threshold = _threshold(scores, total)
    part = (scores - threshold).clamp_(0, 1)
    free = (1 - part).mul_(part).sign_()  # 1 strictly between the bounds, else 0; sums of Booleans are ten times slower
    # One more step on the differences: for large scores the threshold itself is too coarse to hold the sum.
    missing = (total - part.sum(-1, keepdim=True)) / free.sum(-1, keepdim=True).clamp(min=1, max=units)
    grades = free.mul_(missing).add_(part).clamp_(0, 1)
    # Exactly 0 and 1 at the ends; the second term is there to hand on NaN.
    grades = torch.where((total <= 0) | (total >= units), total / units + 0 * threshold, grades)
    return grades, threshold.squeeze(-1)


@_solve.register_fake
def _(scores: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    return scores.new_empty(scores.shape), scores.new_empty(total.shape)


@_solve.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], scores: Tensor, total: Tensor) -> tuple[Any, Any]:
    moved = (
        value.expand(info.batch_size, *value.shape) if where is None else value.movedim(where, 0)
        for value, where in zip((scores, total), in_dims, strict=True)
    )
    return _solve(*moved), (0, 0)


def _threshold(scores: Float[Tensor, "*batch units"], total: Float[Tensor, "*batch 1"]) -> Float[Tensor, "*batch 1"]:
    """Root of sum clip(scores - threshold, 0, 1) = total, by Newton's method, else by the secant of the bracket."""
    units, precision = scores.shape[-1], 2 * torch.finfo(scores.dtype).eps
    low, high = scores.amin(-1, keepdim=True) - 1, scores.amax(-1, keepdim=True)
    gap_low, gap_high = units - total, -total
    threshold = (scores.mean(-1, keepdim=True) - total / units).clamp(low, high)
    difference, part = torch.empty_like(scores), torch.empty_like(scores)
    for step in range(MOST_STEPS):
        torch.sub(scores, threshold, out=difference)
        torch.clamp(difference, 0, 1, out=part)
        gap = part.sum(-1, keepdim=True) - total
        slope = units - difference.sub_(part).sign_().abs_().sum(-1, keepdim=True)
        open_rows = gap.abs() > precision * (units + slope * threshold.abs())  # NaN closes its row
        if not bool(open_rows.any()):
            break
        above = gap >= 0
        low, gap_low = torch.where(above, threshold, low), torch.where(above, gap, gap_low)
        high, gap_high = torch.where(above, high, threshold), torch.where(above, gap_high, gap)
        newton = threshold + gap / slope
        # Halving now and then bounds the number of steps, whatever the scores.
        other = (low + high) / 2 if step % 4 == 3 else (low * gap_high - high * gap_low) / (gap_high - gap_low)
        threshold = torch.where(open_rows, torch.where((newton > low) & (newton < high), newton, other), threshold)
    return threshold


#: Far more than a bracket of float64 needs; what is left then is mended by the last step in ``_solve``.
MOST_STEPS = 1000
