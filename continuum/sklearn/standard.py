"""Standardising columns, and taking that back into the layers of a network."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import nn

Table = Float64[np.ndarray, "rows columns"]
Column = Float64[np.ndarray, " columns"]

#: Rounding alone gives a constant column a spread of a few units in the last place.
ROUNDING = 10 * float(np.finfo(np.float64).eps)
#: Below it 1 / spread is infinite.
TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean and root mean square deviation of columns; scale 0 marks a column without spread.

    >>> of_two = Standard.of(np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0]]), np.array([1.0, 1.0, 0.0]))
    >>> of_two.mean, of_two.scale
    (array([2., 5.]), array([1., 0.]))
    >>> of_two(np.array([[4.0, 7.0]]))
    array([[2., 0.]])
    """

    mean: Column
    scale: Column

    @classmethod
    def of(cls, table: Table, weight: Float64[np.ndarray, " rows"] | None = None) -> "Standard":
        """Weighted moments of the columns."""
        largest, unit = np.frexp(np.abs(table).max(axis=0))
        # Squares of 1e-200 or 1e200 are no doubles. In powers of two about the largest value they are, and no bit of
        # other columns changes.
        table = np.ldexp(table, -unit)
        mean = np.average(table, axis=0, weights=weight)
        scale = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight))
        spread = np.ldexp(np.where(scale > ROUNDING * largest, scale, 0.0), unit)
        return cls(np.ldexp(mean, unit), np.where(spread < TINY, 0.0, spread))

    @property
    def inverse(self) -> Column:
        """1 / scale, and 0 for a column without spread: nothing can be learned about it."""
        found = np.zeros_like(self.scale)
        np.divide(1.0, self.scale, out=found, where=self.scale > 0)
        return found

    def __call__(self, table: Table) -> Table:
        """(table - mean) / scale, 0 in a column without spread."""
        return np.asarray((table - self.mean) * self.inverse)


@torch.no_grad()
def folded(network: nn.Sequential, inputs: Standard, outputs: Standard | None = None) -> nn.Sequential:
    r"""The network in float64 for raw inputs and, with ``outputs``, raw targets.

    With inputs :math:`(x - \mu) / s` the first layer is :math:`W \mathrm{diag}(1/s)\, x + (b - W \mathrm{diag}(1/s)\,
    \mu)`; with targets :math:`(y - \nu) / t` the last one is :math:`\mathrm{diag}(t) W h + (t \odot b + \nu)`.

    >>> layers = nn.Sequential(nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 1))
    >>> raw = folded(layers, Standard(np.array([20.0]), np.array([2.0])))
    >>> x = torch.tensor([[23.0]])
    >>> bool((raw(x.double()) - layers((x - 20) / 2)).abs() < 1e-6)
    True
    """
    plain = copy.deepcopy(network).double()
    first, last = plain[0], plain[-1]
    if not isinstance(first, nn.Linear) or not isinstance(last, nn.Linear) or first is last:
        raise TypeError("a learned network begins and ends with layers of their own")
    first.weight.mul_(torch.from_numpy(inputs.inverse))
    first.bias.sub_(first.weight @ torch.from_numpy(inputs.mean))
    if outputs is not None:
        last.weight.mul_(torch.from_numpy(outputs.scale)[:, None])
        last.bias.mul_(torch.from_numpy(outputs.scale)).add_(torch.from_numpy(outputs.mean))
    return plain.eval()
