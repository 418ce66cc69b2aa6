"""Gates to a power."""

from typing import Any

import torch
from torch import Tensor


class _GuardedPower(torch.autograd.Function):
    """a^p for 0 < p < 2, with the convention 0 * inf = 0 in both backward passes.

    At 0 the slope is +inf for p < 1, and the second derivative for 1 < p < 2.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(base: Tensor, exponent: float) -> Tensor:
        return base**exponent

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        base, ctx.exponent = inputs
        ctx.save_for_backward(base)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (base,) = ctx.saved_tensors
        silent = (base == 0) & (gradients[0] == 0)
        slope = ctx.exponent * base.masked_fill(silent, 1.0) ** (ctx.exponent - 1)
        return torch.where(silent, 0.0, gradients[0] * slope), None


def power(base: Tensor, exponent: float) -> Tensor:
    """Gates to a power p > 0, whose gradient is never NaN.

    For p < 1 the slope at 0 is +inf, and 0 where nothing depends on the gate; for 1 < p < 2 the second derivative.
    Forward mode needs p = 1 or p >= 2.

    >>> power(torch.tensor([0.0, 0.25, 1.0]), 0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if exponent == 1:
        return base
    if exponent < 2:
        powered: Tensor = _GuardedPower.apply(base, exponent)  # type: ignore[no-untyped-call]
        return powered
    return base**exponent
