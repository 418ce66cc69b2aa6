r"""The slice of one trained network: what it would say at every smaller width.

With the hidden activations of one forward pass, the logits at width gamma = k + a are prefix sums,
:math:`z(\gamma) = b + \sum_{j<k} y_j W_j + m_k(a)\, y_k W_k`, so a whole grid of widths costs little more than its
softmaxes.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.train.losses import loss_for
from continuum.train.products import product
from continuum.widths import Interval

#: Units whose widths share a product, and rows of data at a time: small enough for the logits to stay in the cache.
BLOCK_UNITS, BLOCK_COLUMNS = 2, 512


def slice_curve(
    hidden: Float[Tensor, "rows units"],
    weights: Float[Tensor, "units outputs"],
    bias: Float[Tensor, " outputs"],
    target: Float[Tensor, "rows outputs"],
    gammas: Float[Tensor, " widths"],
    kind: str,
    exponent: float = 1.0,
) -> tuple[Float[Tensor, " widths"], Float[Tensor, " widths"]]:
    """Mean loss and mean score (accuracy, or squared error) at every width.

    Args:
        hidden: activations of the last hidden layer before its gates.
        weights, bias: of the output layer.
        target: one-hot rows, or values.
        gammas: widths in [0, units], in any order.
        kind: classification or regression.

    >>> hidden, weights = torch.ones(1, 2), torch.tensor([[1.0], [2.0]])
    >>> widths = torch.tensor([0.5, 1.0, 1.5])
    >>> slice_curve(hidden, weights, torch.zeros(1), torch.zeros(1, 1), widths, "regression")[1]
    tensor([0.2500, 1.0000, 4.0000], dtype=torch.float64)
    """
    gates = Interval(len(weights), gammas.to(weights.dtype), exponent, learnable=False).gates()
    totals = torch.zeros(2, len(gammas), dtype=torch.float64, device=weights.device)
    loss = loss_for(kind)
    for start in range(0, len(hidden), BLOCK_COLUMNS):
        columns = slice(start, start + BLOCK_COLUMNS)
        goal = target[columns].T.contiguous()[None, None]
        for widths, logits in _logits(hidden[columns].T, weights, bias, gates, gammas):
            for total, values in zip(totals, loss.measure(logits[None], goal), strict=True):
                total[widths] += values[0].sum(-1, dtype=torch.float64)
    mean_loss, mean_score = totals / len(hidden)
    return mean_loss, mean_score


def _logits(
    hidden: Float[Tensor, "units columns"], weights: Tensor, bias: Tensor, gates: Tensor, gammas: Tensor
) -> Iterator[tuple[Tensor, Float[Tensor, "widths outputs columns"]]]:
    """Widths of one block of units after the other, with their logits.

    In a block, z(gamma) = [1 | m(gamma) W] [S; y] with the prefix sum S of the units before it: one product.
    """
    outputs, columns = len(bias), hidden.shape[1]
    right = torch.empty(outputs + BLOCK_UNITS, columns, dtype=weights.dtype, device=weights.device)
    prefix, units = right[:outputs], right[outputs:]
    prefix.copy_(bias.unsqueeze(1).expand_as(prefix))
    identity = torch.eye(outputs, dtype=weights.dtype, device=weights.device)
    of_block = gammas.div(BLOCK_UNITS, rounding_mode="floor").long()
    for block in range(len(weights) // BLOCK_UNITS + 1):
        inside = slice(block * BLOCK_UNITS, min((block + 1) * BLOCK_UNITS, len(weights)))
        here = hidden[inside]
        units[: len(here)] = here
        units[len(here) :] = 0
        (widths,) = torch.where(of_block == block)
        if len(widths):
            left = torch.zeros(len(widths), outputs, outputs + BLOCK_UNITS, dtype=weights.dtype, device=weights.device)
            left[:, :, :outputs] = identity
            left[:, :, outputs : outputs + len(here)] = (gates[widths][:, inside, None] * weights[inside]).mT
            logits = torch.empty(len(widths), outputs, columns, dtype=weights.dtype, device=weights.device)
            product(left.flatten(0, 1), right, logits.flatten(0, 1))()
            yield widths, logits
        prefix.addmm_(weights[inside].T, here)
