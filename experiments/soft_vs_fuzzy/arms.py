"""The laws that compete in soft_vs_fuzzy: how each is built, charged, sampled and moved."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from continuum.widths import Affine, Concrete, Fuzzy, Geometry, Interval, SoftSupport, Width, tilted

Rule = Literal["interval", "soft", "annealed", "fuzzy", "bernoulli", "systematic", "concrete", "fixed"]
Measure = Literal["euclidean", "l2", "root"]
#: A unit is live while its expected gate is above this.
LIVE = 0.01


@dataclass(frozen=True)
class Arm:
    """A law of width, and how outgoing weights are measured.

    ``euclidean`` and ``l2`` are the two norms of the outgoing weights, with the plain gates. ``root`` has the square
    roots of the gates and the Euclidean norm; there the width itself is charged, not the sum of the gates.
    """

    rule: Rule
    measure: Measure

    @property
    def name(self) -> str:
        """Rule and measure, as in tables."""
        return f"{self.rule}/{self.measure}"

    @property
    def geometry(self) -> Geometry:
        """Norm of the outgoing weights."""
        return "l2" if self.measure == "l2" else "euclidean"

    @property
    def samples(self) -> bool:
        """Whether gates are random in training."""
        return self.rule in ("bernoulli", "systematic", "concrete")

    @property
    def ordered(self) -> bool:
        """Whether units can only be on from the first one up."""
        return self.rule in ("interval", "soft", "annealed", "concrete", "fixed")


RULES: tuple[Rule, ...] = ("interval", "soft", "annealed", "fuzzy", "bernoulli", "systematic", "concrete")
MEASURES: tuple[Measure, ...] = ("euclidean", "l2")
ARMS: tuple[Arm, ...] = (
    *(Arm(rule, measure) for rule in RULES for measure in MEASURES),
    Arm("interval", "root"),
    Arm("fuzzy", "root"),
)


def by_name(name: str) -> Arm:
    """The arm of that name.

    >>> by_name("fuzzy/l2").geometry
    'l2'
    """
    rule, measure = name.split("/")
    return Arm(rule, measure)  # type: ignore[arg-type]


def build(arm: Arm, units: int, start: Float[Tensor, "*batch"], *, kappa: float, temperature: float) -> Width:
    """The law of the arm at cardinality ``start``, to be learned."""
    exponent = 0.5 if arm.measure == "root" else 1.0
    match arm.rule:
        case "interval" | "fixed":
            return Interval(units, start, exponent, learnable=arm.rule == "interval")
        case "soft" | "annealed":
            return SoftSupport(units, Affine(start), kappa)
        case "concrete":
            return Concrete(units, temperature, tilted(units, start))
    mode: Literal["scale", "bernoulli", "systematic"] = "scale" if arm.rule == "fuzzy" else arm.rule
    return Fuzzy(units, start, mode=mode, exponent=exponent, learnable=True)


def moving(law: Width) -> list[Tensor]:
    """The parameters of the law that are learned; the slope of a soft support is not, for kappa is its scale."""
    match law:
        case Interval():
            return [law.gamma] if law.gamma.requires_grad else []
        case SoftSupport():
            return [law.f.gamma]  # type: ignore[list-item]
        case Fuzzy():
            return [law.scores, law.total]
    return list(law.parameters())


def sample(law: Width, generator: Generator) -> Float[Tensor, "*batch units"]:
    """Gates of one forward pass."""
    return law.gates(generator) if isinstance(law, Fuzzy | Concrete) else law.gates()


def charged(law: Width, expected: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch"]:
    """The width that is paid for: gamma, the sum of the grades, else the sum of the expected gates."""
    match law:
        case Interval():
            return law.gamma
        case Fuzzy():
            return law.total
    return expected.sum(-1)


@torch.no_grad()
def confine(law: Width) -> None:
    """Bring a width that a step has led outside [0, N] back to the end."""
    for value in moving(law)[-1:]:
        if not isinstance(law, Concrete):
            value.clamp_(0, law.units)


def width_slope(
    law: Width, loss: Float[Tensor, "*batch"], width: Float[Tensor, "*batch"], *, retain: bool = False
) -> Float[Tensor, "*batch"]:
    r"""Derivative of the loss in the width of the law, in nats a unit.

    For a law with one parameter gamma, and for the sum c of fuzzy grades, that parameter's. For logits :math:`\theta`
    along the steepest way to another expected width, :math:`\langle\nabla L, \nabla Ek\rangle / |\nabla Ek|^2`.
    """
    last = moving(law)[-1]
    (slope,) = torch.autograd.grad(loss.sum(), last, retain_graph=True)
    if not isinstance(law, Concrete):
        return slope
    (up,) = torch.autograd.grad(width.sum(), last, retain_graph=retain)
    return (slope * up).sum(-1) / up.square().sum(-1).clamp(min=torch.finfo(up.dtype).tiny)
