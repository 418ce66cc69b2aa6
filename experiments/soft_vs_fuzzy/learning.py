"""One loop that trains a law of width together with many networks, and measures what it found."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from continuum.widths import LogSchedule, SoftSupport, Width, weight_decay

from .arms import LIVE, Arm, charged, confine, moving, sample, width_slope
from .problems import Problem

Optimizer = Literal["gd", "adam"]
#: The metric of L2(E) divides the step of a unit by its gate; by this where the gate is smaller.
LEAST_GATE = 1e-3
#: Samples of the gates by which the noise of a derivative is measured.
DRAWS = 64


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        steps: gradient steps; in the first ``warmup`` of them the law rests.
        optimizer: plain gradient descent (with L2(E) in its metric), or Adam.
        rate: step size of the weights.
        law_rate: step size of the law's parameters.
        decay: lambda, of the outgoing weights.
        sharpness: kappa from where to where, for the annealed soft support.
    """

    steps: int
    warmup: int
    optimizer: Optimizer
    rate: float
    law_rate: float
    decay: float
    sharpness: tuple[float, float]


@dataclass
class Course:
    """What was seen on the way."""

    widths: list[Tensor] = field(default_factory=list)
    used: list[Tensor] = field(default_factory=list)

    def mean(self, what: str, first: float, last: float = 1.0) -> Float[Tensor, "problems members"]:
        """Mean over a part of the steps."""
        seen = torch.stack(getattr(self, what))
        return seen[int(first * len(seen)) : max(int(last * len(seen)), 1)].mean(0)


def learn(
    problem: Problem, law: Width, arm: Arm, price: Float[Tensor, " members"], recipe: Recipe, generator: Generator
) -> Course:
    """Train the weights and the law on loss + decay + price."""
    course, knobs = Course(), moving(law)
    weights = [problem.readout, *problem.others]
    groups = [{"params": weights, "lr": recipe.rate}, {"params": knobs, "lr": recipe.law_rate}]
    adam = torch.optim.Adam(groups)  # plain descent uses its groups only
    anneal = LogSchedule(*recipe.sharpness, steps=max(recipe.steps, 1))
    for step in range(recipe.steps):
        if arm.rule == "annealed" and step % 100 == 0 and isinstance(law, SoftSupport):
            law.set_kappa(anneal(step))
        problem.advance()
        gates, total = objective(problem, law, arm, price, recipe.decay, generator)
        adam.zero_grad()
        total.sum().backward()  # type: ignore[no-untyped-call]
        _step(adam, recipe, arm, gates, resting=step < recipe.warmup)
        confine(law)
        if step % 10 == 0:
            course.widths.append(width(law).detach().clone())  # a parameter is moved in place
            course.used.append((gates.detach() > 1e-6).sum(-1).to(gates.dtype))
    return course


def objective(
    problem: Problem, law: Width, arm: Arm, price: Tensor, decay: float, generator: Generator
) -> tuple[Float[Tensor, "problems members units"], Float[Tensor, "problems members"]]:
    """Gates of one pass, and loss + decay/2 |W|^2 + price * width; decay and price see the expected gates."""
    gates = sample(law, generator)
    plain = not arm.samples or (arm.geometry == "euclidean" and arm.rule != "concrete")
    expected = gates if plain else law.expected_gates()  # grades are projected anew, so only where they are looked at
    norm = weight_decay(problem.readout, expected, arm.geometry)
    return gates, problem.loss(gates) + decay / 2 * norm + price * charged(law, expected)


def _step(adam: torch.optim.Optimizer, recipe: Recipe, arm: Arm, gates: Tensor, *, resting: bool) -> None:
    weights, knobs = adam.param_groups
    knobs["lr"] = 0.0 if resting else recipe.law_rate
    if recipe.optimizer == "adam":
        adam.step()
        return
    readout = weights["params"][0]
    if arm.geometry == "l2" and not arm.samples:  # gradient descent in the metric sum m_i |W_i|^2 of L2(E)
        readout.grad /= gates.detach().clamp(min=LEAST_GATE).unsqueeze(-1)
    with torch.no_grad():
        for group in (weights, knobs):
            for value in group["params"]:
                if value.grad is not None:
                    value -= group["lr"] * value.grad


def width(law: Width) -> Float[Tensor, "problems members"]:
    """The width that is paid for."""
    return charged(law, law.expected_gates())


@torch.no_grad()
def live(law: Width) -> Float[Tensor, "problems members"]:
    """Number of units whose expected gate is not about 0."""
    return (law.expected_gates() > LIVE).sum(-1).double()


def noise(problem: Problem, law: Width, arm: Arm, generator: Generator) -> tuple[Tensor, Tensor]:
    """Mean and variance, over draws of the gates alone, of the derivative of the loss in the width."""
    everything = problem.whole()
    draws = DRAWS if arm.samples else 1
    slopes = torch.stack(
        [width_slope(law, everything.loss(sample(law, generator)), width(law)).detach() for _ in range(draws)]
    )
    return slopes.mean(0), slopes.var(0, correction=min(draws - 1, 1))
