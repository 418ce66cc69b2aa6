"""The protocol of all methods."""

from typing import Protocol, runtime_checkable

from continuum.hypergrad.problem import Problem
from continuum.hypergrad.result import Hypergradient
from continuum.hypergrad.tree import Tree


@runtime_checkable
class Method(Protocol):
    """A way to differentiate the outer loss in the hyperparameters, swappable for any other.

    Methods are values: they hold their settings and no state. They leave the given tensors, their ``grad`` and
    ``requires_grad``, as they are, and keep no graph.
    """

    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        """The hypergradient of ``problem`` at these parameters and hyperparameters."""
