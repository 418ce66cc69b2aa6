"""The soft support of a function on the line, sharpened while its zero is learned."""

import torch

from continuum.learn.methods.gated_run import learn_gates
from continuum.learn.methods.method import AutogradMethod
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.progress import Progress
from continuum.widths import Affine, LogSchedule, SoftSupport

#: Sharpness at the start, where a width feels units tens of places away, and at the end, where it is nearly an
#: interval. From a sharpness of 1 on, the width depends more on its start.
BLUNT, SHARP = 0.1, 30.0
#: Steps of the sharpness, which is checked whenever it changes.
STAGES = 100
#: Learning rate of the width as a multiple of that of the weights.
LR_FACTOR = 30.0


class SoftSupportMethod(AutogradMethod):
    r"""Gates :math:`\int_i^{i+1} \sigma(\kappa (\gamma - u))\, du`, whose sum is the width; kappa rises.

    The slope of :math:`f(u) = \gamma - u` stays 1, since kappa is its scale. The weights have the norm of L2(E), in
    which the units that are about to open tell what they are worth.
    """

    l2 = True

    def __init__(self, units: int, start: float) -> None:
        field = Affine(torch.tensor(float(start), dtype=torch.float64))
        field.slope.requires_grad_(False)
        self.law, self.schedule = SoftSupport(units, field, BLUNT), LogSchedule(BLUNT, SHARP, STAGES)
        self.stage = 0
        self.gamma = field.gamma
        self.parameters = {self.gamma: LR_FACTOR}

    def sample(self) -> torch.Tensor:
        return self.law.gates()

    mean = sample

    def paid_width(self) -> torch.Tensor:
        return self.law.cardinality()

    def width_of_gates(self) -> torch.Tensor:
        return self._gates.sum()

    def prepare(self, share: float) -> None:
        self.gamma.data.clamp_(0, self.law.units)
        stage = int(share * STAGES)
        if stage > self.stage:
            self.stage = stage
            self.law.set_kappa(self.schedule(stage))


def soft_support(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "soft_support"."""
    return learn_gates(SoftSupportMethod, task, progress, like)
