"""What a hypergradient is taken of: an inner and an outer loss, functions of two pytrees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor
from torch.func import grad
from torch.utils._pytree import tree_flatten, tree_unflatten

from continuum.errors import BadInput
from continuum.hypergrad.recording import gradients_of, leaves_of, recordable
from continuum.hypergrad.tree import Tree

#: (parameters, hyperparameters) -> scalar loss
BilevelLoss: TypeAlias = Callable[[Tree, Tree], Tensor]


@runtime_checkable
class Problem(Protocol):
    """Anything with an inner and an outer loss, such as :class:`Bilevel` or what ``continuum.problems`` holds."""

    @property
    def inner(self) -> BilevelLoss:
        """What the parameters minimise, as a rule the training loss."""

    @property
    def outer(self) -> BilevelLoss:
        """What the hyperparameters shall minimise, as a rule the validation loss."""


@dataclass(frozen=True)
class Bilevel:
    r"""Minimise the outer loss at the minimiser of the inner one.

    .. math:: \min_\lambda F(w^*(\lambda), \lambda), \qquad w^*(\lambda) = \arg\min_w L(w, \lambda) .

    The data are in the closures; keep those of the inner loss (training) and of the outer one (validation) apart.

    Args:
        inner: L(parameters, hyperparameters), a scalar.
        outer: F(parameters, hyperparameters), a scalar.

    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: w**2 + h)
    >>> problem.outer(torch.tensor(3.0), torch.tensor(1.0))
    tensor(10.)
    """

    inner: BilevelLoss
    outer: BilevelLoss


@dataclass(frozen=True)
class Predictive:
    r"""A bilevel problem that says what its output is, so that the output can be linearised in the parameters.

    .. math:: L(w, \lambda) = \ell(f(w, \lambda),\, w,\, \lambda) .

    Args:
        output: f(parameters, hyperparameters), such as the predictions on the training rows; any pytree.
        loss: ell(output, parameters, hyperparameters), a scalar; weight decay acts on the parameters.
        outer: F(parameters, hyperparameters), a scalar.
    """

    output: Callable[[Tree, Tree], Tree]
    loss: Callable[[Tree, Tree, Tree], Tensor]
    outer: BilevelLoss

    def inner(self, parameters: Tree, hyperparameters: Tree) -> Tensor:
        """ell(f(w, lambda), w, lambda)."""
        return self.loss(self.output(parameters, hyperparameters), parameters, hyperparameters)


def scalar(what: str, loss: BilevelLoss) -> BilevelLoss:
    """The same loss, which raises ``BadInput`` where its value is no scalar.

    >>> scalar("inner", lambda w, h: w)(torch.ones(2), torch.ones(()))
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: inner: expected a loss of shape (), got (2,); take the mean or the sum
    """

    def checked(parameters: Tree, hyperparameters: Tree) -> Tensor:
        value = loss(parameters, hyperparameters)
        if value.dim():
            raise BadInput(
                what, expected="a loss of shape ()", came=tuple(value.shape), remedy="take the mean or the sum"
            )
        return value

    return checked


def outer_gradients(problem: Problem, parameters: Tree, hyperparameters: Tree) -> tuple[Tree, Tree]:
    """Partial derivatives of the outer loss in the parameters and in the hyperparameters."""
    outer = scalar("outer", problem.outer)
    if not recordable():
        in_parameters, direct = grad(outer, argnums=(0, 1))(parameters, hyperparameters)
        return in_parameters, direct
    arguments, spec = tree_flatten((parameters, hyperparameters))
    leaves = leaves_of(arguments)
    with torch.enable_grad():
        loss = outer(*tree_unflatten(leaves, spec))
    in_parameters, direct = tree_unflatten(gradients_of([loss], leaves), spec)
    return in_parameters, direct
