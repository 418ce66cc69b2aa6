"""The width of a linear model."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.problems.quadratic import Quadratic


@dataclass(frozen=True)
class LinearWidth(Quadratic):
    r"""How many features a ridge regression should use, as a real number.

    .. math:: L = \tfrac{1}{2n} |X M w - y|^2 + \tfrac{\rho}{2} |w|^2, \quad
              F = \tfrac{1}{2m} |X_v M w - y_v|^2, \quad M = \mathrm{diag}(m(\gamma)),\;
              m_i = \mathrm{clip}(\gamma - i,\, 0,\, 1) .

    Unlike a penalty, the width enters F itself, and its direct term may have the wrong sign. At an integer all
    derivatives are those from the right.

    Args:
        x: rows to train on.
        y: their targets.
        x_val: rows to validate on.
        y_val: their targets.
        decay: rho > 0.
    """

    x: Float[Tensor, "n d"]
    y: Float[Tensor, " n"]
    x_val: Float[Tensor, "m d"]
    y_val: Float[Tensor, " m"]
    decay: float

    def gates(self, gamma: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        """m; autograd gets the right derivative at integers, where that of a clamp would be neither one-sided one."""
        index, edge = torch.arange(self.x.shape[1]), gamma.detach().floor()
        return (index < edge).to(gamma.dtype) + self.gates_slope(gamma) * (gamma - edge)

    def gates_slope(self, gamma: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        """dm/dgamma from the right: 1 at the edge unit."""
        return (torch.arange(self.x.shape[1]) == gamma.detach().floor()).to(gamma.dtype)

    def inner(self, w: Float[Tensor, " d"], lam: Float[Tensor, ""]) -> Float[Tensor, ""]:
        fit = (self.x @ (self.gates(lam) * w) - self.y).square().mean() / 2
        return fit + self.decay * w.square().sum() / 2

    def outer(self, w: Float[Tensor, " d"], lam: Float[Tensor, ""]) -> Float[Tensor, ""]:
        return (self.x_val @ (self.gates(lam) * w) - self.y_val).square().mean() / 2

    def hessian(self, lam: Float[Tensor, ""]) -> Float[Tensor, "d d"]:
        gates = self.gates(lam)
        return gates[:, None] * self._gram() * gates + self.decay * torch.eye(len(gates), dtype=gates.dtype)

    def hessian_slope(self, lam: Float[Tensor, ""]) -> Float[Tensor, "d d 1"]:
        half = self.gates_slope(lam)[:, None] * self._gram() * self.gates(lam)
        return (half + half.mT).unsqueeze(-1)

    def linear(self, lam: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        return self.gates(lam) * (self.x.mT @ self.y) / len(self.y)

    def linear_slope(self, lam: Float[Tensor, ""]) -> Float[Tensor, "d 1"]:
        return (self.gates_slope(lam) * (self.x.mT @ self.y) / len(self.y)).unsqueeze(-1)

    def outer_gradient(self, w: Float[Tensor, " d"], lam: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        return self.gates(lam) * self._pull(w, lam)

    def direct(self, w: Float[Tensor, " d"], lam: Float[Tensor, ""]) -> Float[Tensor, ""]:
        return (self.gates_slope(lam) * w) @ self._pull(w, lam)

    def _gram(self) -> Float[Tensor, "d d"]:
        return self.x.mT @ self.x / len(self.y)

    def _pull(self, w: Float[Tensor, " d"], gamma: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        """Gradient of F in the gated weights."""
        return self.x_val.mT @ (self.x_val @ (self.gates(gamma) * w) - self.y_val) / len(self.y_val)
