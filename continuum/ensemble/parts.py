"""Parts of the streams as tensors, put on the device once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.ensemble.layout import input_columns
from continuum.ensemble.settings import Settings
from continuum.ensemble.stream import Stream
from continuum.errors import BadInput

PartName = Literal["train", "validation", "test"]


class StackedRows:
    """Rows of data of all streams of a chunk, on the device: inputs with a column of ones, and targets."""

    def __init__(self, inputs: Float[Tensor, "streams rows features"], target: Float[Tensor, "streams rows outputs"]):
        self.streams, self.rows, self.features = inputs.shape
        rows = inputs.flatten(0, 1)
        self.inputs = rows.new_zeros(len(rows), input_columns(self.features))
        self.inputs[:, : self.features] = rows
        self.inputs[:, self.features] = 1
        self.target = target.flatten(0, 1)


class Parts:
    """Parts of the streams, stacked on demand for the streams of a chunk."""

    def __init__(self, streams: Sequence[Stream], settings: Settings) -> None:
        self._streams, self._settings = streams, settings
        self._stacked = lru_cache(maxsize=16)(self._stack)

    @property
    def sizes(self) -> list[tuple[int, ...]]:
        """Rows of the parts of every stream."""
        parts = [(s.train, s.validation, s.test) for s in self._streams]
        return [tuple(0 if part is None else len(part.x) for part in of_stream) for of_stream in parts]

    def stack(self, part: PartName, numbers: Sequence[int]) -> StackedRows:
        """One part of some streams, on top of each other."""
        return self._stacked(part, tuple(numbers))

    def _stack(self, name: PartName, numbers: tuple[int, ...]) -> StackedRows:
        pairs = [self._tensors(self._streams[n], name) for n in numbers]
        return StackedRows(torch.stack([x for x, _ in pairs]), torch.stack([t for _, t in pairs]))

    def _tensors(self, stream: Stream, name: PartName) -> tuple[Tensor, Tensor]:
        checks.one_of("part", name, get_args(PartName), plural="parts")
        part = getattr(stream, name)
        if part is None:
            raise BadInput("part", expected="a part that the stream has", came=repr(name), remedy="give the stream one")
        target = np.eye(stream.outputs)[part.y] if stream.kind == "classification" else part.y[:, None]
        return self._on_device(part.x), self._on_device(target)

    def _on_device(self, values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=self._settings.dtype, device=self._settings.device)
