"""Zeros of a function on the line, sorted by what they mean for the derivative of its support."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.fields.line import Line

Kind = Literal["simple", "double", "border", "kink"]


@dataclass(frozen=True)
class Zero:
    """A zero of f, and the slopes f'(u-), f'(u+) on both sides of it."""

    at: float
    kind: Kind
    left: float
    right: float


@dataclass(frozen=True)
class Zeros:
    r"""The zeros of f in [low, high], from left to right.

    A zero is *simple* where f is smooth and changes sign with :math:`f' \ne 0`: there it moves by
    :math:`-\varphi/f'` under :math:`f + \varepsilon\varphi`. Else it is, in this order of precedence,

    - *double*: f does not change sign, or has slope 0 on one side (higher multiplicity and the ends of stretches
      where f = 0 included). No derivative exists;
    - *border*: at an integer, where activations jump, or at low or high. Derivatives are one-sided;
    - *kink*: f' jumps, by more than 1e-6 of its largest size. Derivatives are one-sided.
    """

    low: float
    high: float
    zeros: tuple[Zero, ...]

    def of(self, kind: Kind) -> tuple[float, ...]:
        """Where the zeros of one kind are."""
        return tuple(zero.at for zero in self.zeros if zero.kind == kind)

    @property
    def simple(self) -> tuple[float, ...]:
        """Places with a derivative."""
        return self.of("simple")

    @property
    def double(self) -> tuple[float, ...]:
        """Places without one."""
        return self.of("double")

    @property
    def border(self) -> tuple[float, ...]:
        """Integers and ends of the range: one-sided derivatives."""
        return self.of("border")

    @property
    def kink(self) -> tuple[float, ...]:
        """Jumps of f': one-sided derivatives."""
        return self.of("kink")

    @property
    def regular(self) -> bool:
        """Whether every zero is simple."""
        return all(zero.kind == "simple" for zero in self.zeros)


def zeros(f: nn.Module, low: int | float, high: int | float, *, grid: int = 64, tolerance: float = 1e-9) -> Zeros:
    """Zeros of f in [low, high], in float64 whatever the dtype of f.

    The range is cut where f is not smooth and where f' = 0 (for a polynomial from the roots of f'; for an unknown f
    where f' changes sign on ``grid`` points per unit). Between cuts f is monotone, so that a change of sign brackets
    exactly one zero, which Brent's method then finds to rounding. A cut where \\|f\\| <= ``tolerance`` max\\|f\\| is a
    zero itself: that is how tangency shows. A stretch of zeros shorter than 1e-3 units counts as one, in its middle. A
    jump of f through 0 is no zero. An unknown f may hide from the grid a pair of extrema within one of its steps.

    Args:
        f: module on the line without batch shape.
        low: left end, in units.
        high: right end.
        grid: points per unit at which an unknown f is looked at.
        tolerance: of values relative to max \\|f\\|, and of the distance to integers and breakpoints, in units.

    >>> from continuum.widths import Polynomial
    >>> crossings = zeros(Polynomial([-0.25, 1.0, -1.0, 0.25]).double(), 0, 3)  # (u - 1)(u^2 - 3u + 1)/4
    >>> [round(z, 3) for z in crossings.simple], crossings.border, crossings.double
    ([0.382, 2.618], (1.0,), ())
    """
    checks.number("low", low, remedy="give a finite range")
    checks.number("high", high, remedy="give a finite range")
    if not low < high:
        raise BadInput("low, high", expected="low < high", came=(low, high), remedy="swap them")
    checks.whole("grid", grid, at_least=2)
    line = Line(f, np.linspace(low, high, math.ceil((high - low) * grid) + 1), tolerance)
    cuts = line.cuts()
    tangent = [line.refined(cut) for cut in cuts[line.vanishes(cuts)].tolist()]
    distinct = _merged(line, sorted(tangent + line.roots(cuts)), tolerance)
    return Zeros(low, high, tuple(_classified(line, place, (low, high), tolerance) for place in distinct))


def _merged(line: Line, places: list[float], tolerance: float) -> list[float]:
    """One place per zero: rounding splits a zero of high multiplicity into several, with f = 0 between them."""
    distinct: list[float] = []
    for place in places:
        gap = place - distinct[-1] if distinct else math.inf
        if gap < 1e-3 and line.vanishes(np.array([place - gap / 2])).all() and gap > tolerance:
            distinct[-1] += gap / 2
        elif gap > tolerance:
            distinct.append(place)
    return distinct


def _classified(line: Line, place: float, ends: tuple[float, float], tolerance: float) -> Zero:
    near = [border for border in (*ends, round(place)) if abs(border - place) <= tolerance]
    left, right = line.sides(place)
    kind: Kind = "border" if near else "kink" if line.kinked(left, right) else "simple"
    return Zero(float(near[0]) if near else place, "double" if line.flat(left, right) else kind, left, right)


def hard_gates(f: nn.Module, units: int, *, grid: int = 64) -> Float[Tensor, " units"]:
    """Length of {f > 0} in every tile: the gates that the soft support law tends to.

    A zero of f within 1e-9 units of an integer counts as if it were there, see :func:`zeros`.

    >>> from continuum.widths import Affine
    >>> hard_gates(Affine(1.5).double(), 3).tolist()
    [1.0, 0.5, 0.0]
    """
    crossings = zeros(f, 0, units, grid=grid)
    line = Line(f, np.arange(units + 1.0), 0.0)
    marks = np.concatenate([np.arange(units + 1.0), line.breaks, [zero.at for zero in crossings.zeros]])
    marks = np.unique(marks.clip(0, units))
    middle = (marks[1:] + marks[:-1]) / 2
    lengths = np.diff(marks) * (line.value(middle) > 0)
    return torch.as_tensor(np.bincount(middle.astype(int), weights=lengths, minlength=units))
