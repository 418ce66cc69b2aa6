"""The direct term alone."""

from dataclasses import dataclass

import torch

from continuum.hypergrad.problem import Problem, outer_gradients
from continuum.hypergrad.result import Cost, Hypergradient, Outcome, status
from continuum.hypergrad.tree import Tree, detached, ravel, zeros


@dataclass(frozen=True)
class Direct:
    r"""Take the response for zero, as if the parameters would not follow: :math:`dF/d\lambda := \partial_\lambda F`.

    Exact where outer and inner loss are the same function, at its minimum (envelope theorem). Elsewhere even the sign
    may be wrong. Weight penalties have no direct term at all.

    Reference: H. Liu, K. Simonyan, Y. Yang, "DARTS: Differentiable Architecture Search", 2019 (first order).

    >>> from continuum.hypergrad import Bilevel
    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: w**2 + h)
    >>> result = Direct()(problem, torch.tensor(3.0), torch.tensor(3.0))
    >>> result.direct.item(), result.response.item(), result.total.item()
    (1.0, 0.0, 1.0)
    """

    @torch.no_grad()
    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        parameters, hyperparameters = detached("parameters", parameters), detached("hyperparameters", hyperparameters)
        _, direct = outer_gradients(problem, parameters, hyperparameters)
        solved = status(Outcome.SOLVED, ravel(parameters)[0])
        return Hypergradient(direct, zeros(hyperparameters), parameters, Cost(gradients=1), solved)
