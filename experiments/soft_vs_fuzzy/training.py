"""One loop that trains a law of width together with many networks."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from continuum.widths import LogSchedule, SoftSupport, Width, weight_decay

from .methods import Method, clamp_width, learned_parameters, priced_width
from .problems import Problem

Optimizer = Literal["gd", "adam"]
#: The metric of L2(E) divides the step of a unit by its gate; by this where the gate is smaller.
LEAST_GATE = 1e-3
#: Steps between two recorded ones, and between two changes of an annealed sharpness.
RECORDED, ANNEALED = 10, 100


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        steps: gradient steps; in the first ``warmup`` of them the law rests.
        warmup: number of those first steps.
        optimizer: plain gradient descent (with L2(E) in its metric), or Adam.
        lr: step size of the weights.
        law_lr: step size of the law's parameters.
        decay: lambda, of the outgoing weights.
        sharpness: kappa from where to where, for the annealed soft support.
    """

    steps: int
    warmup: int
    optimizer: Optimizer
    lr: float
    law_lr: float
    decay: float
    sharpness: tuple[float, float]


@dataclass
class Trajectory:
    """The width that is paid for, and the number of units with a gate, at every tenth step."""

    widths: list[Tensor] = field(default_factory=list)
    used: list[Tensor] = field(default_factory=list)

    def record(self, law: Width, gates: Float[Tensor, "problems members units"]) -> None:
        """Append the present state."""
        self.widths.append(expected_width(law).detach().clone())  # a parameter is moved in place
        self.used.append((gates.detach() > 1e-6).sum(-1).to(gates.dtype))

    def mean(self, what: str, first: float, last: float = 1.0) -> Float[Tensor, "problems members"]:
        """Mean over a part of the steps."""
        values = torch.stack(getattr(self, what))
        return values[int(first * len(values)) : max(int(last * len(values)), 1)].mean(0)


def train(
    problem: Problem, law: Width, method: Method, price: Float[Tensor, " members"], recipe: Recipe, generator: Generator
) -> Trajectory:
    """Train the weights and the law on loss + decay + price."""
    trajectory = Trajectory()
    weights = {"params": [problem.readout, *problem.others], "lr": recipe.lr}
    adam = torch.optim.Adam([weights, {"params": learned_parameters(law), "lr": recipe.law_lr}])
    anneal = LogSchedule(*recipe.sharpness, steps=max(recipe.steps, 1))
    for step in range(recipe.steps):
        if method.kind == "annealed" and step % ANNEALED == 0 and isinstance(law, SoftSupport):
            law.set_kappa(anneal(step))
        problem.advance()
        gates, total = objective(problem, law, method, price, recipe.decay, generator)
        adam.zero_grad()
        total.sum().backward()  # type: ignore[no-untyped-call]
        _step(adam, recipe, method, gates, resting=step < recipe.warmup)
        clamp_width(law)
        if step % RECORDED == 0:
            trajectory.record(law, gates)
    return trajectory


def objective(
    problem: Problem, law: Width, method: Method, price: Tensor, decay: float, generator: Generator
) -> tuple[Float[Tensor, "problems members units"], Float[Tensor, "problems members"]]:
    """Gates of one pass, and loss + decay/2 |W|^2 + price * width; decay and price take the expected gates."""
    gates = law.gates(generator)
    plain = not method.samples or (method.geometry == "euclidean" and method.kind != "concrete")
    expected = gates if plain else law.expected_gates()  # grades are projected anew, so only where they are needed
    norm = weight_decay(problem.readout, expected, method.geometry)
    return gates, problem.loss(gates) + decay / 2 * norm + price * priced_width(law, expected)


def _step(adam: torch.optim.Optimizer, recipe: Recipe, method: Method, gates: Tensor, *, resting: bool) -> None:
    """A step of Adam, or of plain descent, which takes nothing but the groups of that optimizer."""
    weights, law_parameters = adam.param_groups
    law_parameters["lr"] = 0.0 if resting else recipe.law_lr
    if recipe.optimizer == "adam":
        adam.step()
        return
    readout = weights["params"][0]
    if method.geometry == "l2" and not method.samples:  # descent in the metric sum m_i |W_i|^2 of L2(E)
        readout.grad /= gates.detach().clamp(min=LEAST_GATE).unsqueeze(-1)
    with torch.no_grad():
        for group in (weights, law_parameters):
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter -= group["lr"] * parameter.grad


def expected_width(law: Width) -> Float[Tensor, "problems members"]:
    """The width that is paid for."""
    return priced_width(law, law.expected_gates())
