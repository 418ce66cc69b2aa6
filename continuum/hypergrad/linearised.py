"""The inner gradient at a point, and products with its two derivatives there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad, vjp
from torch.utils._pytree import tree_flatten, tree_unflatten

from continuum.hypergrad.problem import Problem, scalar
from continuum.hypergrad.recording import gradients_of, leaves_of, recordable
from continuum.hypergrad.tree import Tree, Vector, joined, ravel, split_like


@dataclass(frozen=True)
class Linearised:
    r"""The gradient :math:`\partial_w L`, linearised at a point.

    Args:
        gradient: :math:`\partial_w L` itself.
        hessian_product: v to :math:`(\partial_{ww} L)\, v`; the Hessian is symmetric, so that a product with its
            transpose will do: one backward pass through a kept graph.
        mixed_product: v to :math:`(\partial_{\lambda w} L)^\top v`.
    """

    gradient: Vector
    hessian_product: Callable[[Vector], Vector]
    mixed_product: Callable[[Vector], Tree]


def linearised(problem: Problem, parameters: Tree, hyperparameters: Tree) -> Linearised:
    """By two evaluations of the inner gradient, however many products will follow."""
    linearise = _recorded if recordable() else _functional
    return linearise(problem, parameters, hyperparameters)


def _functional(problem: Problem, parameters: Tree, hyperparameters: Tree) -> Linearised:
    """So that ``torch.func`` can transform it."""
    here, unravel = ravel(parameters)
    inner = grad(scalar("inner", problem.inner))

    def gradient(vector: Vector, hyperparameters: Tree) -> Vector:
        return ravel(inner(unravel(vector), hyperparameters))[0]

    value, in_parameters = vjp(lambda vector: gradient(vector, hyperparameters), here)[:2]
    _, in_hyperparameters = vjp(lambda tree: gradient(here, tree), hyperparameters)[:2]
    return Linearised(value, lambda v: in_parameters(v)[0], lambda v: in_hyperparameters(v)[0])


def _recorded(problem: Problem, parameters: Tree, hyperparameters: Tree) -> Linearised:
    """By the graph that ``torch.autograd`` keeps of each gradient."""
    (leaves, spec), (hypers, hyper_spec) = tree_flatten(parameters), tree_flatten(hyperparameters)
    inner = scalar("inner", problem.inner)

    @torch.enable_grad()
    def gradient(weight_leaves: Sequence[Tensor], hypers: Sequence[Tensor]) -> Sequence[Tensor]:
        loss = inner(tree_unflatten(weight_leaves, spec), tree_unflatten(hypers, hyper_spec))
        return gradients_of([loss], weight_leaves, differentiable=True)

    weight_leaves, hyper_leaves = leaves_of(leaves), leaves_of(hypers)
    slopes, moved = gradient(weight_leaves, hypers), gradient(leaves_of(leaves), hyper_leaves)

    def hessian_product(vector: Vector) -> Vector:
        return joined(gradients_of(slopes, weight_leaves, split_like(vector, leaves), keep=True))

    def mixed_product(vector: Vector) -> Tree:
        return tree_unflatten(gradients_of(moved, hyper_leaves, split_like(vector, leaves), keep=True), hyper_spec)

    return Linearised(joined(slopes).detach(), hessian_product, mixed_product)
