"""Tasks of capacity_signal, made harder where their names say so, and their rows."""

import re
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from continuum.data import Part, Task, load, prepare, split
from continuum.data.reading.sources import ends_like_file
from continuum.errors import BadInput

#: What may follow the name of a task, in this order.
CONDITIONS = re.compile(r"(?P<base>.+?)(?:/(?P<classes>\d+))?(?:/noise(?P<noise>\d+))?(?:/rows(?P<few>\d+))?")
#: Seed of the rows that noise strikes.
NOISE_SEED = 4_711


@dataclass(frozen=True)
class Source:
    """A task and what makes it harder: ``digits/3/noise40/rows30`` in parts.

    Attributes:
        base: name of the data, or path of a CSV file.
        classes: how many of its first classes are kept.
        noise: per cent of all rows whose targets change places among themselves.
        few: most rows to train on.
    """

    base: str
    classes: int | None = None
    noise: int | None = None
    few: int | None = None


def parsed(source: str) -> Source:
    """The parts of a source.

    Raises:
        BadInput: what follows the name is no condition, or one that leaves no task.

    >>> parsed("digits/3/noise40/rows30")
    Source(base='digits', classes=3, noise=40, few=30)
    >>> parsed("wine/rows30/noise40")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: tasks: expected NAME[/CLASSES][/noisePERCENT][/rowsCOUNT], got 'wine/rows30/noise40'; ...
    """
    match = CONDITIONS.fullmatch(source)
    parts = match.groupdict() if match else {"base": source}
    base = parts.pop("base")
    found = Source(base, **{name: int(number) for name, number in parts.items() if number is not None})
    path = base.startswith((".", "/", "~")) or ends_like_file(base)
    least = ((found.classes, 2, None), (found.noise, 1, 100), (found.few, 2, None))
    outside = any(n is not None and (n < low or (high is not None and n > high)) for n, low, high in least)
    if outside or ("/" in base and not path):
        raise BadInput(
            "tasks",
            expected="NAME[/CLASSES][/noisePERCENT][/rowsCOUNT]",
            came=repr(source),
            remedy="keep that order, 2 or more classes and rows, 1 to 100 per cent; wine/noise40/rows30, say",
        )
    return found


def data_of(source: str) -> str:
    """The data that a source is made from: sources of the same data are no independent evidence.

    >>> data_of("digits/3/noise40"), data_of("digits")
    ('digits', 'digits')
    """
    return parsed(source).base


def task_of(source: str) -> Task:
    """A task by its source; ``digits/3`` is the first 3 classes of digits, ``wine/noise40`` has noise in all parts.

    The condition ``rows`` is not in the task: it is ``rows_of`` that cuts the training rows.

    >>> task_of("digits/3").classes
    3
    """
    parts = parsed(source)
    task = load(parts.base)
    task = replace(task, name=source.replace(parts.base, task.name, 1))  # a file is called by its stem
    if parts.classes is not None:
        kept = task.target < parts.classes
        names = task.class_names[: parts.classes]
        task = replace(task, features=task.features[kept], target=task.target[kept], class_names=names)
    return task if parts.noise is None else replace(task, target=shuffled(task.target, parts.noise))


def shuffled(target: np.ndarray, percent: int) -> np.ndarray:
    """Targets of which that many per cent change places among themselves: classes keep their sizes.

    >>> int((shuffled(np.arange(100), 40) != np.arange(100)).sum()) in range(35, 41)
    True
    """
    random = np.random.default_rng([NOISE_SEED, percent])
    struck = random.permutation(len(target))[: round(len(target) * percent / 100)]
    changed = target.copy()
    changed[struck] = target[random.permutation(struck)]
    return changed


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
    """Standardised training and validation rows of a split, each cut to ``at_most``; few to train on if the task's
    name says so."""
    parts = prepare(task, split(task, seed))
    few = parsed(task.name).few
    most = {"train": at_most if few is None else min(few, at_most), "validation": at_most}
    return {name: _rows(getattr(parts, name), task, count) for name, count in most.items()}


def _rows(part: Part, task: Task, at_most: int) -> TaskRows:
    x, y = torch.as_tensor(part.x[:at_most]), torch.as_tensor(part.y[:at_most])
    target = y[:, None] if task.kind == "regression" else torch.eye(task.classes, dtype=torch.float64)[y]
    return TaskRows(torch.cat([x, torch.ones_like(x[:, :1])], 1).mT.contiguous(), target.mT.contiguous(), task.kind)
