"""Laws by name and cardinality: one number, the width, places a member of each family."""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import functional_call

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.concrete import tail_sums
from continuum.widths.fields.field import Affine
from continuum.widths.interval import Interval
from continuum.widths.simplex import project
from continuum.widths.softsupport import SoftSupport
from continuum.widths.tilt import tilt
from continuum.widths.width import Width, width_tensor

WidthName = Literal["interval", "soft_support", "fuzzy", "concrete"]
#: Sharpness of soft support where none is chosen: sharp enough to tell the integers.
KAPPA = 10.0


class Cardinal(Width):
    """A law of a given cardinality, differentiable in it.

    Args:
        units: number N of allocated units.
        gamma: the cardinality, a number or a tensor of any batch shape.
        learnable: register gamma as a parameter (else as a buffer).

    The gates of all of them are functions of gamma alone, never random.
    """

    gamma: Tensor

    def __init__(self, units: int, gamma: float | Float[Tensor, "*batch"], *, learnable: bool = True) -> None:
        super().__init__(units)
        self._hold("gamma", width_tensor(gamma, units), learnable=learnable)


class CardinalSoftSupport(Cardinal):
    r"""Soft support of :math:`f(u) = o - u`, the offset o chosen so that the gates sum to gamma in (0, N):

    .. math:: o = \gamma + \frac1\kappa \log\frac{1 - e^{-\kappa\gamma}}{1 - e^{-\kappa(N-\gamma)}} .

    >>> round(CardinalSoftSupport(4, torch.tensor(2.25), kappa=5.0).cardinality().item(), 6)
    2.25
    """

    def __init__(
        self, units: int, gamma: float | Float[Tensor, "*batch"], kappa: float, *, learnable: bool = True
    ) -> None:
        super().__init__(units, gamma, learnable=learnable)
        self.soft = SoftSupport(units, Affine(torch.zeros_like(self.gamma)), kappa)

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        kappa = self.soft.kappa
        ends = torch.log(-torch.expm1(-kappa * self.gamma)) - torch.log(-torch.expm1(kappa * (self.gamma - self.units)))
        gates: Tensor = functional_call(self.soft, {"f.gamma": self.gamma + ends / kappa}, ())
        return gates


class CardinalFuzzy(Cardinal):
    """Equal grades gamma / N.

    >>> CardinalFuzzy(4, torch.tensor(3.0)).gates()
    tensor([0.7500, 0.7500, 0.7500, 0.7500], grad_fn=<AddBackward0>)
    """

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        equal = (self.gamma.detach() / self.units).unsqueeze(-1).expand(*self.gamma.shape, self.units)
        return project(equal, self.gamma)


class CardinalConcrete(Cardinal):
    r"""Expected gates P(k > i) of the widths k = 1..N under the exponential tilt with E k = gamma in [1, N].

    By the chain rule :math:`dm_i/d\gamma = \mathrm{Cov}(1[k > i], k) / \mathrm{Var}\,k`.

    >>> round(CardinalConcrete(4, torch.tensor(2.25)).cardinality().item(), 6)
    2.25
    """

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        places = torch.arange(self.units, dtype=self.gamma.dtype, device=self.gamma.device) - (self.units - 1) / 2
        with torch.no_grad():
            mean = self.gamma.double() - (self.units + 1) / 2
            slope = tilt(places.double(), mean)
            shares = (slope.unsqueeze(-1) * places.double()).softmax(-1)
            # Centred on what the shares really have for a mean: near the ends a variance of 1e-28 must not cancel.
            off = places.double() - (shares * places.double()).sum(-1, keepdim=True)
            variance = (shares * off.square()).sum(-1).to(places)
        # The solution of E k = gamma, with its derivative 1 / Var k: a Newton step of length 0.
        slope = slope.to(places) + (self.gamma - self.gamma.detach()) / variance
        return tail_sums((slope.unsqueeze(-1) * places).softmax(-1))


def width_of(
    name: WidthName,
    units: int,
    gamma: float | Float[Tensor, "*batch"],
    *,
    exponent: float = 1.0,
    kappa: float = KAPPA,
    learnable: bool = True,
) -> Interval | Cardinal:
    """The law called ``name`` at cardinality gamma (for the interval law: of width gamma).

    Args:
        name: of the law.
        units: number N of allocated units.
        gamma: cardinality, a number or a tensor of any batch shape.
        exponent: of the gates of the interval law, see :class:`Interval`; 1 with the other laws, whose gates have none.
        kappa: sharpness of soft support.
        learnable: register gamma as a parameter (else as a buffer).

    >>> [round(g, 2) for g in width_of("concrete", 3, torch.tensor(2.0)).gates().tolist()]
    [1.0, 0.67, 0.33]
    """
    families: dict[str, Callable[[], Interval | Cardinal]] = {
        "interval": lambda: Interval(units, gamma, exponent, learnable=learnable),
        "soft_support": lambda: CardinalSoftSupport(units, gamma, kappa, learnable=learnable),
        "fuzzy": lambda: CardinalFuzzy(units, gamma, learnable=learnable),
        "concrete": lambda: CardinalConcrete(units, gamma, learnable=learnable),
    }
    checks.one_of("law", name, families, plural="laws")
    check_exponent(name, exponent)
    return families[name]()


def check_exponent(name: WidthName, exponent: float) -> None:
    """Raise ``BadInput`` unless the gates of the law can have this exponent: > 0 of interval, 1 of the other laws."""
    checks.positive("exponent", exponent, remedy="1 is the interval law")
    if exponent != 1 and name != "interval":
        expected, remedy = f"1 with the {name} law", "only the gates of the interval law have one"
        raise BadInput("exponent", expected=expected, came=exponent, remedy=remedy)


def expresses(name: WidthName, units: int, gamma: float) -> bool:
    """Whether a law of N units can have this cardinality.

    [0, N] for interval and fuzzy, (0, N) for soft_support, whose gates are never 0 or 1, [1, N] for concrete.

    >>> expresses("concrete", 8, 0.5), expresses("soft_support", 8, 8.0), expresses("fuzzy", 8, 8.0)
    (False, False, True)
    >>> expresses("concrete", 8, 1.0), expresses("soft_support", 8, 0.5), expresses("interval", 8, 0.0)
    (True, True, True)
    """
    if name == "soft_support":
        return 0 < gamma < units
    return (1 if name == "concrete" else 0) <= gamma <= units
