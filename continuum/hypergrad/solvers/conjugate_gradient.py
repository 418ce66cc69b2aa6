"""Conjugate gradients."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from continuum import checks
from continuum.hypergrad.recording import recordable
from continuum.hypergrad.solvers.solver import Product, Solved, outcome, relative
from continuum.hypergrad.tree import Vector

#: Solution, square of the last residual and of the first, whether negative curvature was met, and products.
Ended: TypeAlias = tuple[Vector, Tensor, Tensor, Tensor, int]


@dataclass(frozen=True)
class ConjugateGradient:
    r"""Solve H q = v in the Krylov spaces of v.

    After k steps the error in the norm of H is at most
    :math:`2\,\big((\sqrt\kappa - 1)/(\sqrt\kappa + 1)\big)^k` of what it was, for a condition number
    :math:`\kappa`, and 0 (but for rounding) once k reaches the number of distinct eigenvalues. A direction p with
    :math:`p^\top H p \le 0` (up to rounding) proves that H is not positive definite: NEGATIVE_CURVATURE. A few steps
    need not meet such a direction; as many steps as there are parameters do, if v has a part in it.

    Args:
        steps: at most so many, one product with H each.
        tolerance: stop where the residual is below this share of v. None: never stop before, which leaves no decision
            to data, so that ``torch.func.vmap`` works.

    On the CPU, outside of transformations and where no gradient is recorded, a step costs three inner products, three
    updates and the product with H; elsewhere masks stand in for decisions, with the same answer but for rounding.

    Reference: M. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.

    >>> hessian = torch.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> solved = ConjugateGradient(steps=10, tolerance=1e-6)(lambda v: hessian @ v, torch.tensor([2.0, 2.0]))
    >>> solved.solution, solved.products
    (tensor([1.0000, 0.5000]), 2)
    """

    steps: int
    tolerance: float | None = None

    def __post_init__(self) -> None:
        checks.whole("steps", self.steps, at_least=1)
        if self.tolerance is not None:
            checks.number("tolerance", self.tolerance, low=0.0, high=1.0)

    def __call__(self, product: Product, target: Vector) -> Solved:
        # Numbers decide faster than tensors do, but only on the CPU are they at hand, and no gradient follows them.
        numbers = target.is_cpu and recordable() and not torch.is_grad_enabled()
        rounding = 8 * torch.finfo(target.dtype).eps
        tolerance = rounding if self.tolerance is None else self.tolerance
        # Below rounding, recursive residuals go on to shrink while they say nothing any more, at last into underflow.
        goal = max(tolerance, rounding) ** 2
        solve = self._by_numbers if numbers else self._by_masks
        solution, squared, initial, indefinite, count = solve(product, target, rounding, goal)
        remainder = relative(squared.sqrt(), initial.sqrt())
        diverged = torch.zeros_like(indefinite)
        return Solved(solution, remainder, outcome(remainder, tolerance, indefinite, diverged), count)

    def _by_numbers(self, product: Product, target: Vector, rounding: float, goal: float) -> Ended:
        """The same as by masks, where a decision is a branch."""
        solution, residual, direction = torch.zeros_like(target), target.clone(), target
        initial = squared = float(target @ target)
        steepest, indefinite, count, smallest = 0.0, False, 0, torch.finfo(target.dtype).tiny
        for _ in range(self.steps):
            active = squared > initial * goal and not indefinite
            if self.tolerance is not None and not active:
                break
            image, count = product(direction), count + 1
            if not active:
                continue  # so many products were asked for
            curvature, length = float(direction @ image), max(float(direction @ direction), smallest)
            steepest = max(steepest, curvature / length)
            if curvature / length <= rounding * steepest:
                indefinite = True
                continue
            step = squared / curvature
            solution.add_(direction, alpha=step)
            residual.sub_(image, alpha=step)
            before, squared = squared, float(residual @ residual)
            direction = torch.add(residual, direction, alpha=squared / before)
        ends = target.new_tensor(squared), target.new_tensor(initial), torch.tensor(indefinite)
        return solution, *ends, count

    def _by_masks(self, product: Product, target: Vector, rounding: float, goal: float) -> Ended:
        """Without a branch that depends on data, unless a tolerance asks for it."""
        solution, residual, direction = torch.zeros_like(target), target, target
        initial = squared = target @ target
        steepest, indefinite, count = torch.zeros_like(initial), torch.zeros_like(initial, dtype=torch.bool), 0
        for _ in range(self.steps):
            active = (squared > initial * goal) & ~indefinite
            if self.tolerance is not None and not bool(active):
                break
            image, count = product(direction), count + 1
            curvature, length = direction @ image, direction @ direction
            steepest = torch.where(active, torch.maximum(steepest, curvature / length), steepest)
            indefinite = indefinite | (active & (curvature <= rounding * steepest * length))
            active = active & ~indefinite
            step = torch.where(active, squared / curvature, 0.0)
            solution, residual = solution + step * direction, residual - step * image
            before, squared = squared, residual @ residual
            # With the new residual: the old one would give directions that are not conjugate, and diverge.
            direction = residual + torch.where(active, squared / before, 0.0) * direction
        return solution, squared, initial, indefinite, count
