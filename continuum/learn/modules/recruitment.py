"""Fresh directions for silent units, and the pool of a run: who is on, who waits in reserve."""

from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor, nn

from continuum.learn.modules.adam import BlockAdam
from continuum.learn.modules.chain import Chain, HiddenLayer
from continuum.learn.modules.kinds import growth
from continuum.learn.modules.lengths import LONGEST
from continuum.learn.modules.surgery import Part, parts
from continuum.learn.settings import POOL

#: What fresh entries of BatchNorm are.
BORN = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
#: Told of each tensor with entries of fresh units: the parameter, where they lie, units, and which are fresh.
Forget = Callable[[nn.Parameter, Part, int, Int[Tensor, " new"]], None]


@torch.no_grad()
def draw(chain: Chain, number: int, new: Int[Tensor, " new"], random: torch.Generator, forget: Forget) -> None:
    """Give these units of a layer new directions and silent blocks, and let the optimiser forget the old ones.

    Behind another hidden layer their weights feed on live units alone, for a silent one must stay silent.
    """
    layer = chain.layers[number]
    for part in parts(layer):
        if isinstance(part.tensor, nn.Parameter):
            forget(part.tensor, part, layer.units, new)
        if part.axis == 1:
            part.by_unit(layer.units)[new] = 0
        elif part.module is not layer.source:
            part.by_unit(layer.units)[new] = 0.25 if isinstance(part.module, nn.PReLU) else BORN[part.name]
    directions = torch.randn(len(new), *layer.source.weight.shape[1:], generator=random).to(layer.source.weight)
    if number:
        live = chain.layers[number - 1].live().to(directions.dtype)
        directions.view(len(new), len(live), -1).mul_(live[:, None])
    bias = torch.randn(len(new), generator=random).to(directions)
    counted = directions.flatten(1).ne(0).sum(1).clamp(min=1) + int(layer.source.bias is not None)
    length = _first_length(layer) / counted.sqrt()
    layer.source.weight.detach()[new] = directions * length.view(-1, *[1] * (directions.dim() - 1))
    if layer.source.bias is not None:
        layer.source.bias.detach()[new] = bias * length


def _first_length(layer: HiddenLayer) -> float:
    """About the length at which units are born; where a rule fixes it, that puts it right behind."""
    return LONGEST if layer.norm is None and growth(layer.between) == "bounded" else 1.0


def repack(chain: Chain, optimizer: BlockAdam, random: torch.Generator, limits: list[int], *, reserve: bool) -> None:
    """Drop silent units, which no one misses; with a reserve put silent ones with fresh directions in their place.

    As in ``continuum.learn.pool``: half as many as are on wait, at least half of ``POOL``, as the limits allow.
    """
    for number, (layer, limit) in enumerate(zip(chain.layers, limits, strict=True)):
        live = layer.live().nonzero().flatten()
        wanted = max(POOL // 2, len(live) // 2) if reserve else int(len(live) == 0)
        fresh = min(wanted, limit - len(live))
        typical = optimizer.moments[layer.parameter].square.mean()
        optimizer.keep(layer, torch.cat([live, live.new_zeros(fresh)]))
        new = torch.arange(len(live), len(live) + fresh, device=live.device)
        if fresh:
            draw(chain, number, new, random, optimizer.forget)
            optimizer.moments[layer.parameter].square[new] = typical  # what gradients of these blocks are like
