"""How widely a best response is sampled."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, vmap

from continuum import checks
from continuum.hypergrad.bestresponse import BestResponse
from continuum.hypergrad.noise import Noise, Scale, scales
from continuum.hypergrad.problem import Problem, scalar
from continuum.hypergrad.tree import Tree, Vector, detached, ravel


@torch.no_grad()
def scale_gradient(
    problem: Problem, response: BestResponse, hyperparameters: Tree, scale: Scale, noise: Noise, entropy: float
) -> Tree:
    r"""Derivative in :math:`\log\sigma` of the outer loss under the noise, less :math:`\tau` times its entropy.

    .. math:: \frac{\partial}{\partial \log\sigma_i} \Big(
              \mathbb{E}\, F(\hat w(\lambda + \sigma\varepsilon), \lambda + \sigma\varepsilon)
              - \tau \sum_j \log\sigma_j \Big) = \sigma_i^2\, \mathbb{E}\, \partial_{ii} F - \tau .

    Descent makes the noise as wide as the loss is flat, :math:`\sigma_i^2 = \tau / \mathbb{E}\,\partial_{ii} F`; F
    is differentiated along the response. Where it is not convex, there is no such width and sigma grows.

    Args:
        problem: its outer (validation) loss is used.
        response: fitted, held fixed.
        hyperparameters: centre of the noise.
        scale: sigma.
        noise: points and weights.
        entropy: tau >= 0, in units of the outer loss.

    Returns:
        One number per hyperparameter, like them.

    Reference: M. MacKay et al., "Self-Tuning Networks", 2019.

    >>> from continuum.hypergrad import Bilevel, Hermite, linear
    >>> problem = Bilevel(inner=lambda w, h: (w - h) ** 2, outer=lambda w, h: 2 * w**2)  # F'' = 4 along w = h
    >>> response = BestResponse(torch.tensor(0.0), torch.tensor([1.0]), torch.tensor(0.0), linear)
    >>> scale_gradient(problem, response, torch.tensor(0.0), 0.5, Hermite(3), entropy=1.0).abs().item() < 1e-6
    True
    """
    checks.number("entropy", entropy, low=0.0, remedy="1e-3 is a common choice")
    hyperparameters = detached("hyperparameters", hyperparameters)
    here, unravel = ravel(hyperparameters)
    points, weights = (values.to(here) for values in noise(len(here)))

    def objective(log_scale: Vector) -> Float[Tensor, ""]:
        def at(point: Vector) -> Tensor:
            moved = unravel(here + log_scale.exp() * point)
            return scalar("outer", problem.outer)(response(moved), moved)

        return weights @ vmap(at, randomness="different")(points) - entropy * log_scale.sum()

    return unravel(grad(objective)(scales(scale, hyperparameters).log()))
