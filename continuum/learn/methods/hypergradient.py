"""The interval whose width follows the hypergradient of a held-out loss."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from continuum.learn.methods.gated_run import GatedRun, new_gated_run, trained_result
from continuum.learn.methods.interval import IntervalMethod
from continuum.learn.methods.lookahead import Lookahead
from continuum.learn.methods.method import Gates
from continuum.learn.network import NetworkWeights
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.progress import Progress

#: Steps of the weights between two moves of the width.
BETWEEN = 10
#: Rows of either part on which a move is computed.
MOVE_ROWS = 256
#: Learning rate of the width as a multiple of that of the weights.
LR_FACTOR = 30.0
#: Exponent of the gates: square-root gates, with which gamma feels capacity.
EXPONENT = 0.5
#: Said where no price was given.
FREE = "no price: the held-out loss alone moved the width"

#: Derivative of the held-out loss in the widths, of these active units; None where it could not be had.
HeldOutDerivative = Callable[[NetworkWeights, list[float]], list[Tensor] | None]


@dataclass
class HypergradientRun(GatedRun):
    """A run in which training rows move the weights, and held-out rows the widths."""

    derivative: HeldOutDerivative | None = None
    calls: int = 0

    def backward(self, gate_gradients: list[Gates]) -> None:
        self.calls += 1
        for layer in self.layers:
            for parameter in layer.parameters:
                parameter.grad = None  # Adam leaves it where it is
        if self.derivative is None or self.calls % BETWEEN:
            return
        part = self.gated.active_part(self.gated.weights, [layer.gates() for layer in self.layers])
        derivatives = self.derivative(part, self.widths())
        for layer, derivative in zip(self.layers, derivatives or [], strict=derivatives is not None):
            (gamma,) = layer.parameters
            gamma.grad = derivative.to(gamma) + self.price_per_row()


def hypergradient(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Method "hypergradient": square-root gates of an interval, moved by direct term and response.

    A price is added to the held-out loss where one is given. Without rows held out a fifth of them is; rounding, at
    which the width is settled, trains on all.
    """
    rows, held_out = task.split()
    price = task.config.price or 0.0

    def build(units: int, start: float) -> IntervalMethod:
        return IntervalMethod(units, start, EXPONENT, LR_FACTOR)

    run = new_gated_run(build, task, rows, price, HypergradientRun)
    lookahead = Lookahead(task.loss, run.activation, run.decay())
    random = np.random.default_rng([task.config.seed, 23])
    batches, held_out_batches = rows.batches(MOVE_ROWS, random), held_out.batches(MOVE_ROWS, random)
    run.derivative = lambda weights, widths: lookahead(weights, widths, next(batches), next(held_out_batches))
    return trained_result(run, task, progress, like, () if price else (FREE,))
