r"""What a unit's outgoing weights cost per unit of its width: a convex function h of their length."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.penalty.shrinkage import least_root, shrunk_by_power

Lengths = Float[Tensor, "*shape"]


class Decay(ABC):
    r"""A cost :math:`h(|W|)` of outgoing weights W: h convex, :math:`h(0) = 0`, :math:`h(r)/r \to \infty`.

    With linear gates a layer costs :math:`\int_E h(|W|)\, d\mu = \sum_i a_i\, h(|W_i|)`. The slope of the optimised
    loss at the birth of a unit is then :math:`-h^*(|G|)`, with the conjugate

    .. math:: h^*(s) = \sup_{r \ge 0}\; rs - h(r)

    and the gradient G at the effective weight of that unit (``proofs_checks/theorems/n3_9_perspective.md``).
    """

    @abstractmethod
    def value(self, length: Lengths) -> Lengths:
        """h at lengths >= 0."""

    @abstractmethod
    def length(self, slope: Lengths) -> Lengths:
        r"""A length at which h has a slope :math:`s \ge 0`: a subgradient of :math:`h^*` at s."""

    @abstractmethod
    def shrunk(self, length: Lengths, step: Lengths) -> Lengths:
        r"""The proximal operator in one dimension: x with :math:`x + \tau h'(x) = r`."""

    @abstractmethod
    def bought(self, price: float) -> tuple[float, float]:
        r"""The slope :math:`\mu` with :math:`h^*(\mu) = \rho`, and a length at which h has it."""

    def conjugate(self, slope: Lengths) -> Lengths:
        """h* at slopes >= 0."""
        length = self.length(slope)
        return length * slope - self.value(length)


@dataclass(frozen=True)
class PowerDecay(Decay):
    r"""Weight decay to a power, :math:`h(r) = \lambda r^q / q` with the conjugate :math:`s^{q'} / (q' \lambda^{q'-1})`,

    where :math:`1/q + 1/q' = 1`: the q-th power of the norm of :math:`L_q(E)`. q = 2 is weight decay in L2(E). The
    proximal operator is a closed form for q = 4/3, 3/2, 2 and 3, else Newton's method.

    Args:
        decay: :math:`\lambda > 0`.
        power: :math:`q > 1`. At q = 1, the norm of L1(E), a width has no slope, but a jump at every integer.

    >>> PowerDecay(0.5, power=3.0).conjugate(torch.tensor([2.0])), PowerDecay(0.5).conjugate(torch.tensor([2.0]))
    (tensor([2.6667]), tensor([4.]))
    """

    decay: float
    power: float = 2.0

    def __post_init__(self) -> None:
        checks.positive("decay", self.decay, remedy="without decay of the weights no width is worth its price")
        if checks.positive("power", self.power, remedy="2 is weight decay in L2(E)") <= 1:
            remedy = "2 is weight decay in L2(E); with the norm of L1(E) a width has no slope"
            raise BadInput("power", expected="a number > 1", came=self.power, remedy=remedy)

    @property
    def dual(self) -> float:
        r"""The power :math:`q' = q / (q - 1)` of the conjugate."""
        return self.power / (self.power - 1)

    def value(self, length: Lengths) -> Lengths:
        return self.decay / self.power * length**self.power

    def length(self, slope: Lengths) -> Lengths:
        return (slope / self.decay) ** (self.dual - 1)

    def shrunk(self, length: Lengths, step: Lengths) -> Lengths:
        return shrunk_by_power(length, step * self.decay, self.power)

    def bought(self, price: float) -> tuple[float, float]:
        # At q = 2 written as by reverse_huber, to agree to the last bit.
        if self.power == 2:
            return math.sqrt(2 * price * self.decay), math.sqrt(2 * price / self.decay)
        full = (self.dual * price / self.decay) ** (1 / self.power)
        return self.dual * price / full, full


@dataclass(frozen=True)
class ConvexDecay(Decay):
    r"""Any convex h with :math:`h(0) = 0` and :math:`h(r)/r \to \infty`, by its value and its derivative.

    Where h has a kink ``derivative`` may be any slope between those on both sides; from a cap on the length on it is
    infinite. All is found by bisection, to the last digits of the type; that h is convex is not checked.

    Args:
        function: h, of tensors of lengths >= 0, elementwise.
        derivative: its derivative, likewise.

    >>> elastic = ConvexDecay(lambda r: r + r**2 / 2, lambda r: 1 + r)
    >>> elastic.conjugate(torch.tensor([0.5, 3.0], dtype=torch.float64))
    tensor([0., 2.], dtype=torch.float64)
    """

    function: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]

    def __post_init__(self) -> None:
        at_zero = float(self.function(torch.zeros(1, dtype=torch.float64)))
        if at_zero != 0:
            remedy = "a cost of the gate itself is the price"
            raise BadInput("function", expected="0 at the length 0", came=at_zero, remedy=remedy)

    def value(self, length: Lengths) -> Lengths:
        return self.function(length)

    def length(self, slope: Lengths) -> Lengths:
        return least_root(self.derivative, slope, torch.zeros_like(slope))

    def shrunk(self, length: Lengths, step: Lengths) -> Lengths:
        step = step.expand_as(length)
        return least_root(lambda r: r + step * self.derivative(r), length, torch.zeros_like(length), high=length)

    def bought(self, price: float) -> tuple[float, float]:
        target = torch.tensor([price], dtype=torch.float64)
        full = least_root(lambda r: r * self.derivative(r) - self.function(r), target, torch.zeros_like(target))
        # Not the derivative, which at a kink is only one of its slopes there: mu v0 = h(v0) + h*(mu).
        return float((target + self.function(full)) / full), float(full)
