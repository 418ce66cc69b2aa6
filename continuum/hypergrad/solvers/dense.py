"""The whole Hessian."""

from dataclasses import dataclass

import torch
from torch.func import vmap

from continuum.hypergrad.solvers.solver import Product, Solved, outcome, relative
from continuum.hypergrad.tree import Vector


@dataclass(frozen=True)
class Dense:
    r"""Build the Hessian of n parameters from n products, and solve by Cholesky's factors.

    Time :math:`O(n^3)`, memory :math:`O(n^2)`: for up to a few thousand parameters, and as the truth to compare with.
    A Hessian that is not positive definite has no such factors: NEGATIVE_CURVATURE, always seen.

    >>> hessian = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    >>> Dense()(lambda v: hessian @ v, torch.tensor([3.0, 3.0])).solution
    tensor([1.0000, 1.0000])
    """

    def __call__(self, product: Product, target: Vector) -> Solved:
        units = torch.eye(len(target), dtype=target.dtype, device=target.device)
        hessian = vmap(product)(units)
        factor, failed = torch.linalg.cholesky_ex(hessian)
        solution = torch.cholesky_solve(target.unsqueeze(-1), factor).squeeze(-1)
        remainder = relative(*(torch.linalg.vector_norm(v) for v in (target - hessian @ solution, target)))
        # A singular Hessian may pass by rounding; its factors then have a pivot that is rounding only.
        pivots = factor.diagonal(dim1=-2, dim2=-1).square()
        singular = pivots.min() <= len(target) * torch.finfo(target.dtype).eps * hessian.diagonal().max()
        indefinite = (failed > 0) | singular
        return Solved(
            solution, remainder, outcome(remainder, 1.0, indefinite, torch.zeros_like(indefinite)), len(target)
        )
