"""Rows and fresh initialisations of capacity_signal."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from continuum.data import Part, Task, prepare, split

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Rows:
    """Inputs (d + 1, n), the last row ones, and targets (c, n): one-hot classes, or a standardised value."""

    x: Tensor
    target: Tensor
    kind: str

    def loss(self, output: Tensor) -> Tensor:
        """Mean over rows: nats, or half squared errors; one for each member."""
        if self.kind == "regression":
            return (output - self.target).square().sum(-2).mean(-1) / 2
        return (output.logsumexp(-2) - (output * self.target).sum(-2)).mean(-1)


def rows_of(task: Task, seed: int, at_most: int) -> dict[str, Rows]:
    """Standardised training and validation rows of a split, each cut to ``at_most``."""
    parts = prepare(task, split(task, seed))
    return {name: _rows(getattr(parts, name), task, at_most) for name in ("train", "validation")}


def _rows(part: Part, task: Task, at_most: int) -> Rows:
    x, y = torch.as_tensor(part.x[:at_most]), torch.as_tensor(part.y[:at_most])
    target = y[:, None] if task.kind == "regression" else torch.eye(task.classes, dtype=torch.float64)[y]
    return Rows(torch.cat([x, torch.ones_like(x[:, :1])], 1).mT.contiguous(), target.mT.contiguous(), task.kind)


def draw(seed: int, starts: int, units: int, rows: Rows) -> Weights:
    """Normal initial weights of that many members; their law knows ``units``, not gamma, as the theory asks."""
    random = np.random.default_rng([seed, units])
    inputs, outputs = len(rows.x), len(rows.target)
    hidden = random.standard_normal((starts, units, inputs)) / np.sqrt(inputs - 1)
    readout = random.standard_normal((starts, units, outputs)) / np.sqrt(units)
    return {
        "V": torch.from_numpy(hidden),
        "W": torch.from_numpy(readout),
        "b": torch.zeros(starts, outputs, dtype=torch.float64),
    }


def mirrored(weights: Weights) -> Weights:
    """The same with -W_k for W_k, the last unit: as likely as the original."""
    flip = torch.ones(weights["W"].shape[-2], 1, dtype=torch.float64)
    flip[-1] = -1
    return weights | {"W": weights["W"] * flip}
