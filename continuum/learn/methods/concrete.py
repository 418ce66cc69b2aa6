"""A distribution over widths, sampled through the Concrete relaxation."""

import torch

from continuum.learn.methods.gated_run import learn_gates
from continuum.learn.methods.method import AutogradMethod
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.progress import Progress
from continuum.widths import Concrete, LogSchedule, tilted

#: Temperature of the samples at the start and at the end.
WARM, COLD = 1.0, 0.1
#: Least mean of the widths at the start: a distribution that is sure of one unit draws no other width, and learns
#: nothing.
LEAST = 2.0
#: Learning rate of the logits as a multiple of that of the weights.
LR_FACTOR = 10.0


class ConcreteMethod(AutogradMethod):
    r"""Gates :math:`\sum_{j \ge i} \nu_j` of a relaxed one-hot sample of the width; the price is on its mean."""

    l2 = True

    def __init__(self, units: int, start: float, generator: torch.Generator) -> None:
        logits = torch.zeros(1) if units == 1 else tilted(units, min(max(start, LEAST), units - 0.01)).float()
        self.law, self.schedule = Concrete(units, WARM, logits), LogSchedule(WARM, COLD, 1000)
        self.parameters, self.generator = {self.law.get_parameter("logits"): LR_FACTOR}, generator

    def sample(self) -> torch.Tensor:
        return self.law.gates(self.generator)

    def mean(self) -> torch.Tensor:
        with torch.no_grad():
            return self.law.expected_gates()

    def paid_width(self) -> torch.Tensor:
        return self.law.cardinality()

    def prepare(self, share: float) -> None:
        self.law.set_temperature(self.schedule(round(share * self.schedule.steps)))


def concrete(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "concrete"."""
    generator = torch.Generator().manual_seed(task.config.seed)
    return learn_gates(lambda units, start: ConcreteMethod(units, start, generator), task, progress, like)
