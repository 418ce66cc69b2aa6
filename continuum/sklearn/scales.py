"""Rows as a network sees them: standardised, in single precision."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from continuum.sklearn.rows import Rows
from continuum.sklearn.standard import Standard


@dataclass(frozen=True, eq=False)
class Seen:
    """Standardised features, class indices (long) or standardised targets, and weights or None."""

    x: Float[Tensor, "rows features"]
    y: Shaped[Tensor, "rows *outputs"]
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

    inputs: Standard
    targets: Standard | None

    @classmethod
    def of(cls, rows: Rows, *, classes: bool) -> Self:
        """The moments of these rows."""
        return cls(Standard.of(rows.x, rows.weight), None if classes else Standard.of(rows.y, rows.weight))

    def __call__(self, rows: Rows) -> Seen:
        """These or other rows, standardised."""
        x = torch.tensor(self.inputs(rows.x), dtype=torch.float32)
        weight = None if rows.weight is None else torch.tensor(rows.weight)
        if self.targets is None:
            return Seen(x, torch.tensor(rows.y[:, 0], dtype=torch.int64), weight)
        return Seen(x, torch.tensor(self.targets(rows.y), dtype=torch.float32), weight)
