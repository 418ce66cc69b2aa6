r"""The slice of one trained network: what it would say at every smaller width.

With the hidden activations of one forward pass, the logits at width gamma = k + a are prefix sums,
:math:`z(\gamma) = b + \sum_{j<k} y_j W_j + m_k(a)\, y_k W_k`, so a whole grid of widths costs little more than its
softmaxes.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import compiled
from continuum.compiled import kernels
from continuum.ensemble.kernels import product
from continuum.ensemble.losses import loss_for
from continuum.widths import Interval

#: Units whose widths share a product, and rows of data at a time: small enough for the logits to stay in the cache.
BLOCK_UNITS, BLOCK_COLUMNS = 2, 900
#: Rows of data that a compiled slice takes at a time, since it turns them into columns.
COMPILED_ROWS = 2**14


def slice_curve(
    hidden: Float[Tensor, "rows units"],
    weights: Float[Tensor, "units outputs"],
    bias: Float[Tensor, " outputs"],
    target: Float[Tensor, "rows outputs"],
    gamma: Float[Tensor, " widths"],
    kind: str,
    exponent: float = 1.0,
) -> tuple[Float[Tensor, " widths"], Float[Tensor, " widths"]]:
    """Mean loss and mean score (accuracy, or squared error) at every width.

    Args:
        hidden: activations of the last hidden layer before its gates.
        weights, bias: of the output layer.
        target: one-hot rows, or values.
        gamma: widths in [0, units], in any order.
        kind: classification or regression.

    >>> hidden, weights = torch.ones(1, 2), torch.tensor([[1.0], [2.0]])
    >>> widths = torch.tensor([0.5, 1.0, 1.5])
    >>> slice_curve(hidden, weights, torch.zeros(1), torch.zeros(1, 1), widths, "regression")[1]
    tensor([0.2500, 1.0000, 4.0000], dtype=torch.float64)
    """
    order = torch.argsort(gamma)
    widths = gamma[order].to(weights.dtype)
    if compiled.wanted() and weights.device.type == "cpu":
        totals = torch.empty(2, len(gamma), dtype=torch.float64)
        totals[:, order] = _compiled_sums(hidden, weights, bias, target, widths, kind, exponent)
        mean_loss, mean_score = totals / len(hidden)
        return mean_loss, mean_score
    cuts = _Cuts(weights, bias, Interval(len(weights), widths, exponent, learnable=False).gates(), widths)
    totals = torch.zeros(2, len(gamma), dtype=torch.float64, device=weights.device)
    loss = loss_for(kind)
    for start in range(0, len(hidden), BLOCK_COLUMNS):
        columns = slice(start, start + BLOCK_COLUMNS)
        goal = target[columns].T.contiguous()[None, None]
        for here, logits in cuts.logits(hidden[columns].T.contiguous()):
            for total, values in zip(totals, loss.measure(logits[None], goal), strict=True):
                total[order[here]] += values[0].sum(-1).double()
    mean_loss, mean_score = totals / len(hidden)
    return mean_loss, mean_score


def _compiled_sums(
    hidden: Tensor, weights: Tensor, bias: Tensor, target: Tensor, widths: Tensor, kind: str, exponent: float
) -> Float[Tensor, "2 widths"]:
    """Loss and score at sorted widths, summed over rows."""
    units = len(weights)
    law = Interval(units, widths, exponent, learnable=False)
    cut = widths.floor().long().clamp_(0, units - 1)
    gates = law.gates().gather(-1, cut.unsqueeze(-1)).squeeze(-1)
    starts = torch.searchsorted(widths, torch.arange(units + 2, dtype=widths.dtype))
    sums = np.zeros((2, len(widths)))
    for start in range(0, len(hidden), COMPILED_ROWS):
        rows = slice(start, start + COMPILED_ROWS)
        values = (hidden[rows].T, weights, bias, target[rows].T, starts, gates)
        sums += kernels.slice_sums(*(v.detach().numpy() for v in values), classes=kind == "classification")
    return torch.from_numpy(sums)


def gated_curve(
    hidden: Float[Tensor, "rows units"],
    weights: Float[Tensor, "units outputs"],
    bias: Float[Tensor, " outputs"],
    target: Float[Tensor, "rows outputs"],
    gates: Float[Tensor, "widths units"],
    kind: str,
) -> tuple[Float[Tensor, " widths"], Float[Tensor, " widths"]]:
    """The same for gates of any law, one product per width."""
    loss, goal = loss_for(kind), target.T[None, None]
    means = []
    for gate in gates:
        logits = torch.addmm(bias.unsqueeze(1), (gate.unsqueeze(1) * weights).T, hidden.T)
        means.append([values.mean(dtype=torch.float64) for values in loss.measure(logits[None, None], goal)])
    mean_loss, mean_score = torch.tensor(means, dtype=torch.float64).T
    return mean_loss, mean_score


class _Cuts:
    """Logits at all widths, block of units by block of units.

    In a block, z(gamma) = [1 | m(gamma) W] [S; y] with the prefix sum S of the units before it: one product.
    """

    def __init__(self, weights: Tensor, bias: Tensor, gates: Tensor, widths: Tensor) -> None:
        self.weights, self.bias = weights, bias
        blocks = len(weights) // BLOCK_UNITS + 1
        edges = torch.arange(blocks + 1, device=widths.device) * BLOCK_UNITS
        bounds = torch.searchsorted(widths, edges.to(widths.dtype)).tolist()
        self._widths = [slice(low, high) for low, high in pairwise(bounds)]
        padded = nn.functional.pad(weights, (0, 0, 0, blocks * BLOCK_UNITS - len(weights)))
        open_gates = nn.functional.pad(gates, (0, blocks * BLOCK_UNITS - len(weights)))
        self._units = [slice(block * BLOCK_UNITS, (block + 1) * BLOCK_UNITS) for block in range(blocks)]
        self._left = [
            self._matrix(open_gates[here, units], padded[units])
            for here, units in zip(self._widths, self._units, strict=True)
        ]

    def _matrix(self, gates: Float[Tensor, "widths block"], weights: Float[Tensor, "block outputs"]) -> Tensor:
        """[1 | m W] for some widths on top of each other, (widths * outputs, outputs + block)."""
        identity = torch.eye(len(self.bias), dtype=weights.dtype, device=weights.device).expand(len(gates), -1, -1)
        return torch.cat([identity, (gates.unsqueeze(-1) * weights).mT], -1).flatten(0, 1)

    def logits(
        self, hidden: Float[Tensor, "units columns"]
    ) -> Iterator[tuple[slice, Float[Tensor, "widths outputs columns"]]]:
        """Sorted widths of each block, with their logits; the memory is used again for the next block."""
        outputs, columns = len(self.bias), hidden.shape[1]
        most = max(len(left) for left in self._left)
        memory = torch.empty(most, columns, dtype=hidden.dtype, device=hidden.device)
        right = torch.zeros(outputs + BLOCK_UNITS, columns, dtype=hidden.dtype, device=hidden.device)
        prefix = right[:outputs].copy_(self.bias.unsqueeze(1).expand(-1, columns))
        for here, units, left in zip(self._widths, self._units, self._left, strict=True):
            y = hidden[units]
            right[outputs : outputs + len(y)] = y
            if len(left):
                product(left, right, memory[: len(left)])()
                yield here, memory[: len(left)].view(-1, outputs, columns)
            prefix.addmm_(self.weights[units].T, y)
