"""Whole units: removed one by one with the least change of what the next map is given, by blocks."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from continuum.learn.modules.adam import BlockAdam
from continuum.learn.modules.chain import Chain, HiddenLayer
from continuum.learn.modules.kinds import NORMS
from continuum.learn.rounding import removals

#: Rows of patches of which a Gram matrix is made, at most.
PATCHES = 8192
#: Columns of a Gram matrix at most; beyond, units are refitted by one factor each.
COLUMNS = 4096
#: Numbers at most that such factors are fitted to.
SHARES = 2**24

Array = Float[np.ndarray, "..."]


def block_removals(
    h: Float[np.ndarray, "rows units columns"],
    v: Float[np.ndarray, "units columns outputs"],
    keep: int,
    *,
    centred: bool = True,
) -> tuple[Int[np.ndarray, " kept"], Array, Array]:
    r"""Which units stay, their blocks, and what the next layer's biases gain; of blocks of one row and more.

    With the Gram matrix G of all columns, removing the block i and fitting the others to replace it costs
    :math:`\operatorname{tr} V_i^\top ((G^{-1})_{ii})^{-1} V_i` of the mean squared change of the sum, and the others
    move by :math:`V_j \mathrel{-}= (G^{-1})_{ji} ((G^{-1})_{ii})^{-1} V_i`. For blocks of one row that is
    ``continuum.learn.rounding.removals``. Centred, biases keep the mean of the sum; else they are not touched.
    """
    rows, units, columns = h.shape
    flat, before = h.reshape(rows, -1).astype(np.float64), v.reshape(units * columns, -1).astype(np.float64)
    mean = flat.mean(0) if centred else np.zeros(flat.shape[1])
    gram = (flat - mean).T @ (flat - mean) / rows
    gram[np.diag_indices_from(gram)] += 1e-6 * max(float(np.trace(gram)) / len(gram), 1e-12)
    inverse, blocks, order = np.linalg.inv(gram), before.copy(), np.arange(units)
    while len(order) > keep:
        left = len(order)
        diagonal = inverse.reshape(left, columns, left, columns)[np.arange(left), :, np.arange(left)]
        by_unit = blocks.reshape(left, columns, -1)
        worst = int((by_unit * np.linalg.solve(diagonal, by_unit)).sum((1, 2)).argmin())
        here = slice(worst * columns, (worst + 1) * columns)
        ratio = np.linalg.solve(diagonal[worst].T, inverse[:, here].T).T
        blocks -= ratio @ blocks[here]
        inverse -= ratio @ inverse[here]
        rest = np.delete(np.arange(left * columns), here)
        blocks, inverse, order = blocks[rest], inverse[np.ix_(rest, rest)], np.delete(order, worst)
    kept = blocks.reshape(len(order), columns, -1)
    shift = mean @ before - mean.reshape(units, columns)[order].reshape(-1) @ blocks
    return order, kept.astype(v.dtype), shift.astype(v.dtype)


def scaled_removals(
    h: Float[np.ndarray, "rows units columns"],
    v: Float[np.ndarray, "units columns outputs"],
    keep: int,
    *,
    centred: bool = True,
) -> tuple[Int[np.ndarray, " kept"], Array, Array]:
    """The same where a Gram matrix of all columns would be too large: the other units gain a factor each."""
    h = h[:: -(-h.shape[0] * h.shape[1] * v.shape[2] // SHARES)]
    shares = np.einsum("ruc,uco->rou", h.astype(np.float64), v.astype(np.float64))
    mean = shares.mean(0) if centred else np.zeros(shares.shape[1:])
    sums = (shares - mean).reshape(-1, h.shape[1])
    order, factors, _ = removals(sums, np.ones((h.shape[1], 1)), keep)
    shift = mean.sum(1) - mean[:, order] @ factors[:, 0]
    return order, (v[order] * factors[:, :, None]).astype(v.dtype), shift.astype(v.dtype)


@torch.no_grad()
def remove(chain: Chain, optimizer: BlockAdam, number: int, keep: int, x: Tensor) -> None:
    """Leave so many units of a layer, and refit what is left on these rows."""
    layer = chain.layers[number]
    target = layer.target
    h = columns_of(layer, activations(chain, number, x)).cpu().numpy()
    v = layer.blocks().permute(1, 2, 0).cpu().numpy()
    order, kept, shift = _removals(h, v, keep, centred=_takes_shift(chain, number))
    chosen = torch.from_numpy(order).to(target.weight.device)
    layer.blocks()[:, chosen] = torch.from_numpy(kept).to(target.weight).permute(2, 0, 1)
    _shift(chain, number, torch.from_numpy(shift).to(target.weight))
    optimizer.keep(layer, chosen)


def _removals(h: Array, v: Array, keep: int, *, centred: bool) -> tuple[Int[np.ndarray, " kept"], Array, Array]:
    if h.shape[2] == 1 and centred:
        order, kept, shift = removals(h[:, :, 0], v[:, 0], keep)
        return order, kept[:, None], shift
    if h.shape[1] * h.shape[2] > COLUMNS:
        return scaled_removals(h, v, keep, centred=centred)
    return block_removals(h, v, keep, centred=centred)


def _takes_shift(chain: Chain, number: int) -> bool:
    """Whether something behind the target's sum can take a shift over: its bias, or BatchNorm's mean."""
    return chain.maps[number + 1].bias is not None or _running_mean(chain, number) is not None


def _running_mean(chain: Chain, number: int) -> Tensor | None:
    behind = chain.behind[number + 1]
    mean = getattr(behind[0], "running_mean", None) if behind and isinstance(behind[0], NORMS) else None
    return mean if isinstance(mean, Tensor) else None


def _shift(chain: Chain, number: int, shift: Float[Tensor, " outputs"]) -> None:
    bias, mean = chain.maps[number + 1].bias, _running_mean(chain, number)
    if bias is not None:
        bias += shift
    elif mean is not None:
        mean -= shift


@torch.no_grad()
def activations(chain: Chain, number: int, x: Tensor) -> Tensor:
    """What a hidden layer's target is given, in eval mode."""
    training, target = chain.module.training, chain.maps[number + 1]
    chain.module.eval()
    for module in chain.leaves():
        if module is target:
            break
        x = module(x)
    chain.module.train(training)
    return x


