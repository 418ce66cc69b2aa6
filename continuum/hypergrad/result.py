"""What a method is, and what every method answers with."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils._pytree import register_pytree_node, tree_map

from continuum.errors import BadInput
from continuum.hypergrad.problem import Problem
from continuum.hypergrad.tree import Tree, add


class Outcome(IntEnum):
    """How a method ended; from ``DIVERGED`` on there is no answer, and the response is NaN."""

    SOLVED = 0  #: what the method computes is exact up to rounding or to its tolerance
    TRUNCATED = 1  #: stopped after the steps that were asked for: an approximation
    DIVERGED = 2  #: the iteration moved away
    NEGATIVE_CURVATURE = 3  #: the inner Hessian is singular or indefinite: no strict minimum here


#: What to do where there is no answer.
REMEDIES = {
    Outcome.DIVERGED: "take an lr below 2 / (largest eigenvalue of the inner Hessian)",
    Outcome.NEGATIVE_CURVATURE: "train the parameters to a strict minimum, or add a penalty to the inner loss",
}


@dataclass(frozen=True)
class Cost:
    """What was computed, each about as dear as two or three evaluations of a loss.

    Args:
        gradients: of the inner or the outer loss.
        hessian_vector_products: products with the Hessian of the inner loss in the parameters.
        mixed_products: products with its mixed second derivative (parameters, hyperparameters).
    """

    gradients: int = 0
    hessian_vector_products: int = 0
    mixed_products: int = 0


@dataclass(frozen=True)
class Hypergradient:
    r"""d(outer loss)/d(hyperparameters), in its two parts.

    .. math:: \frac{dF}{d\lambda} = \underbrace{\partial_\lambda F}_{\text{direct}}
              + \underbrace{\Big(\frac{dw}{d\lambda}\Big)^{\!\top} \partial_w F}_{\text{response}} .

    A pytree, so that ``torch.func.vmap`` can return it; then every tensor has the batch in front.

    Args:
        direct: like the hyperparameters.
        response: like the hyperparameters; NaN where there is no answer.
        parameters: where the outer loss was differentiated: those given, or those that the method trained.
        cost: for one problem.
        status: number of the :class:`Outcome`.
        residual: of the linear system, relative to its right-hand side; None if there is none.
        stationarity: norm of the inner gradient, which implicit differentiation takes for 0; else None.
    """

    direct: Tree
    response: Tree
    parameters: Tree
    cost: Cost
    status: Int[Tensor, "*batch"]
    residual: Float[Tensor, "*batch"] | None = None
    stationarity: Float[Tensor, "*batch"] | None = None

    @property
    def total(self) -> Tree:
        """direct + response."""
        return add(self.direct, self.response)

    @property
    def outcome(self) -> Outcome:
        """How the method ended; the worst of a batch."""
        return Outcome(int(self.status.max()))

    def checked(self) -> "Hypergradient":
        """Itself, if there is an answer; else ``BadInput`` with the remedy."""
        if self.outcome in REMEDIES:
            raise BadInput(
                "hypergradient",
                expected="an inner problem that the method can solve",
                came=self.outcome.name,
                remedy=REMEDIES[self.outcome],
            )
        return self


@runtime_checkable
class Method(Protocol):
    """A way to differentiate the outer loss in the hyperparameters, swappable for any other.

    Methods are values: they hold their settings and no state. They leave the given tensors, their ``grad`` and
    ``requires_grad``, as they are, and keep no graph.
    """

    def __call__(self, problem: Problem, parameters: Tree, hyperparameters: Tree) -> Hypergradient:
        """The hypergradient of ``problem`` at these parameters and hyperparameters."""


def status(outcome: Outcome, like: Tensor) -> Int[Tensor, ""]:
    """The outcome as a tensor."""
    return torch.full((), int(outcome), dtype=torch.long, device=like.device)


def unless_failed(status: Int[Tensor, ""], tree: Tree) -> Tree:
    """NaN instead of every number if there is no answer: a number that looks right would go unseen."""
    return tree_map(lambda leaf: torch.where(status >= Outcome.DIVERGED, torch.nan, leaf), tree)


def _flatten(result: Hypergradient) -> tuple[list[Any], tuple[Cost, tuple[str, ...]]]:
    measured = {"residual": result.residual, "stationarity": result.stationarity}
    present = {name: value for name, value in measured.items() if value is not None}
    parts = [result.direct, result.response, result.parameters, result.status, *present.values()]
    return parts, (result.cost, tuple(present))


def _unflatten(parts: Iterable[Any], context: Any) -> Hypergradient:
    cost, present = context
    names = ("direct", "response", "parameters", "status", *present)
    values = {"cost": cost, "residual": None, "stationarity": None} | dict(zip(names, parts, strict=True))
    result = object.__new__(Hypergradient)  # unchecked: while it is mapped, a pytree may hold axes, not tensors
    for name, value in values.items():
        object.__setattr__(result, name, value)
    return result


register_pytree_node(Hypergradient, _flatten, _unflatten)
