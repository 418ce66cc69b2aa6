"""Differentiation of the training itself."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from continuum import checks
from continuum.hypergrad.descent import LearningRate, carried, functional, recorded, unrecorded
from continuum.hypergrad.problem import Problem, outer_gradients, scalar
from continuum.hypergrad.result import Cost, Hypergradient, Outcome, status, unless_failed
from continuum.hypergrad.tree import Tree, all_finite, detached, ravel

Mode = Literal["reverse", "forward"]
#: Ways to differentiate the steps.
MODES: tuple[Mode, ...] = ("reverse", "forward")


@dataclass(frozen=True)
class Unrolled:
    r"""Train by T steps of gradient descent, and differentiate through the last K of them.

    .. math:: w_{t+1} = w_t - \eta\, \partial_w L(w_t, \lambda), \qquad
              Z_{t+1} = (I - \eta\, \partial_{ww} L)\, Z_t - \eta\, \partial_{\lambda w} L, \quad Z_{T-K} = 0,

    response :math:`= Z_T^\top \partial_w F(w_T, \lambda)`. For K = T this is the exact hypergradient of T steps from
    the given parameters. It tends to that of the minimum; on ridge regression at the rate :math:`T\rho^{T-1}`, not
    :math:`\rho^T`, with :math:`\rho = \max_i |1 - \eta\mu_i|` over the eigenvalues of the Hessian.

    ``mode="reverse"`` costs about one training more for any number of hyperparameters and keeps K steps in memory.
    ``mode="forward"`` carries Z along: memory knows no K, time is multiplied by the number of hyperparameters, and
    ``torch.func.vmap`` works.

    Args:
        steps: T.
        lr: eta. As a function of the hyperparameters it is differentiated, too: a learning rate can be tuned here,
            which no method can that looks at the minimum only.
        truncate: K, at most T (None: T).
        mode: ``"reverse"`` or ``"forward"``.

    Reference: D. Maclaurin, D. Duvenaud, R. Adams, "Gradient-based hyperparameter optimization through reversible
    learning", 2015; truncated: A. Shaban et al., "Truncated back-propagation for bilevel optimization", 2019.

    >>> from continuum.hypergrad import Bilevel
    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: w**2 + h)  # w_1 = w + 0.5 (h - w)
    >>> result = Unrolled(steps=1, lr=0.25)(problem, torch.tensor(0.0), torch.tensor(4.0))
    >>> result.parameters.item(), result.direct.item(), result.response.item()
    (2.0, 1.0, 2.0)
    """

    steps: int
    lr: LearningRate
    truncate: int | None = None
    mode: Mode = "reverse"

    def __post_init__(self) -> None:
        checks.whole("steps", self.steps, at_least=1)
        checks.one_of("mode", self.mode, MODES, plural="modes")
        if not callable(self.lr):
            checks.positive("lr", self.lr, remedy="take 1 / (largest eigenvalue of the inner Hessian)")
        if self.truncate is not None:
            checks.whole("truncate", self.truncate, at_least=1)
            checks.number("truncate", self.truncate, high=self.steps, remedy="it counts the last of the steps")

    @torch.no_grad()
    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        parameters, hyperparameters = detached("parameters", parameters), detached("hyperparameters", hyperparameters)
        response_of = self._reverse if self.mode == "reverse" else self._forward
        final, direct, response = response_of(problem, parameters, hyperparameters)
        kind = Outcome.SOLVED if self._tracked == self.steps else Outcome.TRUNCATED
        like = ravel(final)[0]
        ended = torch.where(all_finite(final), status(kind, like), status(Outcome.DIVERGED, like))
        directions = 1 if self.mode == "reverse" else len(ravel(hyperparameters)[0])
        # The first of the K steps starts from parameters that do not depend on the hyperparameters: no Hessian there.
        cost = Cost(self.steps + 1, directions * (self._tracked - 1), directions * self._tracked)
        return Hypergradient(direct, unless_failed(ended, response), final, cost, ended)

    @property
    def _tracked(self) -> int:
        return self.steps if self.truncate is None else self.truncate

    def _reverse(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> tuple[Tree, Tree, Tree]:
        inner = scalar("inner", problem.inner)
        start = unrecorded(inner, parameters, hyperparameters, self.lr, self.steps - self._tracked)
        with torch.enable_grad():
            leaves, spec = tree_flatten(tree_map(lambda leaf: leaf.detach().requires_grad_(), hyperparameters))
            end = recorded(inner, start, tree_unflatten(leaves, spec), self.lr, self._tracked)
        final = tree_map(torch.detach, end)
        cotangent, direct = outer_gradients(problem, final, hyperparameters)
        ends, cotangents = tree_flatten(end)[0], tree_flatten(cotangent)[0]
        response = torch.autograd.grad(ends, leaves, cotangents, materialize_grads=True)
        return final, direct, tree_unflatten(response, spec)

    def _forward(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> tuple[Tree, Tree, Tree]:
        inner = scalar("inner", problem.inner)
        start = functional(inner, parameters, hyperparameters, self.lr, self.steps - self._tracked)
        final, jacobian = carried(inner, start, hyperparameters, self.lr, self._tracked)
        cotangent, direct = outer_gradients(problem, final, hyperparameters)
        return final, direct, ravel(hyperparameters)[1](jacobian @ ravel(cotangent)[0])
