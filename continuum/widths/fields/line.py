"""A float64 view of a function on the line: values, slopes, and the points between which it is monotone."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq
from torch import nn

from continuum.errors import BadInput
from continuum.widths.fields.combined import breakpoints
from continuum.widths.fields.field import Field

Array = NDArray[np.float64]
#: A slope below this share of the steepest one counts as 0: rounding moves such a zero by over 1e-9.
_FLAT = 1e-7


class Line:
    """A function f without batch shape, copied to float64, from arrays to arrays.

    Args:
        f: module on the line.
        marks: points at which f is looked at for its scale and for what it does between its breakpoints.
        tolerance: values below this share of max |f| count as 0, points closer than this as one.
    """

    def __init__(self, f: nn.Module, marks: Array, tolerance: float) -> None:
        self._f = copy.deepcopy(f).to("cpu", torch.float64)
        self._marks, self._tolerance = marks, tolerance
        values = self.value(marks)
        if values.ndim > 1:
            raise BadInput("f", expected="no batch shape", came=values.shape[:-1], remedy="loop over the batch")
        breaks = breakpoints(self._f)
        self.breaks: Array = np.zeros(0) if breaks is None else np.unique(breaks.detach().numpy())
        self._scale = float(np.abs(values).max())
        self._steepest = float(np.abs(self.slope((marks[1:] + marks[:-1]) / 2)).max())

    def value(self, points: Array) -> Array:
        """f at the points."""
        with torch.no_grad():
            values: Array = self._f(torch.as_tensor(points)).numpy()
        return values

    def slope(self, points: Array) -> Array:
        """f' at the points."""
        place = torch.as_tensor(points).clone().requires_grad_()
        with torch.enable_grad():
            total = self._f(place).sum()
            if not total.requires_grad:  # constant in u
                return np.zeros_like(points)
            (slope,) = torch.autograd.grad(total, place, allow_unused=True, materialize_grads=True)
        slopes: Array = slope.numpy()
        return slopes

    def cuts(self) -> Array:
        """Points between which f is smooth and monotone, as far as the marks tell."""
        low, high = self._marks[0], self._marks[-1]
        known = self._f.stationary() if isinstance(self._f, Field) else None
        if known is not None:
            cuts = np.concatenate([[low, high], self.breaks, known.detach().numpy()])
        else:
            cuts = np.concatenate([self._marks, self.breaks])
            cuts = np.concatenate([cuts, self._extrema(np.unique(cuts.clip(low, high)))])
        return np.unique(cuts.clip(low, high))

    def vanishes(self, places: Array) -> NDArray[np.bool_]:
        """Whether f is 0 there, up to the tolerance."""
        near: NDArray[np.bool_] = np.abs(self.value(places)) <= self._tolerance * self._scale
        return near

    def roots(self, cuts: Array) -> list[float]:
        """The zeros strictly between neighbouring cuts, none or one between two."""
        positive, vanishing = self.value(cuts) > 0, self.vanishes(cuts)
        changes = (positive[1:] != positive[:-1]) & ~vanishing[1:] & ~vanishing[:-1]
        places = [_brent(self._value_at, cuts[n], cuts[n + 1]) for n in np.flatnonzero(changes)]
        # Else f jumps through 0 there.
        return [place for place in places if abs(self._value_at(place)) <= 1e-6 * self._scale]

    def refined(self, place: float) -> float:
        """A point where f almost vanishes, moved onto the zero by one Newton step, unless f is flat or has a kink."""
        left, right = self.sides(place)
        if self.flat(left, right) or self.kinked(left, right):
            return place
        return place - self._value_at(place) / right

    def sides(self, place: float) -> tuple[float, float]:
        """f'(u-) and f'(u+)."""
        at_break = self.breaks.size and np.abs(self.breaks - place).min() <= self._tolerance
        reach = 4 * self._tolerance if at_break else 0.0
        left, right = self.slope(np.array([place - reach, place + reach])).tolist()
        return left, right

    def flat(self, left: float, right: float) -> bool:
        """Whether a zero with these slopes is no simple crossing."""
        return min(abs(left), abs(right)) <= _FLAT * self._steepest or (left > 0) != (right > 0)

    def kinked(self, left: float, right: float) -> bool:
        """Whether these slopes differ by more than the curvature within the tolerance can explain."""
        return abs(left - right) > 1e-6 * self._steepest

    def _extrema(self, cuts: Array) -> Array:
        inset = 1e-9 * np.diff(cuts)  # inside the piece, where f' has one meaning
        starts, stops = cuts[:-1] + inset, cuts[1:] - inset
        turns = np.flatnonzero(np.sign(self.slope(starts)) * np.sign(self.slope(stops)) < 0)
        return np.array([_brent(self._slope_at, starts[n], stops[n]) for n in turns])

    def _value_at(self, place: float) -> float:
        return float(self.value(np.array([place]))[0])

    def _slope_at(self, place: float) -> float:
        return float(self.slope(np.array([place]))[0])


def _brent(function: Callable[[float], float], left: float, right: float) -> float:
    return float(brentq(function, left, right, xtol=1e-15, rtol=1e-15))
