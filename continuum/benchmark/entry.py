"""What a table says of one task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from continuum.benchmark.coding import Codes, losses, scores
from continuum.benchmark.curves import PARTS
from continuum.benchmark.objective import Objective
from continuum.benchmark.rows import BATCH, stream
from continuum.data import load
from continuum.ensemble import Stream
from continuum.ensemble.parts import PartName


@dataclass(frozen=True)
class Entry:
    """A task as it stands in a table: enough to judge its networks without its data.

    Attributes:
        kind: classification or regression.
        data: checksum of the task's data.
        features, outputs: of a network.
        sizes: rows of each part.
        constants: loss of the best constant answer on the training rows, by seed.
        scales: unit of the standardised target, by seed.
        seconds: of the processor, that a network took on average; 0 where nobody looked.
    """

    kind: str
    data: str
    features: int
    outputs: int
    sizes: Mapping[PartName, int]
    constants: tuple[float, ...]
    scales: tuple[float, ...]
    seconds: float = 0.0

    @classmethod
    def of(cls, task: str, seeds: Sequence[int]) -> "Entry":
        """The entry of a task by name; its data must be at hand."""
        entries = [cls.of_stream(task, stream(task, seed)) for seed in seeds]
        constants, scales = (tuple(getattr(e, name)[0] for e in entries) for name in ("constants", "scales"))
        return replace(entries[0], constants=constants, scales=scales)

    @classmethod
    def of_stream(cls, task: str, rows: Stream) -> "Entry":
        """The entry of one seed."""
        sizes = {part: len(getattr(rows, part).x) for part in PARTS}
        constants, scales = (Objective.of(rows).constant,), (rows.scale,)
        features = rows.train.x.shape[1]
        return cls(rows.kind, load(task).checksum, features, rows.outputs, sizes, constants, scales)

    @property
    def steps(self) -> int:
        """Gradient steps of an epoch."""
        return ceil(self.sizes["train"] / BATCH)

    def decoded(self, codes: Codes, place: int) -> tuple[dict[PartName, np.ndarray], dict[PartName, np.ndarray]]:
        """Losses and scores by part, of the seed at this place."""
        loss = {part: losses(codes[f"{part}_loss"]) for part in PARTS}
        scale = self.scales[place]
        return loss, {part: scores(codes, part, loss[part], self.sizes[part], scale) for part in PARTS}
