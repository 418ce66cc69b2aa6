"""Hypergradients of a ridge regression against loops written by hand.

Values are times: ours / baseline. The ridge has 50 features, 200 rows to train on and 100 to validate on.
"""

import math
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import torch
from torch import Tensor

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio
from continuum.arithmetic import single_thread
from continuum.hypergrad import ConjugateGradient, Implicit, Unrolled
from continuum.problems import Ridge, ridge

STEPS, PRODUCTS, RATE = 100, 20, 0.05
Call = Callable[[], Tensor]


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratios of times; NaN against a peer that is not installed."""
    measurements = []
    with single_thread():
        for name in names:
            if name == "hyper_torchopt" and find_spec("torchopt") is None:
                print("hyper_torchopt: torchopt is not installed (extra `peers`)", file=sys.stderr)
                measurements.append(Measured(name, task, *[math.nan] * 5))
                continue
            works = {key: Work(call, 1) for key, call in zip(("ours", "baseline"), pair(name), strict=True)}
            speed = rates(works, repetitions=3 if quick else 41)
            measurements.append(ratio(name, task, 1 / speed["ours"], 1 / speed["baseline"]))
    return measurements


def pair(name: str) -> tuple[Call, Call]:
    """Our way and the other, which compute the same number."""
    problem, lam = ridge(dtype=torch.float32), torch.tensor(-3.0)
    if name == "hyper_unrolled":
        start, method = torch.zeros(50), Unrolled(STEPS, RATE)
        return lambda: method(problem, start, lam).total, lambda: loop(problem, start, lam)
    minimum, implicit = problem.solution(lam), Implicit(ConjugateGradient(PRODUCTS))
    other = torchopt if name == "hyper_torchopt" else conjugate
    return lambda: implicit(problem, minimum, lam).total, lambda: other(problem, minimum, lam)


def loop(problem: Ridge, start: Tensor, lam: Tensor) -> Tensor:
    """Gradient descent and its derivative, as one writes it by hand."""
    lam, w = lam.clone().requires_grad_(), start.clone().requires_grad_()
    for _ in range(STEPS):
        (gradient,) = torch.autograd.grad(problem.inner(w, lam), w, create_graph=True)
        w = w - RATE * gradient
    (total,) = torch.autograd.grad(problem.outer(w, lam), lam)
    return total


def conjugate(problem: Ridge, minimum: Tensor, lam: Tensor) -> Tensor:
    """The implicit hypergradient by conjugate gradients, as one writes it by hand."""
    lam, w = lam.clone().requires_grad_(), minimum.clone().requires_grad_()
    (residual,) = torch.autograd.grad(problem.outer(w, lam), w)
    (gradient,) = torch.autograd.grad(problem.inner(w, lam), w, create_graph=True)
    solution, direction, squared = torch.zeros_like(residual), residual, residual @ residual
    for _ in range(PRODUCTS):
        (image,) = torch.autograd.grad(gradient, w, direction, retain_graph=True)
        step = squared / (direction @ image)
        solution, residual = solution + step * direction, residual - step * image
        before, squared = squared, residual @ residual
        direction = residual + squared / before * direction
    (mixed,) = torch.autograd.grad(gradient, lam, solution)
    return -mixed


def torchopt(problem: Ridge, minimum: Tensor, lam: Tensor) -> Tensor:
    """The same by torchopt's implicit differentiation and conjugate gradients."""
    from torchopt.diff.implicit import custom_root
    from torchopt.linear_solve import solve_cg

    solve = solve_cg(maxiter=PRODUCTS, rtol=0.0, atol=0.0)
    rooted = custom_root(torch.func.grad(problem.inner), argnums=1, solve=solve)
    lam = lam.clone().requires_grad_()
    w = rooted(lambda start, lam: minimum.clone().requires_grad_())(minimum, lam)
    (total,) = torch.autograd.grad(problem.outer(w, lam), lam)
    return total