def columns_of(layer: HiddenLayer, h: Tensor) -> Float[Tensor, "rows units columns"]:
    """What the target multiplies by each unit's block: a row per row, or per patch of a convolution."""
    target = layer.target
    if isinstance(target, nn.Linear):
        return h.reshape(len(h), layer.units, -1)
    pads = padding_of(target)
    mode = "constant" if target.padding_mode == "zeros" else target.padding_mode
    h = functional.pad(h, pads, mode)
    kernel, stride, dilation = target.kernel_size, target.stride, target.dilation
    if isinstance(target, nn.Conv1d):
        h, kernel, stride, dilation = h.unsqueeze(2), (1, *kernel), (1, *stride), (1, *dilation)
    patches = functional.unfold(h, kernel, dilation, 0, stride).transpose(1, 2).flatten(0, 1)
    return patches[:: -(-len(patches) // PATCHES)].reshape(-1, layer.units, patches.shape[1] // layer.units)


def padding_of(map_: nn.Conv1d | nn.Conv2d) -> list[int]:
    """What a convolution adds at both ends of every axis, the last axis first.

    >>> padding_of(nn.Conv2d(1, 1, (3, 2), padding="same")), padding_of(nn.Conv1d(1, 1, 3, padding=2))
    ([0, 1, 1, 1], [2, 2])
    """
    ends: list[int] = []
    for axis in reversed(range(len(map_.kernel_size))):
        if map_.padding == "same":
            total = map_.dilation[axis] * (map_.kernel_size[axis] - 1)
            ends += [total // 2, total - total // 2]
        else:
            pad = 0 if isinstance(map_.padding, str) else map_.padding[axis]
            ends += [pad, pad]
    return ends
