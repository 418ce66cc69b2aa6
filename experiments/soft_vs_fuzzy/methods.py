"""The methods that compete in soft_vs_fuzzy: laws of width, how each is built, priced, sampled and moved."""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.widths import Affine, Concrete, Fuzzy, Geometry, Interval, SoftSupport, Width, tilted

Kind = Literal["interval", "soft", "annealed", "fuzzy", "bernoulli", "systematic", "concrete", "fixed"]
Measure = Literal["euclidean", "l2", "root"]
#: A unit is live while its expected gate is above this.
LIVE = 0.01


@dataclass(frozen=True)
class Method:
    """A law of width, and how outgoing weights are measured.

    ``euclidean`` and ``l2`` are the two norms of the outgoing weights, with the plain gates. ``root`` has square-root
    gates (exponent 0.5) and the Euclidean norm; there the width itself is priced, not the sum of the gates.
    """

    kind: Kind
    measure: Measure

    @property
    def name(self) -> str:
        """Kind and measure, as in the column ``law`` of tables."""
        return f"{self.kind}/{self.measure}"

    @property
    def geometry(self) -> Geometry:
        """Norm of the outgoing weights."""
        return "l2" if self.measure == "l2" else "euclidean"

    @property
    def exponent(self) -> float:
        """Exponent of the gates."""
        return 0.5 if self.measure == "root" else 1.0

    @property
    def samples(self) -> bool:
        """Whether gates are random in training."""
        return self.kind in ("bernoulli", "systematic", "concrete")


#: All kinds but the fixed one, which competes with none.
KINDS: tuple[Kind, ...] = ("interval", "soft", "annealed", "fuzzy", "bernoulli", "systematic", "concrete")
#: The norms of outgoing weights, both taken by every kind.
MEASURES: tuple[Measure, ...] = ("euclidean", "l2")
#: All methods, in the order of tables.
METHODS: tuple[Method, ...] = (
    *(Method(kind, measure) for kind in KINDS for measure in MEASURES),
    Method("interval", "root"),
    Method("fuzzy", "root"),
)


def method_of(name: str) -> Method:
    """The method of that name.

    >>> method_of("fuzzy/l2").geometry
    'l2'
    """
    kind, measure = name.split("/")
    return Method(cast(Kind, kind), cast(Measure, measure))


def build(method: Method, units: int, start: Float[Tensor, "*batch"], *, kappa: float, temperature: float) -> Width:
    """The law of the method at cardinality ``start``, to be learned."""
    match method.kind:
        case "interval" | "fixed":
            return Interval(units, start, method.exponent, learnable=method.kind == "interval")
        case "soft" | "annealed":
            return SoftSupport(units, Affine(start), kappa)
        case "concrete":
            return Concrete(units, temperature, tilted(units, start))
    mode: Literal["scale", "bernoulli", "systematic"] = "scale" if method.kind == "fuzzy" else method.kind
    return Fuzzy(units, start, mode=mode, exponent=method.exponent, learnable=True)


def learned_parameters(law: Width) -> list[Tensor]:
    """The parameters of the law that are learned; the slope of a soft support is not, for kappa is its scale."""
    match law:
        case Interval():
            return [law.gamma] if law.gamma.requires_grad else []
        case SoftSupport():
            return [law.f.gamma]  # type: ignore[list-item]
        case Fuzzy():
            return [law.scores, law.total]
    return list(law.parameters())


def priced_width(law: Width, expected: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch"]:
    """The width that is paid for: gamma, the sum of the grades, else the sum of the expected gates."""
    match law:
        case Interval():
            return law.gamma
        case Fuzzy():
            return law.total
    return expected.sum(-1)


@torch.no_grad()
def clamp_width(law: Width) -> None:
    """Bring a width that a step has led outside [0, N] back to the end."""
    for parameter in learned_parameters(law)[-1:]:
        if not isinstance(law, Concrete):
            parameter.clamp_(0, law.units)


def width_slope(
    law: Width, loss: Float[Tensor, "*batch"], width: Float[Tensor, "*batch"], *, retain: bool = False
) -> Float[Tensor, "*batch"]:
    r"""Derivative of the loss in the width of the law, in nats per unit.

    For a law with one parameter gamma, and for the sum c of fuzzy grades, that parameter's. For logits :math:`\theta`
    along the steepest way to another expected width, :math:`\langle\nabla L, \nabla Ek\rangle / |\nabla Ek|^2`.
    """
    last = learned_parameters(law)[-1]
    (slope,) = torch.autograd.grad(loss.sum(), last, retain_graph=True)
    if not isinstance(law, Concrete):
        return slope
    (ascent,) = torch.autograd.grad(width.sum(), last, retain_graph=retain)
    return (slope * ascent).sum(-1) / ascent.square().sum(-1).clamp(min=torch.finfo(ascent.dtype).tiny)
