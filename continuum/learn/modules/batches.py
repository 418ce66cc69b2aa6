"""Rows of a user's data as minibatches without end: tensors, a data set, or a loader."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from continuum.errors import BadInput
from continuum.learn.rows import PROBE

#: Inputs and targets of some rows.
Rows = tuple[Tensor, Tensor]
#: Tensors (x, y), a data set of pairs, or a loader of batches of pairs.
Data = Rows | Dataset[object] | DataLoader[object]


@dataclass
class Batches:
    """Minibatches without end.

    Args:
        source: a loader that yields batches of pairs, anew whenever it is iterated; or tensors that are cut here.
        rows: in all.
        size: of a batch that is cut here, or of the first one of a loader.
        random: draws the order of rows that are cut here.
        device: where the batches go.
    """

    source: DataLoader[object] | Rows
    rows: int
    size: int
    random: torch.Generator
    device: torch.device

    def __iter__(self) -> Iterator[Rows]:
        rows = self._cut(*self.source) if isinstance(self.source, tuple) else self._loaded(self.source)
        for x, y in rows:
            yield x.to(self.device), y.to(self.device)

    def probe(self, limit: int = PROBE) -> Rows:
        """At most so many rows on which curves and Gram matrices are measured, in eval mode and without a gradient."""
        if isinstance(self.source, tuple):
            chosen = torch.randperm(self.rows, generator=self.random)[:limit]
            return self.source[0][chosen].to(self.device), self.source[1][chosen].to(self.device)
        taken, count = [], 0
        for pair in _pairs(self.source):
            taken.append(pair)
            count += len(pair[0])
            if count >= limit:
                break
        x, y = (torch.cat(tensors)[:limit].to(self.device) for tensors in zip(*taken, strict=True))
        return x, y

    def _cut(self, x: Tensor, y: Tensor) -> Iterator[Rows]:
        """Permutations of the rows, one behind the other, cut into equal pieces."""
        if self.size >= self.rows:
            while True:
                yield x, y
        queue = torch.empty(0, dtype=torch.long)
        while True:
            while len(queue) < self.size:
                queue = torch.cat([queue, torch.randperm(self.rows, generator=self.random)])
            yield x[queue[: self.size]], y[queue[: self.size]]
            queue = queue[self.size :]

    def _loaded(self, loader: DataLoader[object]) -> Iterator[Rows]:
        """Its batches, epoch by epoch, but for a single row left over, of which BatchNorm could make nothing."""
        while True:
            count = 0
            for pair in _pairs(loader):
                if len(pair[0]) > 1 or self.size == 1:
                    count += 1
                    yield pair
            if not count:
                remedy = "give a loader that can be iterated anew for every epoch"
                raise BadInput("data", expected="batches in every epoch", came="none", remedy=remedy)


def batches(data: Data, size: int, seed: int, device: torch.device) -> Batches:
    """Batches of this data; raises ``BadInput`` where it holds no pairs, or where its rows cannot be counted.

    >>> made = batches((torch.ones(5, 2), torch.zeros(5)), 4, 0, torch.device("cpu"))
    >>> made.rows, next(iter(made))[0].shape
    (5, torch.Size([4, 2]))
    """
    random = torch.Generator().manual_seed(seed)
    if isinstance(data, TensorDataset) and len(data.tensors) == 2:
        data = (data.tensors[0], data.tensors[1])
    if isinstance(data, tuple | list):
        return Batches(_checked_tensors(data), len(data[0]), size, random, device)
    if isinstance(data, DataLoader):
        loader = data
    elif isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        count = _count(data)
        loader = DataLoader(data, min(size, count), shuffle=True, drop_last=True, generator=random)
    else:
        came, remedy = type(data).__name__, "give (x, y), a Dataset with a length, or a DataLoader of one"
        raise BadInput("data", expected="tensors, a data set or a loader", came=came, remedy=remedy)
    rows = _count(loader.dataset)
    first = next(iter(_pairs(loader)), None)
    if first is None:
        raise BadInput("data", expected="at least one batch", came="none", remedy="give rows, or a smaller batch")
    return Batches(loader, rows, len(first[0]), random, device)


def _count(data: object) -> int:
    if not isinstance(data, Sized) or len(data) == 0:
        remedy = "the price is in nats of all rows: give data whose rows are counted"
        raise BadInput("data", expected="a data set with rows and a length", came=type(data).__name__, remedy=remedy)
    return len(data)


def _checked_tensors(data: tuple[object, ...] | list[object]) -> Rows:
    if len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
        came = ", ".join(type(part).__name__ for part in data)
        raise BadInput("data", expected="two tensors (x, y)", came=f"({came})", remedy="give (x, y)")
    x, y = data
    if not isinstance(x, Tensor) or not isinstance(y, Tensor) or not (x.dim() and y.dim() and len(x) == len(y) > 0):
        came = " and ".join(str(tuple(part.shape)) for part in data if isinstance(part, Tensor))
        raise BadInput("data", expected="as many targets as rows", came=came, remedy="give one target per row")
    if x.is_floating_point() and not bool(x.isfinite().all()):
        raise BadInput("data", expected="finite inputs", came="NaN or inf", remedy="impute what is missing")
    if y.is_floating_point() and not bool(y.isfinite().all()):
        raise BadInput("data", expected="finite targets", came="NaN or inf", remedy="remove or mend these rows")
    return x.detach(), y.detach()


def _pairs(loader: DataLoader[object]) -> Iterator[Rows]:
    for batch in loader:
        if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(isinstance(b, Tensor) for b in batch):
            came, remedy = type(batch).__name__, "yield inputs and targets"
            raise BadInput("data", expected="batches of two tensors (x, y)", came=came, remedy=remedy)
        yield batch[0], batch[1]
