"""A distribution over widths, sampled through the Concrete relaxation."""

import torch

from continuum.learn.methods.law import Differentiated
from continuum.learn.methods.training import learned_by
from continuum.learn.progress import Progress
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.widths import Concrete, LogSchedule, tilted

#: Temperature of the samples at the start and at the end.
WARM, COLD = 1.0, 0.1
#: Least mean of the widths at the start: a law that is sure of one unit draws no other width, and learns nothing.
LEAST = 2.0
#: Step size of the logits over that of the weights.
FASTER = 10.0


class ConcreteLaw(Differentiated):
    r"""Gates :math:`\sum_{j \ge i} \nu_j` of a relaxed one-hot sample of the width; the price is on its mean."""

    l2 = True

    def __init__(self, units: int, start: float, generator: torch.Generator) -> None:
        logits = torch.zeros(1) if units == 1 else tilted(units, min(max(start, LEAST), units - 0.01)).float()
        self.law, self.schedule = Concrete(units, WARM, logits), LogSchedule(WARM, COLD, 1000)
        self.parameters, self.generator = {self.law.get_parameter("logits"): FASTER}, generator

    def sample(self) -> torch.Tensor:
        return self.law.gates(self.generator)

    def mean(self) -> torch.Tensor:
        with torch.no_grad():
            return self.law.expected_gates()

    def charged(self) -> torch.Tensor:
        return self.law.cardinality()

    def prepare(self, share: float) -> None:
        self.law.set_temperature(self.schedule(round(share * self.schedule.steps)))


def concrete(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "concrete"."""
    generator = torch.Generator().manual_seed(task.settings.seed)
    return learned_by(lambda units, start: ConcreteLaw(units, start, generator), task, progress, like)
