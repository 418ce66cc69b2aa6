"""The Neumann series of the inverse Hessian."""

import math
from dataclasses import dataclass

import torch

from continuum import checks
from continuum.hypergrad.solvers.solver import Product, Solved, outcome, relative
from continuum.hypergrad.tree import Vector


@dataclass(frozen=True)
class Neumann:
    r"""Sum the first K terms of the series

    .. math:: H^{-1} v = \eta \sum_{k=0}^{\infty} (I - \eta H)^k v .

    What K terms leave is :math:`H^{-1}(I - \eta H)^K v`, of norm at most :math:`\rho^K |v| / \mu` with
    :math:`\rho = \max_i |1 - \eta \mu_i|` over the eigenvalues and :math:`\mu` the least of them. From a minimum it
    equals K steps of gradient descent that are unrolled. It diverges for :math:`\eta > 2/L`, L the largest eigenvalue:
    then a term is longer than the one before, which no :math:`\rho \le 1` allows, and the outcome is DIVERGED (or
    NEGATIVE_CURVATURE, where the curvature along a term is seen to be negative). What is not yet seen to grow is as
    small as the residual says.

    Args:
        terms: K, one product with H each (the last one tells the residual).
        lr: eta, below 2/L; 1/L is a safe choice.

    Reference: J. Lorraine, P. Vicol, D. Duvenaud, "Optimizing Millions of Hyperparameters by Implicit
    Differentiation", 2020.

    >>> hessian = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> Neumann(terms=30, lr=0.5)(lambda v: hessian @ v, torch.ones(2)).solution
    tensor([1.0000, 0.5000])
    """

    terms: int
    lr: float

    def __post_init__(self) -> None:
        checks.whole("terms", self.terms, at_least=1)
        checks.positive("lr", self.lr, remedy="take 1 / (largest eigenvalue of the inner Hessian)")

    def __call__(self, product: Product, target: Vector) -> Solved:
        rounding = 8 * torch.finfo(target.dtype).eps
        solution, term = torch.zeros_like(target), target
        initial = length = torch.linalg.vector_norm(target)
        grew = torch.zeros_like(initial, dtype=torch.bool)
        indefinite = grew
        for _ in range(self.terms):
            image = product(term)
            indefinite = indefinite | (term @ image < -rounding * length * torch.linalg.vector_norm(image))
            solution, term = solution + self.lr * term, term - self.lr * image
            before, length = length, torch.linalg.vector_norm(term)
            # Terms at the level of rounding may well grow.
            grew = grew | ((length > (1 + math.sqrt(rounding)) * before) & (length > rounding * initial))
        remainder = relative(length, initial)
        return Solved(solution, remainder, outcome(remainder, rounding, indefinite, grew), self.terms)
