"""Steps that are left, by their number and by the clock."""

import time
from dataclasses import dataclass, field

from continuum.learn.descent.settings import DescentConfig

#: Share of a budget that choosing may take.
CHOOSING = 0.5


@dataclass
class Budget:
    """What a fit may still spend; without bounds it is infinite.

    Seconds become steps by the time that a step has taken of late: networks grow, and later steps take longer.

    >>> budget = Budget(DescentConfig(steps=100))
    >>> budget.spend(30)
    >>> budget.left, budget.choosing
    (70.0, 20.0)
    """

    config: DescentConfig
    spent: int = 0
    began: float = field(default_factory=time.perf_counter)
    told: float = field(default_factory=time.perf_counter)
    pace: float = 0.0

    def spend(self, steps: int) -> None:
        """Note steps that were taken since it was told last."""
        now = time.perf_counter()
        if steps:
            self.pace, self.told = (now - self.told) / steps, now
        self.spent += steps

    @property
    def total(self) -> float:
        """Steps in all, as far as known by now."""
        most = float("inf") if self.config.steps is None else float(self.config.steps)
        if self.config.seconds is None or not self.pace:
            return most
        seconds = max(self.config.seconds - (time.perf_counter() - self.began), 0.0)
        return min(most, self.spent + seconds / self.pace)

    @property
    def left(self) -> float:
        """Steps that are left."""
        return max(self.total - self.spent, 0.0)

    @property
    def choosing(self) -> float:
        """Steps that choosing may still take."""
        return max(CHOOSING * self.total - self.spent, 0.0)
