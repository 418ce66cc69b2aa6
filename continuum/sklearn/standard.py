"""Standardising columns, and taking that back into the layers of a network."""

import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, Float64, Shaped
from torch import Tensor, nn

from continuum.data.standard import moments
from continuum.sklearn.rows import EstimatorRows, EstimatorTable

Column = Float64[np.ndarray, " columns"]


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and root mean square deviation of columns; scale 0 marks a column without spread.

    (``continuum.data`` marks it by infinity, to divide by; here :func:`folded` multiplies by the scale of a target.)

    >>> of_two = Standardiser.of(np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0]]), np.array([1.0, 1.0, 0.0]))
    >>> of_two.mean, of_two.scale
    (array([2., 5.]), array([1., 0.]))
    >>> of_two(np.array([[4.0, 7.0]]))
    array([[2., 0.]])
    """

    mean: Column
    scale: Column

    @classmethod
    def of(cls, table: EstimatorTable, weight: Float64[np.ndarray, " rows"] | None = None) -> "Standardiser":
        """The weighted moments of the columns."""
        mean, scale = moments(table, weight)
        return cls(mean, np.where(np.isfinite(scale), scale, 0.0))

    @property
    def inverse(self) -> Column:
        """1 / scale, and 0 for a column without spread: nothing can be learned about it."""
        inverse = np.zeros_like(self.scale)
        np.divide(1.0, self.scale, out=inverse, where=self.scale > 0)
        return inverse

    def __call__(self, table: EstimatorTable) -> EstimatorTable:
        """(table - mean) / scale, 0 in a column without spread."""
        return np.asarray((table - self.mean) * self.inverse)


@dataclass(frozen=True, eq=False)
class StandardisedRows:
    """Rows in single precision: features, class indices (long) or targets, and weights or None."""

    x: Float[Tensor, "rows features"]
    y: Shaped[Tensor, " rows *outputs"]
    weight: Float[Tensor, " rows"] | None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def total(self) -> float:
        """The number of rows that these stand for: the sum of their weights."""
        return float(len(self) if self.weight is None else self.weight.sum())


@dataclass(frozen=True, eq=False)
class Scales:
    """How features are standardised, and targets, which for classes is None."""

    inputs: Standardiser
    targets: Standardiser | None

    @classmethod
    def of(cls, rows: EstimatorRows, *, classes: bool) -> Self:
        """The moments of these rows."""
        return cls(Standardiser.of(rows.x, rows.weight), None if classes else Standardiser.of(rows.y, rows.weight))

    @classmethod
    def of_loss(cls, rows: EstimatorRows, loss: str) -> Self:
        """Those that a loss asks for: labels of which each is 0 or 1 stay as they are."""
        if loss != "binary_cross_entropy":
            return cls.of(rows, classes=loss == "cross_entropy")
        labels = rows.y.shape[1]
        return cls(Standardiser.of(rows.x, rows.weight), Standardiser(np.zeros(labels), np.ones(labels)))

    def __call__(self, rows: EstimatorRows) -> StandardisedRows:
        """These or other rows, standardised."""
        x = torch.tensor(self.inputs(rows.x), dtype=torch.float32)
        weight = None if rows.weight is None else torch.tensor(rows.weight)
        if self.targets is None:
            return StandardisedRows(x, torch.tensor(rows.y[:, 0], dtype=torch.int64), weight)
        return StandardisedRows(x, torch.tensor(self.targets(rows.y), dtype=torch.float32), weight)


@torch.no_grad()
def folded(network: nn.Sequential, inputs: Standardiser, outputs: Standardiser | None = None) -> nn.Sequential:
    r"""The network in float64 for raw inputs and, with ``outputs``, raw targets.

    With inputs :math:`(x - \mu) / s` the first layer is :math:`W \mathrm{diag}(1/s)\, x + (b - W \mathrm{diag}(1/s)\,
    \mu)`; with targets :math:`(y - \nu) / t` the last one is :math:`\mathrm{diag}(t) W h + (t \odot b + \nu)`.

    >>> layers = nn.Sequential(nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 1))
    >>> raw = folded(layers, Standardiser(np.array([20.0]), np.array([2.0])))
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
