"""Tasks of capacity_signal, and their rows."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from continuum.data import Part, Task, load, prepare, split


def task_of(source: str) -> Task:
    """A task by name; ``digits/3`` is the first 3 classes of digits: one task at several needs of capacity.

    >>> task_of("digits/3").classes
    3
    """
    name, _, classes = source.partition("/")
    if not classes.isdecimal() or name.startswith("."):
        return load(source)
    task = load(name)
    kept = task.target < int(classes)
    features, target, names = task.features[kept], task.target[kept], task.class_names[: int(classes)]
    return replace(task, name=source, features=features, target=target, class_names=names)


@dataclass(frozen=True)
class TaskRows:
    """Inputs (d + 1, n), the last row ones, and targets (c, n): one-hot classes, or a standardised value."""

    x: Tensor
    target: Tensor
    kind: str

    def loss(self, output: Tensor) -> Tensor:
        """Mean over rows: nats, or half squared errors; one value per member."""
        if self.kind == "regression":
            return (output - self.target).square().sum(-2).mean(-1) / 2
        return (output.logsumexp(-2) - (output * self.target).sum(-2)).mean(-1)


def rows_of(task: Task, seed: int, at_most: int) -> dict[str, TaskRows]:
    """Standardised training and validation rows of a split, each cut to ``at_most``."""
    parts = prepare(task, split(task, seed))
    return {name: _rows(getattr(parts, name), task, at_most) for name in ("train", "validation")}


def _rows(part: Part, task: Task, at_most: int) -> TaskRows:
    x, y = torch.as_tensor(part.x[:at_most]), torch.as_tensor(part.y[:at_most])
    target = y[:, None] if task.kind == "regression" else torch.eye(task.classes, dtype=torch.float64)[y]
    return TaskRows(torch.cat([x, torch.ones_like(x[:, :1])], 1).mT.contiguous(), target.mT.contiguous(), task.kind)
