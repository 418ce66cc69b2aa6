"""The run of the methods whose gates are parameters: Adam on weights and gates together, and the same rounding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from continuum.errors import Diverged
from continuum.learn.loss import objective
from continuum.learn.methods.gated import GatedNetwork, new_gated_network, plain_network
from continuum.learn.methods.method import Gates, WidthMethod
from continuum.learn.network import NetworkWeights
from continuum.learn.optimizer import Memory
from continuum.learn.pool import Pool
from continuum.learn.result import WidthResult, rounded_result
from continuum.learn.rounding import whole_units
from continuum.learn.rows import TrainingRows
from continuum.learn.run import GradedRun, Run, train
from continuum.learn.settings import price_or_default, rounding_steps, steps_for
from continuum.learn.task import Task
from continuum.progress import Meter, Progress

#: Share of the steps before the widths move. What weights that are hardly trained say about width is noise, on which an
#: ordered law sinks to one unit; and one unit alone cannot tell what a second would be worth.
RESTING = 0.1
#: A width above this share of ``max_units`` may have been held back by them.
FULL = 0.95
#: Said where no price was given.
UNCALIBRATED = "the price is the default, which this method does not calibrate"

#: The method for a hidden layer of so many units, of this width at the start.
Build = Callable[[int, float], WidthMethod]


@dataclass
class GatedRun(Run):
    """A gated network in training.

    Args:
        gated: the network.
        layers: the gates of its hidden layers.
    """

    gated: GatedNetwork
    layers: list[WidthMethod]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lr_factors = [1.0, *(factor for layer in self.layers for factor in layer.parameters.values())]
        moved = [[parameter] for layer in self.layers for parameter in layer.parameters]
        self.adam = torch.optim.Adam([{"params": group} for group in (self.gated.parameters, *moved)], fused=True)

    @property
    def activation(self) -> str:
        return self.gated.activation

    def network(self) -> NetworkWeights:
        return self.gated.effective([layer.final_gates() for layer in self.layers])

    def widths(self) -> list[float]:
        return [layer.width() for layer in self.layers]

    def saturation(self) -> str | None:
        most = self.config.max_units
        full = max(self.widths()) >= FULL * most
        return f"a width near max_units={most}: it may be too small" if full else None

    def prepare(self, done: int) -> None:
        for layer in self.layers:
            layer.prepare(done / self.steps)

    def step(self, batch: TrainingRows, lr: float, done: int) -> None:
        gates = [layer.gates() for layer in self.layers]
        gradients = self.gated.differentiate(gates, batch, self.objective, self.decay(), self.layers[0].l2)
        if done >= RESTING * self.steps:
            self.backward(gradients)
        for group, factor in zip(self.adam.param_groups, self.lr_factors, strict=True):
            group["lr"] = lr * factor
        self.adam.step()
        if self.activation == "relu":
            self.gated.normalise(gates)

    def backward(self, gate_gradients: list[Gates]) -> None:
        """Write the gradient in the parameters of the gates, from that in the gates."""
        if not all(np.isfinite(gradient).all() for gradient in gate_gradients):
            raise Diverged("not all gradients are finite")  # which would give no number of units
        price = self.price_per_row()
        for layer, gradient in zip(self.layers, gate_gradients, strict=True):
            layer.backward(gradient, price)

    def finish(self) -> None:
        self.prepare(self.steps)

    def graded(self, rows: TrainingRows) -> GradedRun:
        """A run that rounds the network, on these rows."""
        weights = plain_network(self.gated, [layer.final_gates() for layer in self.layers], whole_units(self.widths()))
        random = np.random.default_rng([self.config.seed, 29])
        pool = Pool(weights, Memory.of(weights), self.activation, self.config.max_units, random)
        price = price_or_default(self.price)  # sets the scale of its steps, nothing else
        return GradedRun(rows, self.objective, self.config, self.steps, price, pool)


#: A gated run, or one that moves its widths in another way.
AnyGatedRun = TypeVar("AnyGatedRun", bound=GatedRun)


def new_gated_run(build: Build, task: Task, rows: TrainingRows, price: float, kind: type[AnyGatedRun]) -> AnyGatedRun:
    """A new network with its gates."""
    config = task.config
    gated = new_gated_network(task.shape, config.max_units, config.start, task.activation, config.seed, rows.x.dtype)
    layers = [build(config.max_units, config.start) for _ in range(config.hidden_layers)]
    return kind(rows, objective(task.loss), config, steps_for(config.steps, rows.total), price, gated, layers)


def learn_gates(build: Build, task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Learn gates and weights together at the price given, or at the default one, then round."""
    run = new_gated_run(build, task, task.rows, price_or_default(task.config.price), GatedRun)
    return trained_result(run, task, progress, like, (UNCALIBRATED,) if task.config.price is None else ())


def trained_result(
    run: GatedRun, task: Task, progress: Progress | None, like: Tensor, notes: tuple[str, ...]
) -> WidthResult:
    """Train, then round the network to ceil(width) units on all training rows."""
    meter = Meter(progress, run.steps + rounding_steps(run.steps))
    train(run, meter)
    return rounded_result(run, run.graded(task.rows), meter, like, notes)
