"""How far a training is, told to whoever wants to know."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

#: Called as ``progress(steps_done, steps_total, width)`` now and then. What a true answer does says each caller.
Progress = Callable[[int, int, float], object]


@runtime_checkable
class HearsLoss(Protocol):
    """A ``Progress`` that also wants the training loss, put there before each call; NaN until one was measured."""

    loss: float


@dataclass
class Meter:
    """Steps of all phases of one training together.

    Args:
        progress: is told, or None.
        total: steps of all phases, as far as known; a phase that ends early takes off what it leaves.
        done: steps done.
        stopped: whether the last answer was true.
        loss: the training loss that was measured last.

    >>> meter = Meter(lambda done, total, width: print(done, total, width), total=30, done=10)
    >>> meter.report(2.5)
    10 30 2.5
    False
    """

    progress: Progress | None = None
    total: int = 0
    done: int = 0
    stopped: bool = False
    loss: float = math.nan

    def report(self, width: float, loss: float | None = None) -> bool:
        """Tell where the training is; return whether the answer was to end the phase.

        Where the width is no number any more nobody is told: what then becomes of the run its caller sees to.
        """
        self.loss = self.loss if loss is None else loss
        if isinstance(self.progress, HearsLoss):
            self.progress.loss = self.loss
        if self.progress is not None and math.isfinite(width):
            self.stopped = bool(self.progress(self.done, self.total, width))
        return self.stopped
