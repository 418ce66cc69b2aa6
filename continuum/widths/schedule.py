"""How a temperature falls, or a sharpness rises, during training."""

from dataclasses import dataclass

from continuum import checks


@dataclass(frozen=True)
class LogSchedule:
    r"""Geometric from ``start`` to ``end``: a straight line on a log scale,

    .. math:: t_s = t_0\, (t_1 / t_0)^{\min(s / S,\, 1)} .

    A temperature never reaches 0: choose an ``end`` > 0 at which the relaxed samples are hard enough.

    Args:
        start: :math:`t_0 > 0`, at step 0.
        end: :math:`t_1 > 0`, from step S on.
        steps: S >= 1.

    Reference: Grathwohl et al., "Gradient-based Optimization of Neural Network Architecture", 2018, section 4.

    >>> schedule = LogSchedule(start=1.0, end=0.01, steps=100)
    >>> [round(schedule(step), 6) for step in (0, 50, 100, 200)]
    [1.0, 0.1, 0.01, 0.01]
    """

    start: float
    end: float
    steps: int

    def __post_init__(self) -> None:
        checks.positive("start", self.start, remedy="1 is a common choice")
        checks.positive("end", self.end, remedy="0.1 is a common choice")
        checks.whole("steps", self.steps, at_least=1)

    def __call__(self, step: int) -> float:
        """Temperature at that step."""
        if checks.whole("step", step, at_least=0) >= self.steps:
            return self.end
        return float(self.start * (self.end / self.start) ** (step / self.steps))
