"""What one training leaves behind: losses and scores of three parts, epoch by epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from continuum.benchmark.space import Point
from continuum.ensemble.parts import PartName


@dataclass(frozen=True, eq=False)
class Curve:
    """Losses (nats, or half squared errors) and scores (accuracy, or RMSE in units of the target).

    ``loss[part][t]`` and ``score[part][t]`` are those after epoch t + 1; NaN from where a network diverged.
    """

    point: Point
    seed: int
    loss: Mapping[PartName, Float[np.ndarray, " epochs"]] = field(repr=False)
    score: Mapping[PartName, Float[np.ndarray, " epochs"]] = field(repr=False)

    @property
    def epochs(self) -> int:
        """Epochs that were trained."""
        return len(self.loss["validation"])
