"""Distributions over the widths 1..N of a given mean, the least informative ones."""

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput

#: At this slope the expected width differs from 1 or N by less than float64 can tell.
STEEPEST = 64.0


def tilted(units: int, cardinality: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch units"]:
    r"""Logits :math:`s\,(j - (N-1)/2)` whose expected width is ``cardinality``, in (1, N).

    Among all distributions with that mean, the exponential tilt has the largest entropy. The slope s is found by
    bisection, in float64.

    >>> from continuum.widths import Concrete
    >>> Concrete(5, temperature=0.1, logits=tilted(5, 2.25)).cardinality().item()
    2.25
    """
    checks.whole("units", units, at_least=2)
    target = torch.as_tensor(cardinality).detach()
    inside = (target > 1) & (target < units)  # False for NaN
    if not bool(inside.all()):
        raise BadInput(
            "cardinality",
            expected=f"expected widths strictly between 1 and {units}",
            came=target[~inside].flatten()[0].item(),
            remedy="the concrete law reaches both ends only in the limit",
        )
    dtype = (
        target.dtype if isinstance(cardinality, Tensor) and target.is_floating_point() else torch.get_default_dtype()
    )
    places = torch.arange(units, dtype=torch.float64, device=target.device) - (units - 1) / 2
    slope = tilt(places, target.double() - (units + 1) / 2)
    return (slope.unsqueeze(-1) * places).to(dtype)


def tilt(places: Float[Tensor, " units"], mean: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Slope s for which softmax(s * places) has the wanted mean of places, by bisection; give float64."""
    low, high = torch.full_like(mean, -STEEPEST), torch.full_like(mean, STEEPEST)
    for _ in range(64):
        middle = (low + high) / 2
        small = ((middle.unsqueeze(-1) * places).softmax(-1) * places).sum(-1) < mean
        low, high = torch.where(small, middle, low), torch.where(small, high, middle)
    return (low + high) / 2
