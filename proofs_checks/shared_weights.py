"""Models that share their weights, under a controller that draws one of them: every minimum is known."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad

from proofs_checks.bilevel import solve


@dataclass(frozen=True)
class SharedWeights:
    r"""Training losses :math:`(w - m_A)^\top H_A (w - m_A)/2`; validation losses with aims v_A and curvatures K_A.

    Attributes:
        curvatures: H, (models, weights, weights), positive definite.
        centres: m, (models, weights).
        aims: v, (models, weights).
        outer_curvatures: K, (models, weights, weights).
    """

    curvatures: Tensor
    centres: Tensor
    aims: Tensor
    outer_curvatures: Tensor

    def train(self, weights: Tensor, model: int) -> Tensor:
        """L_A."""
        rest = weights - self.centres[model]
        return rest @ self.curvatures[model] @ rest / 2

    def validate(self, weights: Tensor, model: int) -> Tensor:
        """F_A."""
        rest = weights - self.aims[model]
        return rest @ self.outer_curvatures[model] @ rest / 2

    def inner(self, weights: Tensor, logits: Tensor) -> Tensor:
        """Mean training loss under the controller."""
        losses = torch.stack([self.train(weights, model) for model in range(len(self.centres))])
        return logits.softmax(-1) @ losses

    def outer(self, weights: Tensor, logits: Tensor) -> Tensor:
        """Mean validation loss under the controller."""
        losses = torch.stack([self.validate(weights, model) for model in range(len(self.centres))])
        return logits.softmax(-1) @ losses

    def minimum(self, logits: Tensor) -> Tensor:
        """Weights of the least mean training loss."""
        return least(self.curvatures, self.centres, logits.softmax(-1))

    def terms(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Direct term and response of the mean validation loss at that minimum, in the logits of the controller."""
        w, q, models = self.minimum(logits), logits.softmax(-1), range(len(self.centres))
        jacobian = q.diag() - q.outer(q)
        pull, push = (torch.stack([grad(loss)(w, model) for model in models]) for loss in (self.train, self.validate))
        held = torch.stack([self.validate(w, model) for model in models])
        hessian = torch.einsum("a,aij->ij", q, self.curvatures)
        return jacobian @ held, -(jacobian @ pull) @ solve(hessian, q @ push)


def least(curvatures: Tensor, centres: Tensor, shares: Tensor) -> Tensor:
    """The weights at which the mean of quadratic losses is least."""
    hessian = torch.einsum("a,aij->ij", shares, curvatures)
    return solve(hessian, torch.einsum("a,aij,aj->i", shares, curvatures, centres))
