"""How many units a law of width has allocated."""

import copy

import torch
from torch import Tensor

from continuum.errors import BadInput
from continuum.widths.fuzzy import Fuzzy
from continuum.widths.interval import Interval
from continuum.widths.softsupport import SoftSupport
from continuum.widths.width import Width


def can_change(name: str, width: Width, units: int, force: bool) -> None:
    """Refuse a law that cannot take other units, and to drop a unit that is on."""
    if not isinstance(width, Interval | SoftSupport | Fuzzy):
        raise BadInput(
            f"gate {name}",
            expected="an Interval, SoftSupport or Fuzzy law",
            came=type(width).__name__,
            remedy="make a new law: a distribution gives every width a positive probability, new ones included",
        )
    lost = copy.deepcopy(width).eval().gates().detach()[..., units:]
    if not force and bool((lost > 0).any()):
        came = f"a gate of {lost.max().item():g} among the units from {units} on"
        raise BadInput(f"gate {name}", expected="gates of 0 there", came=came, remedy="narrow the law, or force=True")


@torch.no_grad()
def change(width: Width, units: int) -> Tensor | None:
    """Give a law other units; returns the new scores of a fuzzy law, which has one per unit."""
    old, width.units = width.units, units
    if isinstance(width, Interval):
        width.gamma.clamp_(max=units)
    if not isinstance(width, Fuzzy):
        return None
    grades, scores = width.grades(), width.scores
    if units < old:
        width.total.copy_(width.total.minimum(grades[..., :units].sum(-1)))
        return scores[..., :units].clone()
    # Just under the threshold: off now, and the first to be born when it falls.
    least = torch.where(grades > 0, scores - grades, torch.inf).amin(-1, keepdim=True)
    least = torch.where(least.isinf(), scores.amin(-1, keepdim=True), least)
    least = least - 4 * units * torch.finfo(scores.dtype).eps * (1 + least.abs())  # rounding must not let it in now
    return torch.cat([scores, least.expand(*scores.shape[:-1], units - old)], -1)
