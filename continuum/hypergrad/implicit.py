"""Differentiation of the minimum itself, by the implicit function theorem."""

from dataclasses import dataclass

import torch
from torch.utils._pytree import tree_map

from continuum.hypergrad.linearised import linearised
from continuum.hypergrad.problem import Problem, outer_gradients
from continuum.hypergrad.result import Cost, Hypergradient, unless_failed
from continuum.hypergrad.solvers.solver import Solver
from continuum.hypergrad.tree import Tree, detached, ravel


@dataclass(frozen=True)
class Implicit:
    r"""The response of a strict minimum :math:`w^*` of the inner loss L, whatever led there.

    Since :math:`\partial_w L(w^*(\lambda), \lambda) = 0`,

    .. math:: \frac{dw^*}{d\lambda} = -\,(\partial_{ww} L)^{-1}\, \partial_{\lambda w} L, \qquad
              \text{response} = -\,(\partial_{\lambda w} L)^\top q, \quad \partial_{ww} L\; q = \partial_w F .

    The solver finds q from products with the Hessian. The gradient is linearised once, at the given parameters, so that
    neither memory nor time knows how many steps the training took. Away from a stationary point the formula is
    evaluated all the same; ``stationarity`` says how far away. Where the Hessian is seen not to be positive definite,
    the response is NaN and the outcome says so. Works under ``torch.func.vmap`` if the solver does.

    Args:
        solver: :class:`ConjugateGradient`, :class:`Neumann` or :class:`Dense`.

    Reference: F. Pedregosa, "Hyperparameter optimization with approximate gradient", 2016.

    >>> from continuum.hypergrad import Bilevel, Dense
    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: w**2 + h)  # w* = h, F = h^2 + h
    >>> result = Implicit(Dense())(problem, torch.tensor(3.0), torch.tensor(3.0))
    >>> result.direct.item(), round(result.response.item(), 5), result.outcome.name
    (1.0, 6.0, 'SOLVED')
    """

    solver: Solver

    @torch.no_grad()
    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        parameters, hyperparameters = detached("parameters", parameters), detached("hyperparameters", hyperparameters)
        in_parameters, direct = outer_gradients(problem, parameters, hyperparameters)
        inner = linearised(problem, parameters, hyperparameters)
        solved = self.solver(inner.hessian_product, ravel(in_parameters)[0])
        response = tree_map(torch.neg, inner.mixed_product(solved.solution))
        return Hypergradient(
            direct,
            unless_failed(solved.status, response),
            parameters,
            Cost(gradients=3, hessian_vector_products=solved.products, mixed_products=1),
            solved.status,
            residual=solved.residual,
            stationarity=torch.linalg.vector_norm(inner.gradient),
        )
