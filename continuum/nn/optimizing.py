"""Parameters that change their shape while an optimiser trains them."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from continuum.errors import BadInput


def overlap(target: Tensor, source: Tensor) -> Tensor:
    """Write the leading corner that both tensors have from ``source`` into ``target``.

    >>> overlap(torch.zeros(2, 2), torch.ones(1, 3))
    tensor([[1., 1.],
            [0., 0.]])
    """
    corner = tuple(slice(min(pair)) for pair in zip(target.shape, source.shape, strict=True))
    target[corner] = source[corner]
    return target


def can_follow(optimizer: Optimizer, parameter: nn.Parameter) -> None:
    """Refuse optimisers whose state is neither of the parameter's shape nor a number."""
    for name, value in optimizer.state.get(parameter, {}).items():
        if isinstance(value, Tensor) and value.numel() > 1 and value.shape != parameter.shape:
            raise BadInput(
                "optimizer",
                expected="state of the parameter's shape, as Adam, AdamW and SGD have",
                came=f"{name} of shape {tuple(value.shape)} for {tuple(parameter.shape)}",
                remedy="resize without the optimiser and make a new one",
            )


@torch.no_grad()
def exchange(optimizer: Optimizer, old: nn.Parameter, new: nn.Parameter) -> None:
    """Put ``new`` in the place of ``old``: state of entries that stay is kept, that of others is 0."""
    for group in optimizer.param_groups:
        group["params"] = [new if parameter is old else parameter for parameter in group["params"]]
    if old not in optimizer.state:
        return
    state = optimizer.state.pop(old)
    for name, value in state.items():
        if isinstance(value, Tensor) and value.dim() and value.shape == old.shape:
            state[name] = overlap(value.new_zeros(new.shape), value)
    optimizer.state[new] = state
