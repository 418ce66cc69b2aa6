"""How rows are standardised, and that taken back into the layers of a network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from continuum.data.standard import FARTHEST, FARTHEST_TARGET
from continuum.sklearn.folding import folded
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.table.features import Columns, Features
from continuum.sklearn.table.numbers import EstimatorTable, check_room, dense, row_blocks
from continuum.sklearn.table.standardiser import Standardiser

__all__ = ["Features", "Scales", "StandardisedRows", "Standardiser", "folded"]


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
    """How features come of numbers, and how targets are standardised, which for classes is None."""

    inputs: Standardiser | Features
    targets: Standardiser | None

    @classmethod
    def of(
        cls, rows: EstimatorRows, *, classes: bool, encoded: Columns = (), bins: int = 8, share: float | None = None
    ) -> Self:
        """The moments of these rows, and the quantiles of the ``encoded`` columns, a mask or indices."""
        inputs = Features.of(rows.x, rows.categories, rows.weight, encoded, bins, share)
        targets = None if classes else Standardiser.of(rows.y, rows.weight)
        return cls(inputs.before if inputs.encoding.plain else inputs, targets)

    @classmethod
    def of_loss(
        cls, rows: EstimatorRows, loss: str, encoded: Columns = (), bins: int = 8, share: float | None = None
    ) -> Self:
        """Those that a loss asks for: labels of which each is 0 or 1 stay as they are."""
        scales = cls.of(rows, classes=loss != "squared_error", encoded=encoded, bins=bins, share=share)
        return replace(scales, targets=Standardiser.none(rows.y.shape[1])) if loss == "binary_cross_entropy" else scales

    def __call__(self, rows: EstimatorRows) -> StandardisedRows:
        """These or other rows, standardised."""
        x = self.features(rows)
        weight = None if rows.weight is None else torch.tensor(rows.weight)
        if self.targets is None:
            return StandardisedRows(x, torch.tensor(rows.y[:, 0], dtype=torch.int64), weight)
        y = np.clip(self.targets(rows.y), -FARTHEST_TARGET, FARTHEST_TARGET)  # of rows held out
        return StandardisedRows(x, torch.tensor(y, dtype=torch.float32), weight)

    @property
    def standardiser(self) -> Standardiser:
        """How numbers are standardised before any encoding."""
        return self.inputs.before if isinstance(self.inputs, Features) else self.inputs

    def features(self, rows: EstimatorRows) -> Float[Tensor, "rows features"]:
        """The features of rows in single precision, made block by block."""
        count, columns = rows.x.shape
        outputs = self.inputs.outputs if isinstance(self.inputs, Features) else columns
        blocks = (self.inputs(dense(rows.x[part])) for part in row_blocks(count, max(columns, outputs)))
        return single_precision(blocks, count, outputs)


def single_precision(blocks: Iterator[EstimatorTable], rows: int, columns: int) -> Float[Tensor, "rows columns"]:
    """Blocks of rows one below the other, in single precision."""
    check_room(rows, columns)
    out, start = np.empty((rows, columns), np.float32), 0
    with np.errstate(over="ignore", under="ignore"):
        for block in blocks:
            out[start : start + len(block)] = np.clip(block, -FARTHEST, FARTHEST)  # of rows held out
            start += len(block)
    return torch.from_numpy(out)
