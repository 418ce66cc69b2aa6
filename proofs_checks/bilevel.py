"""Bilevel problems whose inner minimum is known, small enough that every claim can be checked on them."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.func import jacfwd

from continuum.hypergrad import Bilevel, Method
from continuum.hypergrad.problem import BilevelLoss


@dataclass(frozen=True)
class Curved:
    r"""An inner loss that is not quadratic, with a known minimum that is not affine in the hyperparameters.

    :math:`L(w, \lambda) = r^\top A(\lambda)\, r / 2 + \sum_i r_i^4 / 4` with :math:`r = w - m(\lambda)` and
    :math:`A(\lambda) = BB^\top + (1 + |\lambda|^2) I`, so that the minimum is
    :math:`w^* = m(\lambda) = d + C\lambda + \tanh(D\lambda)`.

    Attributes:
        shift: d, (parameters,).
        slopes: C, (parameters, hyperparameters).
        bends: D, (parameters, hyperparameters).
        factor: B, (parameters, parameters).
        target: of the outer loss, (parameters,).
        coupling: of the outer loss, (hyperparameters, parameters).
    """

    shift: Tensor
    slopes: Tensor
    bends: Tensor
    factor: Tensor
    target: Tensor
    coupling: Tensor

    def minimum(self, hyperparameters: Tensor) -> Tensor:
        """m(lambda)."""
        return self.shift + self.slopes @ hyperparameters + torch.tanh(self.bends @ hyperparameters)

    def inner(self, parameters: Tensor, hyperparameters: Tensor) -> Tensor:
        """L."""
        rest = parameters - self.minimum(hyperparameters)
        decay = 1 + hyperparameters.square().sum()
        return 0.5 * ((rest @ self.factor).square().sum() + decay * rest.square().sum()) + rest.pow(4).sum() / 4

    def outer(self, parameters: Tensor, hyperparameters: Tensor) -> Tensor:
        """F: depends on the hyperparameters directly, too."""
        miss = torch.nn.functional.softplus(parameters - self.target).sum()
        return miss + hyperparameters @ (self.coupling @ parameters) + hyperparameters.sin().sum()

    @property
    def problem(self) -> Bilevel:
        """Both losses, as the shipped methods take them."""
        return Bilevel(self.inner, self.outer)


def solve(matrix: Tensor, right: Tensor) -> Tensor:
    """matrix^{-1} right."""
    solved: Tensor = torch.linalg.solve(matrix, right)
    return solved


def power(matrix: Tensor, exponent: int) -> Tensor:
    """Product of so many copies of a matrix."""
    product: Tensor = torch.linalg.matrix_power(matrix, exponent)
    return product


def mixed(problem: Bilevel, parameters: Tensor, hyperparameters: Tensor) -> Tensor:
    """Second derivative of the inner loss, (parameters, hyperparameters), by autograd."""
    second: Tensor = jacfwd(torch.func.grad(problem.inner), argnums=1)(parameters, hyperparameters)
    return second


def jacobian(method: Method, inner: BilevelLoss, parameters: Tensor, hyperparameters: Tensor) -> Tensor:
    """What a method takes for dw/dlambda, (parameters, hyperparameters): the responses of the outer losses w_i."""
    rows = []
    for unit in torch.eye(len(parameters), dtype=parameters.dtype):
        problem = Bilevel(inner, partial(_component, unit))
        rows.append(method(problem, parameters, hyperparameters).response.reshape(-1))
    return torch.stack(rows)


def _component(unit: Tensor, parameters: Tensor, hyperparameters: Tensor) -> Tensor:
    return unit @ parameters + 0 * hyperparameters.sum()
