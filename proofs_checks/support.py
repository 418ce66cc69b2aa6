"""What entries on the support {f > 0} share: integrals of a layer over it, their differences, and norms on the line."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from continuum.widths import PiecewiseLinear, Polynomial, SoftSupport, Sum, hard_gates

#: sum over n of (-1)^(n+1) / n^2 = pi^2/12, twice: minus the first moment of (logistic - step).
MOMENT = math.pi**2 / 6


def hard(f: nn.Module, g: Tensor) -> float:
    """J[f], the integral of g over {f > 0}; g has one value for each tile."""
    return (hard_gates(f, len(g), grid=8) @ g).item()


def soft(f: nn.Module, g: Tensor, kappa: float, panels: int = 64) -> float:
    """J_kappa[f]."""
    return (SoftSupport(len(g), f, kappa, panels=panels).gates() @ g).item()


def shifted(f: nn.Module, direction: nn.Module, epsilon: float) -> Sum:
    """f + epsilon * direction."""
    return Sum([f, direction], [1.0, epsilon])


def one_sided(f: nn.Module, g: Tensor, direction: nn.Module, step: float = 1e-4) -> tuple[float, float]:
    """Derivatives of J at epsilon -> 0+ and at 0-, from differences with the zeros solved afresh."""
    here = hard(f, g)
    away = {j: hard(shifted(f, direction, j * step), g) for j in (-2, -1, 1, 2)}
    ahead, behind = ((-3 * here + 4 * away[sign] - away[2 * sign]) / (2 * sign * step) for sign in (1, -1))
    return ahead, behind


def constant(value: float, units: int) -> PiecewiseLinear:
    """The direction phi = value; piecewise linear, so that sums with such fields stay so."""
    return PiecewiseLinear([value, value], [0.0, float(units)])


def by_autograd(f: nn.Module, g: Tensor, direction: nn.Module, kappa: float, panels: int) -> float:
    """Derivative of J_kappa at epsilon = 0, through the gates of the shipped law."""
    width = SoftSupport(len(g), Sum([f, direction]), kappa, panels=panels)
    factors = torch.tensor([1.0, 0.0], requires_grad=True)
    (slopes,) = torch.autograd.grad(functional_call(width, {"f.factors": factors}, ()) @ g, factors)
    return slopes[1].item()


def vanishing(places: Sequence[float], lead: float = 1.0) -> Polynomial:
    """lead times the product of (u - place)."""
    return Polynomial((lead * np.polynomial.polynomial.polyfromroots(places)).tolist())


def jet(f: Polynomial, place: float, orders: int = 4) -> list[float]:
    """f and its first derivatives at a place, from the coefficients."""
    series = np.polynomial.Polynomial(f.coefficients.detach().numpy())
    return [float(series.deriv(order)(place)) for order in range(orders)]


def nodes(edges: Sequence[float], order: int = 20) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre points and weights between the edges, by numpy."""
    places, weights = np.polynomial.legendre.leggauss(order)
    cuts = np.unique(edges)
    halves = np.diff(cuts)[:, None] / 2
    points = (cuts[1:] + cuts[:-1])[:, None] / 2 + halves * places
    return torch.from_numpy(points.ravel()), torch.from_numpy((halves * weights).ravel())


def product(a: nn.Module, b: nn.Module, kinks: Sequence[float], *, slopes: bool, reach: float = 24.0) -> float:
    """Inner product of two functions in L2, or in H1 with ``slopes``, over [-reach, reach]."""
    points, weights = nodes([*np.arange(-reach, reach + 0.5, 0.5), *kinks])
    points.requires_grad_()
    first, second = a(points), b(points)
    values = first * second
    if slopes:
        rise, climb = (torch.autograd.grad(value.sum(), points, retain_graph=True)[0] for value in (first, second))
        values = values + rise * climb
    return float(values.detach() @ weights)


def same(actual: object, expected: object) -> None:
    """Raise ``AssertionError`` unless two plain values are equal."""
    if actual != expected:
        raise AssertionError(f"{actual} is not {expected}")
