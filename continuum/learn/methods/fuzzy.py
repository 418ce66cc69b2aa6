"""Grades of membership that share out a cardinality, which is learned together with them."""

import numpy as np
import torch
from torch import nn

from continuum.learn.methods.gated_run import learn_gates
from continuum.learn.methods.method import OFF, Gates, WidthMethod
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.progress import Progress
from continuum.widths import project

#: Units among which the cardinality is shared out at first; at least twice as many as it.
FIRST_UNITS = 64
#: Learning rates of scores and cardinality as multiples of that of the weights. Fast scores make grades crisp too soon,
#: and then the width depends on its start; with these it is 22 on digits from 1, 8 and 64 units.
SCORES_LR_FACTOR, TOTAL_LR_FACTOR = 1.0, 30.0
#: The slope of a square root at a grade below this is taken here.
LEAST = 0.01


class FuzzyMethod(WidthMethod):
    r"""Gates :math:`\sqrt{g_i}` of the grades of ``continuum.widths.Fuzzy``, of sum c; the price is on c.

    The weights have the Euclidean norm, whose least value for given effective weights is then the squared k-support
    norm with the real k = c. Where c comes to more than half of the units, twice as many share it, the new ones on
    the verge of a grade.
    """

    def __init__(self, units: int, start: float) -> None:
        self.units, self.shared = units, min(units, max(FIRST_UNITS, 2 * int(np.ceil(start))))
        self.scores = nn.Parameter(torch.full((units,), start / self.shared, dtype=torch.float64))
        self.total = nn.Parameter(torch.tensor(float(start), dtype=torch.float64))
        self.parameters = {self.scores: SCORES_LR_FACTOR, self.total: TOTAL_LR_FACTOR}

    def gates(self) -> Gates:
        with torch.enable_grad():
            self._grades = project(self.scores[: self.shared], self.total)
        return np.asarray(self._grades.detach().sqrt().numpy())

    def backward(self, gate_gradient: Gates, price: float) -> None:
        root = self._grades.detach().clamp(min=LEAST).sqrt()
        self.scores.grad, self.total.grad = None, self.total.new_tensor(price)
        torch.autograd.backward(self._grades, torch.from_numpy(gate_gradient).double() / (2 * root))

    def final_gates(self) -> Gates:
        with torch.no_grad():
            return np.asarray(project(self.scores[: self.shared], self.total).sqrt().detach().numpy())

    def width(self) -> float:
        return self.total.item()

    def prepare(self, share: float) -> None:
        self.total.data.clamp_(0, self.units)
        while self.width() > self.shared / 2 and self.shared < self.units:
            self._double()

    def _double(self) -> None:
        few, self.shared = self.shared, min(2 * self.shared, self.units)
        grades = project(self.scores.data[:few], self.total.data)
        free = (grades > OFF) & (grades < 1)
        threshold = (self.scores.data[:few] - grades)[free]
        self.scores.data[few : self.shared] = threshold.mean() if len(threshold) else self.scores.data[:few].min()


def fuzzy(task: Task, progress: Progress | None, like: torch.Tensor) -> WidthResult:
    """Method "fuzzy"."""
    return learn_gates(FuzzyMethod, task, progress, like)
