"""Early stopping under a learning rate that falls to 0: a run cut off is not annealed, a short one is."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from continuum.learn.learning import LearnConfig, WidthResult
from continuum.learn.settings import steps_for
from continuum.sklearn.scales import Seen

#: The first run takes one part in so many of the steps, each further one twice as many as the one before.
SHORTEST = 8


def stopped_early(
    run: Callable[[LearnConfig], WidthResult],
    settings: LearnConfig,
    rows: float,
    loss: Callable[[nn.Sequential], float],
) -> tuple[WidthResult, tuple[float, ...]]:
    """The best of runs that double in length while the held-out loss falls, and the losses of all.

    ``rows`` is their number, or the sum of their weights. All runs share a price that the first one calibrated.
    ``steps`` of the result counts those of every run: between 3/8 and 15/8 of those of one full run, besides the
    calibration.
    """
    whole = steps_for(settings.steps, rows)
    best, losses, spent, share = None, [math.inf], 0, SHORTEST
    while share:
        found = run(replace(settings, steps=max(1, whole // share)))
        spent += found.steps
        last = loss(found.network)
        losses.append(math.inf if math.isnan(last) else last)
        if best is not None and losses[-1] >= losses[-2]:
            break
        best, share = found, share // 2
        if settings.method == "graded":  # the others have no price, or the default one, or find it anew
            settings = replace(settings, price=found.price)
    return replace(best or found, steps=spent), tuple(losses[1:])


@torch.no_grad()
def held_out_loss(network: nn.Sequential, held: Seen) -> float:
    """Mean cross-entropy where targets are class indices, else half the mean squared error."""
    outputs = network(held.x)
    if held.y.dtype == torch.long:
        each = functional.cross_entropy(outputs, held.y, reduction="none")
    else:
        each = (outputs - held.y).square().sum(1) / 2
    return float(each.mean() if held.weight is None else (each * held.weight).sum() / held.weight.sum())
