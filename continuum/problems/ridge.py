"""Ridge regression whose penalty is tuned on other rows."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.problems.quadratic import Quadratic


@dataclass(frozen=True)
class Regression(Quadratic):
    r"""Least squares with a penalty :math:`p_i(\lambda)` on every weight.

    .. math:: L = \tfrac{1}{2n} |Xw - y|^2 + \tfrac12 \sum_i p_i(\lambda)\, w_i^2, \qquad
              F = \tfrac{1}{2m} |X_v w - y_v|^2 .

    Its direct term is 0: all that a penalty does, it does through the weights.

    Args:
        x: rows to train on.
        y: their targets.
        x_val: rows to validate on.
        y_val: their targets.
    """

    x: Float[Tensor, "n d"]
    y: Float[Tensor, " n"]
    x_val: Float[Tensor, "m d"]
    y_val: Float[Tensor, " m"]

    @abstractmethod
    def penalty(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        """p."""

    @abstractmethod
    def penalty_slope(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d h"]:
        """dp/dlambda."""

    def inner(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, ""]:
        return (self.x @ w - self.y).square().mean() / 2 + (self.penalty(lam) * w.square()).sum() / 2

    def outer(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, ""]:
        return (self.x_val @ w - self.y_val).square().mean() / 2

    def hessian(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d d"]:
        return self.x.mT @ self.x / len(self.y) + torch.diag(self.penalty(lam))

    def hessian_slope(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d d h"]:
        return torch.diag_embed(self.penalty_slope(lam).mT).movedim(0, -1)

    def linear(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        return self.x.mT @ self.y / len(self.y)

    def linear_slope(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d h"]:
        return torch.zeros_like(self.penalty_slope(lam))

    def outer_gradient(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        return self.x_val.mT @ (self.x_val @ w - self.y_val) / len(self.y_val)

    def direct(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "*hyper"]:
        return torch.zeros_like(lam)


@dataclass(frozen=True)
class PlainRidge(Regression):
    """One penalty for all weights, lambda itself, a scalar."""

    def penalty(self, lam: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        return lam.expand(self.x.shape[1])

    def penalty_slope(self, lam: Float[Tensor, ""]) -> Float[Tensor, "d 1"]:
        return torch.ones_like(lam).expand(self.x.shape[1], 1)


@dataclass(frozen=True)
class Ridge(Regression):
    """One penalty for all weights, exp(lambda); lambda is a scalar."""

    def penalty(self, lam: Float[Tensor, ""]) -> Float[Tensor, " d"]:
        return lam.exp().expand(self.x.shape[1])

    def penalty_slope(self, lam: Float[Tensor, ""]) -> Float[Tensor, "d 1"]:
        return lam.exp().expand(self.x.shape[1], 1)

    def self_tuned(
        self, lam: Float[Tensor, ""], scale: float, *, perturbed: bool = False
    ) -> tuple[Float[Tensor, " d"], Float[Tensor, "d 1"]]:
        r"""Where a linear best response :math:`w_0 + w_1 \varepsilon` ends that is fitted under N(0, scale^2).

        With :math:`G = X^\top X/n`, :math:`p = e^\lambda`, :math:`q = p\, e^{\sigma^2/2}`, the moments of
        :math:`e^\varepsilon` give

        .. math:: (G + q(1 + \sigma^2))\, w_1 = -q\, w_0 .

        :math:`w_0 = w^*` as a rule; if it is trained under the noise, too (``perturbed``),
        :math:`(G + q)\, w_0 + q \sigma^2 w_1 = c`. Both tend to the true response as sigma falls, at the rate sigma^2.

        Args:
            lam: centre.
            scale: sigma.
            perturbed: fit w_0 under the noise.

        Returns:
            w_0 and w_1.
        """
        gram, unit = self.x.mT @ self.x / len(self.y), torch.eye(self.x.shape[1], dtype=self.x.dtype)
        noisy = lam.exp() * (scale**2 / 2 * torch.ones_like(lam)).exp()
        outer = gram + noisy * (1 + scale**2) * unit
        if not perturbed:
            start = self.solution(lam)
        else:
            reduced = gram + noisy * unit - (noisy * scale) ** 2 * torch.linalg.inv(outer)
            start = torch.linalg.solve(reduced, self.linear(lam))
        return start, -torch.linalg.solve(outer, noisy * start).unsqueeze(-1)


@dataclass(frozen=True)
class FeatureRidge(Regression):
    """One penalty exp(lambda_i) per weight (automatic relevance determination)."""

    def penalty(self, lam: Float[Tensor, " d"]) -> Float[Tensor, " d"]:
        return lam.exp()

    def penalty_slope(self, lam: Float[Tensor, " d"]) -> Float[Tensor, "d d"]:
        return torch.diag(lam.exp())
