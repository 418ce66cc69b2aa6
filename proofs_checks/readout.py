"""A layer of fixed features with optimised outgoing weights: what is left of the loss is a function of the gates."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from continuum.widths import Geometry, Interval, weight_decay
from proofs_checks.network import Loss, logistic, squared


class Optimum(NamedTuple):
    """The smallest objective, where it is taken, and the gradient F' of the loss at its output."""

    value: Tensor
    weights: Tensor
    output_gradient: Tensor


@dataclass(frozen=True)
class Readout:
    r"""V(m) = min_W F(sum_i m_i y_i W_i) + decay/2 |W|^2, in the Euclidean norm of W or in that of L2(E).

    Attributes:
        features: y, (rows, units).
        targets: (rows, outputs).
        decay: lambda; 0 for no penalty.
        criterion: the loss F of output and target.
    """

    features: Tensor
    targets: Tensor
    decay: float
    criterion: Loss = squared

    @property
    def rows(self) -> int:
        """Number n of rows; the criteria are means over them."""
        return len(self.features)

    @property
    def units(self) -> int:
        """Number N of units."""
        return self.features.shape[1]

    def output(self, weights: Tensor, gates: Tensor) -> Tensor:
        """z, (rows, outputs)."""
        return (self.features * gates) @ weights

    def objective(self, weights: Tensor, gates: Tensor, geometry: Geometry = "euclidean") -> Tensor:
        """Loss and penalty, a number."""
        penalty = self.decay / 2 * weight_decay(weights, gates, geometry)
        return self.criterion(self.output(weights, gates), self.targets) + penalty

    def optimum(self, gates: Tensor, geometry: Geometry = "euclidean") -> Optimum:
        """Newton's method with halved steps; exact in one step for the squared loss."""
        gates = gates.detach()
        design, scale = self.features * gates, self._scale(gates, geometry)
        weights = torch.zeros(self.units, self.targets.shape[1])
        value = self.objective(weights, gates, geometry)
        for _ in range(40):
            slope, curvature = self.derivatives(design @ weights)
            gradient = design.T @ slope + scale * weights
            if float(gradient.abs().max()) < 1e-13:
                break
            hessian = design.T @ (curvature.T.unsqueeze(-1) * design) + scale.squeeze(-1).diag()
            step = torch.linalg.pinv(hessian, hermitian=True) @ gradient.T.unsqueeze(-1)
            weights, value, moved = self._shortened(weights, step.squeeze(-1).T, value, gates, geometry)
            if not moved:
                break
        return Optimum(value, weights, self.derivatives(design @ weights)[0])

    def value(self, gates: Tensor, geometry: Geometry = "euclidean") -> Tensor:
        """V(m)."""
        return self.optimum(gates, geometry).value

    def at(self, gamma: float, exponent: float = 1.0, geometry: Geometry = "euclidean") -> Tensor:
        """V of the shipped interval law."""
        return self.value(Interval(self.units, gamma, exponent).gates(), geometry)

    def pull(self, gates: Tensor, geometry: Geometry = "euclidean") -> Tensor:
        """G_i = <F', y_i> at the optimum, (units, outputs): the gradient at the effective weight of every unit."""
        return self.features.T @ self.optimum(gates, geometry).output_gradient

    def with_features(self, features: Tensor) -> "Readout":
        """The same problem on other features."""
        return replace(self, features=features)

    def _scale(self, gates: Tensor, geometry: Geometry) -> Tensor:
        """decay times the weight that the shipped norm gives to each unit, (units, 1)."""
        ones = torch.ones(self.units, 1, requires_grad=True)
        (slope,) = torch.autograd.grad(weight_decay(ones, gates, geometry), ones)
        return self.decay * slope / 2

    def derivatives(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """First and second derivatives of the criterion at each output."""
        if self.criterion is squared:
            return (output - self.targets) / self.rows, torch.full_like(output, 1 / self.rows)
        if self.criterion is not logistic:
            raise NotImplementedError("squared or logistic")
        share = output.sigmoid()
        return (share - self.targets) / self.rows, share * (1 - share) / self.rows

    def _shortened(
        self, weights: Tensor, step: Tensor, value: Tensor, gates: Tensor, geometry: Geometry
    ) -> tuple[Tensor, Tensor, bool]:
        """The longest of step, step/2, ... that lowers the objective."""
        for halvings in range(6):
            moved = weights - step / 2**halvings
            lower = self.objective(moved, gates, geometry)
            if lower < value + 1e-14 * (1 + value.abs()):  # rounding must not stop the last steps
                return moved, lower, True
        return weights, value, False


def difference(function: Callable[[float], Tensor], at: float, step: float = 1e-3) -> Tensor:
    """Central difference of fourth order."""
    first = function(at + step) - function(at - step)
    second = function(at + 2 * step) - function(at - 2 * step)
    return (8 * first - second) / (12 * step)


def one_sided(function: Callable[[float], Tensor], at: float, step: float) -> Tensor:
    """One-sided difference of third order, on the right for step > 0."""
    zero, one, two, three = (function(at + j * step) for j in range(4))
    return (-11 * zero + 18 * one - 9 * two + 2 * three) / (6 * step)
