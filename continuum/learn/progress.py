"""How far a run is, over all of its phases, told to whoever wants to know."""

from collections.abc import Callable
from dataclasses import dataclass

#: Called with (steps done, steps in all, width) now and then, in every phase; see ``continuum.learn.learn_width``.
Progress = Callable[[int, int, float], object]


@dataclass
class Meter:
    """Steps of calibration, the graded phase and rounding together.

    Args:
        tell: is told, or None.
        total: steps in all, as far as known; a phase that ends early takes off what it leaves.
        done: steps done.
        stopped: the last answer.

    >>> meter = Meter(lambda done, total, width: print(done, total, width), total=30, done=10)
    >>> meter.ask(2.5)
    10 30 2.5
    False
    """

    tell: Progress | None = None
    total: int = 0
    done: int = 0
    stopped: bool = False

    def ask(self, width: float) -> bool:
        """Tell where the run is; whether the phase should end."""
        self.stopped = self.tell is not None and bool(self.tell(self.done, self.total, width))
        return self.stopped
