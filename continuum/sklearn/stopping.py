"""Early stopping under a learning rate that falls to 0: a run cut off is not annealed, a short one is."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from continuum.learn import LearnConfig, WidthResult
from continuum.learn.loss import row_losses
from continuum.learn.settings import steps_for
from continuum.sklearn.standard import StandardisedRows

#: The first run takes one part in so many of the steps, each further one twice as many as the one before.
SHORTEST = 8


def stopped_early(
    run: Callable[[LearnConfig], WidthResult],
    config: LearnConfig,
    rows: float,
    loss: Callable[[nn.Sequential], float],
) -> tuple[WidthResult, tuple[float, ...]]:
    """The best of runs that double in length while the held-out loss falls, and the losses of all.

    ``rows`` is their number, or the sum of their weights. All runs share a price that the first one calibrated.
    ``steps`` of the result counts those of every run: between 3/8 and 15/8 of those of one full run, besides the
    calibration.
    """
    full = steps_for(config.steps, rows)
    best, losses, spent, share = None, [math.inf], 0, SHORTEST
    while share:
        result = run(replace(config, steps=max(1, full // share)))
        spent += result.steps
        last = loss(result.network)
        losses.append(math.inf if math.isnan(last) else last)
        if best is not None and losses[-1] >= losses[-2]:
            break
        best, share = result, share // 2
        if config.method == "graded":  # the others have no price, or the default one, or find it anew
            config = replace(config, price=result.price)
    return replace(best or result, steps=spent), tuple(losses[1:])


@torch.no_grad()
def held_out_loss(network: nn.Sequential, held_out: StandardisedRows, loss: str) -> float:
    """Mean of the named loss, such as half the squared error, over rows held out."""
    outputs, targets = network(held_out.x), held_out.y
    if loss == "cross_entropy":
        targets = functional.one_hot(targets, outputs.shape[1])
    each, weight = row_losses(loss, outputs, targets), held_out.weight
    return float(each.mean() if weight is None else (each * weight).sum() / weight.sum())
