"""Solving H q = v for the symmetric inner Hessian H, known by its products with vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from continuum.hypergrad.result import Outcome
from continuum.hypergrad.tree import Vector

Product: TypeAlias = Callable[[Vector], Vector]


@dataclass(frozen=True)
class Solved:
    """What a solver answers with.

    Args:
        solution: q.
        residual: norm of v - H q relative to that of v.
        status: number of the :class:`Outcome`.
        products: how many products with H were taken.
    """

    solution: Vector
    residual: Float[Tensor, ""]
    status: Int[Tensor, ""]
    products: int


@runtime_checkable
class Solver(Protocol):
    """One way to solve; it knows neither losses nor pytrees."""

    def __call__(self, product: Product, target: Vector) -> Solved:
        """The q with H q = target, as far as it gets."""


def relative(residual: Float[Tensor, ""], target: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """A norm relative to another; 0 / 0 = 0, because nothing is left of nothing."""
    return torch.where((residual == 0) & (target == 0), 0.0, residual / target)


def outcome(residual: Float[Tensor, ""], tolerance: float, indefinite: Tensor, diverged: Tensor) -> Int[Tensor, ""]:
    """Number of the :class:`Outcome`, chosen without a branch so that vmap can map it."""
    status = torch.where(residual <= tolerance, int(Outcome.SOLVED), int(Outcome.TRUNCATED))
    status = torch.where(diverged | ~residual.isfinite(), int(Outcome.DIVERGED), status)
    return torch.where(indefinite, int(Outcome.NEGATIVE_CURVATURE), status)
