"""The active prefix of a layer: the units whose gates can matter."""

import math
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import linear

from continuum.widths.interval import Interval
from continuum.widths.power import power
from continuum.widths.width import Width


def active_gates(width: Width) -> Float[Tensor, "*batch active"]:
    r"""Gates :math:`m_0, \dots, m_{k-1}` of the units that must be computed; all gates after them are 0.

    For one :class:`Interval`, :math:`k = \min(N, \lfloor\gamma\rfloor + 1)`: with the unit about to be born. Other
    laws, and batches of widths, give all of their gates.

    >>> active_gates(Interval(512, gamma=2.25))
    tensor([1.0000, 1.0000, 0.2500], grad_fn=<AddcmulBackward0>)
    """
    if not isinstance(width, Interval) or type(width).gates is not Interval.gates or width.gamma.dim():
        return width.gates()
    gamma = width.gamma
    value = gamma.item()
    if not math.isfinite(value):
        return width.gates()
    edge = math.floor(value) if width.side == "right" else math.ceil(value) - 1
    active = min(max(math.floor(value) + 1, 0), width.units)
    if not 0 <= edge < active:
        return width.gates()[:active]  # no gate moves, and gamma's gradient is 0 rather than None
    # Few operations, and on as many numbers as units are active: at these sizes every call costs more than its work.
    whole, place, base = _rows(edge, active, gamma.dtype, gamma.device)
    if width.exponent == 1 and gamma.dtype in _FINE:
        return torch.addcmul(base, gamma, place)  # exact, as gamma - edge is
    # At -0 the slope of the root would be -inf, and -0 + 0 is 0.
    fraction = gamma - edge if value else gamma + 0.0
    return torch.addcmul(whole, power(fraction, width.exponent), place)


def gated_linear(
    x: Float[Tensor, "*rows inputs"],
    weight: Float[Tensor, "units columns"],
    bias: Float[Tensor, " units"] | None,
    gates: Float[Tensor, " inputs"] | None,
    rows: int | None,
) -> Float[Tensor, "*rows outputs"]:
    """The first rows of a linear layer, after gates on as many of its inputs.

    >>> gated_linear(torch.ones(1, 2), torch.ones(3, 4), torch.zeros(3), torch.tensor([1.0, 0.5]), rows=1)
    tensor([[1.5000]])
    """
    if rows is not None and rows < weight.shape[0]:
        weight, bias = weight[:rows], bias if bias is None else bias[:rows]
    if gates is None:
        return linear(x, weight, bias)
    # A slice costs a full-size buffer in the backward pass: none where all units are on.
    part = weight if gates.shape[0] == weight.shape[1] else weight[:, : gates.shape[0]]
    return linear(x, part * gates, bias)


@lru_cache(maxsize=256)
def _rows(edge: int, active: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """1 below the edge unit; 1 at the edge unit; the first of these with -edge at the edge unit. 0 elsewhere.

    Never written to again.
    """
    with torch.inference_mode(False):  # else a graph that is built later could not save them
        units = torch.arange(active, device=device)
        whole, place = (units < edge).to(dtype), (units == edge).to(dtype)
        return whole, place, whole - edge * place


#: Types that tell every integer up to the number of units: bfloat16 has no 257.
_FINE = {torch.float32, torch.float64}
