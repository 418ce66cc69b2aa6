"""Exact expectations of estimators: Gauss-Legendre rules in the place of their noise.

The noise of one sample is u, which decides the outcome b, and for some estimators v. Where b is fixed everything is
smooth in both, so that each outcome gets a rule of its own.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from continuum.estimators import Bernoulli, Discrete, Sampled, SampleLoss

Make = Callable[[int], Sampled]


def rule(nodes: int, axes: int) -> tuple[Tensor, Tensor]:
    """Points (nodes^axes, axes) in the unit cube and weights.

    The substitution bends w to w^4 at both ends, where the noise has logarithms and roots.
    """
    w, weights = (torch.from_numpy(x) for x in np.polynomial.legendre.leggauss(nodes))
    w, weights = (w + 1) / 2, weights / 2
    points = w**4 * (35 - 84 * w + 70 * w**2 - 20 * w**3)
    weights = weights * 140 * (w * (1 - w)) ** 3
    grids = torch.meshgrid(*[points] * axes, indexing="ij"), torch.meshgrid(*[weights] * axes, indexing="ij")
    return torch.stack(grids[0], -1).reshape(-1, axes), torch.stack(grids[1], -1).reshape(-1, axes).prod(-1)


def noise_of(q: Discrete, outcome: Tensor, points: Tensor) -> Tensor:
    """Noise of the outcome: maps points of the unit cube to that part of it which hardens to the outcome.

    Bernoulli: b = 1 for u > 1 - p. Categorical: the exponential clocks -log(u_i) / q_i ring first at k, at a time that
    is exponential with rate 1 whichever k is, and the others run on without memory.
    """
    p = q.probabilities().detach()
    if isinstance(q, Bernoulli):
        return torch.where(outcome > 0, 1 - p + p * points, (1 - p) * points)
    first = points[..., outcome.argmax()].unsqueeze(-1) ** p
    return torch.where(outcome > 0, first, first * points)


def expectation(make: Make, q: Discrete, f: SampleLoss, nodes: int = 40) -> tuple[Tensor, Tensor]:
    """Mean loss and mean gradient of one sample, for logits of shape (entries,).

    An estimator that takes v is a sum of one term in u and one in (b, v): the mean is then that over u with v fixed,
    plus, for each b, the mean change over v.
    """
    points, weights = rule(nodes, q.logits.shape[-1])
    estimator = make(len(points))
    loss, gradient = torch.zeros(()).double(), torch.zeros_like(q.logits)
    for outcome in q.support():
        share = q.log_prob(outcome).exp()
        fixed = torch.full_like(points, 0.37)
        u = noise_of(q, outcome, points)
        passes = [(1, [u, fixed])]
        if estimator.uniforms == 2:
            u = noise_of(q, outcome, torch.full_like(points, 0.5))
            passes += [(1, [u, points]), (-1, [u, fixed])]
        for sign, noise in passes:
            estimate = estimator(q, f, noise=torch.stack(noise[: estimator.uniforms]))
            loss += sign * share * (weights @ estimate.losses.detach())
            gradient += sign * share * (weights @ estimate.gradients.detach())
    return loss, gradient
