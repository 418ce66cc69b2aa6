"""How parameters are said to follow hyperparameters; the plainest way is linear."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch.utils._pytree import tree_map

from continuum.hypergrad.tree import Tree, add, ravel

#: (slopes, change of the hyperparameters) -> change of the parameters
Respond: TypeAlias = Callable[[Tree, Tree], Tree]


@dataclass(frozen=True)
class BestResponse:
    r"""A model of the minimum near some hyperparameters, :math:`\hat w(\lambda) = w + R(\theta, \lambda - \lambda_0)`.

    Args:
        parameters: w, like the parameters.
        slopes: theta, what R is made of.
        origin: lambda_0, like the hyperparameters.
        respond: R; linear in the change, and 0 for no change.

    >>> response = BestResponse(torch.tensor([1.0]), torch.tensor([[2.0]]), torch.tensor(3.0), linear)
    >>> response(torch.tensor(3.5))
    tensor([2.])
    """

    parameters: Tree
    slopes: Tree
    origin: Tree
    respond: Respond

    def change(self, hyperparameters: Tree) -> Tree:
        """R(theta, lambda - lambda_0)."""
        return self.respond(self.slopes, tree_map(torch.sub, hyperparameters, self.origin))

    def __call__(self, hyperparameters: Tree) -> Tree:
        """w + R(theta, lambda - lambda_0)."""
        return add(self.parameters, self.change(hyperparameters))


def linear(slopes: Tree, change: Tree) -> Tree:
    r"""Change of the parameters :math:`\Delta w = \Theta\, \Delta\lambda`, with no structure in Theta.

    Args:
        slopes: like the parameters, each tensor with one more axis in the end: of all hyperparameters in one row.
        change: like the hyperparameters.

    >>> linear({"w": torch.tensor([[1.0], [2.0]])}, torch.tensor(3.0))
    {'w': tensor([3., 6.])}
    """
    vector, _ = ravel(change)
    return tree_map(lambda slope: slope @ vector, slopes)


def flat(parameters: Tree, hyperparameters: Tree) -> Tree:
    """Slopes of 0 for :func:`linear`."""
    size = len(ravel(hyperparameters)[0])
    return tree_map(lambda leaf: torch.zeros_like(leaf).unsqueeze(-1).repeat(*[1] * leaf.dim(), size), parameters)
