"""Two quadratics."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.problems.quadratic import Quadratic


@dataclass(frozen=True)
class QuadraticBilevel(Quadratic):
    r"""Quadratic inside and outside, with a minimum that is affine in the hyperparameters.

    .. math:: L = \tfrac12 w^\top A w - (b + B\lambda)^\top w, \qquad
              F = \tfrac12 |w - t|^2 + w^\top C \lambda + \tfrac12 |\lambda|^2 .

    So :math:`w^* = A^{-1}(b + B\lambda)`, which a linear best response can say exactly, and F has a direct term.

    Args:
        a: A, positive definite.
        b: b.
        slope: B.
        target: t.
        cross: C.
    """

    a: Float[Tensor, "d d"]
    b: Float[Tensor, " d"]
    slope: Float[Tensor, "d h"]
    target: Float[Tensor, " d"]
    cross: Float[Tensor, "d h"]

    def inner(self, w: Float[Tensor, " d"], lam: Float[Tensor, " h"]) -> Float[Tensor, ""]:
        return w @ self.a @ w / 2 - self.linear(lam) @ w

    def outer(self, w: Float[Tensor, " d"], lam: Float[Tensor, " h"]) -> Float[Tensor, ""]:
        return (w - self.target).square().sum() / 2 + w @ self.cross @ lam + lam.square().sum() / 2

    def hessian(self, lam: Float[Tensor, " h"]) -> Float[Tensor, "d d"]:
        return self.a

    def hessian_slope(self, lam: Float[Tensor, " h"]) -> Float[Tensor, "d d h"]:
        return torch.zeros(*self.a.shape, len(lam), dtype=self.a.dtype)

    def linear(self, lam: Float[Tensor, " h"]) -> Float[Tensor, " d"]:
        return self.b + self.slope @ lam

    def linear_slope(self, lam: Float[Tensor, " h"]) -> Float[Tensor, "d h"]:
        return self.slope

    def outer_gradient(self, w: Float[Tensor, " d"], lam: Float[Tensor, " h"]) -> Float[Tensor, " d"]:
        return w - self.target + self.cross @ lam

    def direct(self, w: Float[Tensor, " d"], lam: Float[Tensor, " h"]) -> Float[Tensor, " h"]:
        return self.cross.mT @ w + lam

    def self_tuned(self, lam: Float[Tensor, " h"]) -> tuple[Float[Tensor, " d"], Float[Tensor, "d h"]]:
        """Where a linear best response ends, whatever its scale and form: at the true one."""
        return self.solution(lam), self.jacobian(lam)

    def outer_curvature(self, lam: Float[Tensor, " h"]) -> Float[Tensor, "h h"]:
        """Second derivative of F(w*(lambda), lambda)."""
        along = self.jacobian(lam)
        crossed = along.mT @ self.cross
        return along.mT @ along + crossed + crossed.mT + torch.eye(len(lam), dtype=lam.dtype)
