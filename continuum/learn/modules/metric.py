"""The metric in which a foreign optimiser steps, made one number per block."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.learn.modules.chain import Chain, HiddenLayer
from continuum.learn.modules.surgery import Part

#: Second moments of Adam.
SQUARES = ("exp_avg_sq", "max_exp_avg_sq")
#: What else an optimiser remembers of a weight.
MEANS = ("exp_avg", "momentum_buffer")


@torch.no_grad()
def block_steps(optimizer: torch.optim.Optimizer, layer: HiddenLayer) -> Float[Tensor, " units"]:
    r"""The step :math:`\tau_i` that an optimiser has just taken on each block; 0 where it took none.

    Of SGD it is lr, over 1 - momentum: a steady gradient g moves a weight by that times g. Of Adam it is
    :math:`\mathrm{lr} / (\sqrt{\hat s_i} + \epsilon)` with the mean :math:`s_i` of the second moments of the block,
    which is written back to all of them. So its next step is one per block, too, up to the share :math:`1 - \beta_2`
    that one gradient has in a moment, and the proximal operator is that of the metric in which the gradient stepped.
    """
    weight = layer.parameter
    group = _group(optimizer, weight)
    lr, state = float(group["lr"]), optimizer.state.get(weight, {})
    ones = weight.new_ones(layer.units)
    if weight.grad is None and not state:
        return 0 * ones
    if isinstance(optimizer, torch.optim.SGD):
        return ones * (lr * (1 - float(group["dampening"])) / (1 - float(group["momentum"])))
    if not isinstance(optimizer, torch.optim.Adam | torch.optim.AdamW):
        came, remedy = type(optimizer).__name__, "of others the step on a block is not known"
        raise BadInput("optimizer", expected="SGD, Adam or AdamW", came=came, remedy=remedy)
    for name in SQUARES:
        if name in state:
            blocks = layer.blocks(state[name])
            blocks.copy_(blocks.mean((0, 2), keepdim=True).expand_as(blocks))
    square = layer.blocks(state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"])[0, :, 0]
    second = 1 - float(group["betas"][1]) ** float(state["step"])
    steps: Tensor = lr / ((square / second).sqrt() + float(group["eps"]))
    return steps


def _group(optimizer: torch.optim.Optimizer, weight: nn.Parameter) -> dict[str, Any]:
    for group in optimizer.param_groups:
        if any(parameter is weight for parameter in group["params"]):
            if group.get("weight_decay"):
                remedy = "put it in a group without; the penalty has a decay of its own"
                raise BadInput("optimizer", expected="weight_decay=0 on blocks", came="another", remedy=remedy)
            return group
    remedy = "give it module.parameters(); an optimiser that holds other weights moves nothing, without a word"
    raise BadInput("optimizer", expected="one that holds the module's weights", came="others", remedy=remedy)


@torch.no_grad()
def forget(
    optimizer: torch.optim.Optimizer,
    chain: Chain,
    entries: tuple[nn.Parameter, Part, int, Int[Tensor, " new"]],
) -> None:
    """No memory of fresh units; second moments of blocks stay, for they are what those of the layer are like."""
    parameter, part, units, new = entries
    state = optimizer.state.get(parameter, {})
    by_block = any(parameter is layer.parameter for layer in chain.layers)
    for name in MEANS + (() if by_block else SQUARES):
        if isinstance(state.get(name), Tensor):
            part.by_unit(units, state[name])[new] = 0
