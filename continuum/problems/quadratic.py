"""Inner losses that are quadratic in the parameters: everything about them has a closed form."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Parts(NamedTuple):
    """A hypergradient in its two parts, each of the shape of the hyperparameters."""

    direct: Float[Tensor, "*hyper"]
    response: Float[Tensor, "*hyper"]

    @property
    def total(self) -> Float[Tensor, "*hyper"]:
        """direct + response."""
        return self.direct + self.response


class Quadratic(ABC):
    r"""A bilevel problem with the inner loss

    .. math:: L(w, \lambda) = \tfrac12\, w^\top H(\lambda)\, w - c(\lambda)^\top w + \mathrm{const}, \qquad H > 0 .

    It knows its minimum, its hypergradient, and what K terms of a Neumann series or K steps of gradient descent make of
    it, all by linear algebra and without automatic differentiation. ``lam`` has any shape; below, h is its number of
    entries and d that of the parameters.
    """

    @abstractmethod
    def inner(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, ""]:
        """L, written as a loss."""

    @abstractmethod
    def outer(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, ""]:
        """F, what the hyperparameters shall minimise."""

    @abstractmethod
    def hessian(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d d"]:
        """H."""

    @abstractmethod
    def hessian_slope(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d d h"]:
        """dH/dlambda."""

    @abstractmethod
    def linear(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        """c."""

    @abstractmethod
    def linear_slope(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d h"]:
        """dc/dlambda."""

    @abstractmethod
    def outer_gradient(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        """Partial derivative of F in w."""

    @abstractmethod
    def direct(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "*hyper"]:
        """Partial derivative of F in lambda."""

    def mixed(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d h"]:
        """Derivative of the inner gradient in lambda, H' w - c'."""
        return torch.einsum("ijh,j->ih", self.hessian_slope(lam), w) - self.linear_slope(lam)

    def solution(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, " d"]:
        r"""The minimum, :math:`w^* = H^{-1} c`."""
        minimum: Tensor = torch.linalg.solve(self.hessian(lam), self.linear(lam))
        return minimum

    def jacobian(self, lam: Float[Tensor, "*hyper"]) -> Float[Tensor, "d h"]:
        r"""The response of the minimum, :math:`dw^*/d\lambda = -H^{-1}(H' w^* - c')`."""
        response: Tensor = -torch.linalg.solve(self.hessian(lam), self.mixed(self.solution(lam), lam))
        return response

    def hypergradient(self, lam: Float[Tensor, "*hyper"]) -> Parts:
        """At the minimum."""
        return self._parts(self.solution(lam), lam, self.jacobian(lam))

    def neumann(self, w: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"], lr: float, terms: int) -> Parts:
        r"""At any w, with :math:`H^{-1}(I - (I - \eta H)^K) = \eta\sum_{k<K} (I - \eta H)^k` for the inverse."""
        values, vectors = torch.linalg.eigh(self.hessian(lam))
        inverse = vectors @ ((1 - torch.pow(1 - lr * values, terms)) / values * vectors).mT
        return self._parts(w, lam, -inverse @ self.mixed(w, lam))

    def trained(
        self, start: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"], lr: float, steps: int
    ) -> Float[Tensor, " d"]:
        r"""After T steps of gradient descent, :math:`w_T = w^* + (I - \eta H)^T (w_0 - w^*)`."""
        values, vectors = torch.linalg.eigh(self.hessian(lam))
        end = self.solution(lam)
        remainder: Tensor = vectors @ (torch.pow(1 - lr * values, steps) * (vectors.mT @ (start - end)))
        return end + remainder

    def trained_jacobian(
        self, start: Float[Tensor, " d"], lam: Float[Tensor, "*hyper"], lr: float, steps: int
    ) -> Float[Tensor, "d h"]:
        r"""How T steps from a fixed start respond to lambda.

        With :math:`A = I - \eta H` and the error :math:`e = w_0 - w^*`,

        .. math:: \frac{dw_T}{d\lambda} = (I - A^T)\,\frac{dw^*}{d\lambda} - \eta \sum_{t<T} A^{T-1-t} H' A^t\, e ,

        and in the eigenbasis of H the sum is a product, entry by entry, with
        :math:`\sum_{t<T} a_i^{T-1-t} a_j^t`. Where H' commutes with H it is :math:`T A^{T-1} H' e`.
        """
        values, vectors = torch.linalg.eigh(self.hessian(lam))
        shrink = 1 - lr * values
        powers = torch.stack([torch.pow(shrink, t) for t in range(steps)])
        sums = torch.einsum("ti,tj->ij", powers.flip(0), powers)
        slope = torch.einsum("ai,abh,bj->ijh", vectors, self.hessian_slope(lam), vectors)
        error = vectors.mT @ (start - self.solution(lam))
        reached = (1 - torch.pow(shrink, steps)).unsqueeze(-1) * (vectors.mT @ self.jacobian(lam))
        response: Tensor = vectors @ (reached - lr * torch.einsum("ij,ijh,j->ih", sums, slope, error))
        return response

    def unrolled(
        self,
        start: Float[Tensor, " d"],
        lam: Float[Tensor, "*hyper"],
        lr: float,
        steps: int,
        truncate: int | None = None,
    ) -> Parts:
        """After so many steps, differentiated through the last ``truncate`` of them (None: all)."""
        last = steps if truncate is None else truncate
        middle = self.trained(start, lam, lr, steps - last)
        end = self.trained(middle, lam, lr, last)
        return self._parts(end, lam, self.trained_jacobian(middle, lam, lr, last))

    def contraction(self, lam: Float[Tensor, "*hyper"], lr: float) -> float:
        r"""What a step of descent leaves at most of an error, :math:`\rho = \max_i |1 - \eta\mu_i|`."""
        return float((1 - lr * torch.linalg.eigvalsh(self.hessian(lam))).abs().max())

    def condition(self, lam: Float[Tensor, "*hyper"]) -> float:
        """Condition number of H."""
        values = torch.linalg.eigvalsh(self.hessian(lam))
        return float(values[-1] / values[0])

    def _parts(self, w: Tensor, lam: Tensor, jacobian: Tensor) -> Parts:
        response = jacobian.mT @ self.outer_gradient(w, lam)
        return Parts(self.direct(w, lam), response.reshape(lam.shape))
