"""Standard normal perturbations of the hyperparameters, drawn or by quadrature."""

from dataclasses import dataclass
from itertools import product
from math import pi, prod, sqrt
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import vmap

from continuum import checks
from continuum.errors import BadInput
from continuum.hypergrad.tree import Tree, Vector, detached, ravel

#: Standard deviation of every hyperparameter: a number, or a pytree like them.
Scale: TypeAlias = float | Tree


@runtime_checkable
class Noise(Protocol):
    """Points and weights (sum 1) whose weighted means stand for expectations under N(0, I)."""

    def __call__(self, size: int) -> tuple[Float[Tensor, "points size"], Float[Tensor, " points"]]:
        """Points in ``size`` dimensions and their weights, in float64."""


@dataclass(frozen=True)
class Sampled:
    """Antithetic draws: each point and its negative, so that every odd moment is exactly 0.

    Args:
        pairs: number of pairs.
        seed: of the generator; the same points every time.

    >>> points, weights = Sampled(pairs=8)(3)
    >>> points.shape, bool(points.sum(0).abs().max() < 1e-12)
    (torch.Size([16, 3]), True)
    """

    pairs: int
    seed: int = 0

    def __post_init__(self) -> None:
        checks.whole("pairs", self.pairs, at_least=1)

    def __call__(self, size: int) -> tuple[Float[Tensor, "points size"], Float[Tensor, " points"]]:
        # By numpy: inside vmap, torch refuses to draw what all members share.
        half = torch.from_numpy(np.random.default_rng(self.seed).standard_normal((self.pairs, size)))
        count = 2 * self.pairs
        return torch.cat([half, -half]), torch.full((count,), 1 / count, dtype=torch.float64)


@dataclass(frozen=True)
class Hermite:
    """Gauss-Hermite quadrature on a grid: exact for polynomials up to degree 2 nodes - 1 in every hyperparameter.

    Args:
        nodes: per hyperparameter; nodes^size points in all.

    >>> points, weights = Hermite(nodes=3)(1)
    >>> [round(float((weights * points[:, 0] ** k).sum()), 12) for k in (0, 2, 4)]
    [1.0, 1.0, 3.0]
    """

    nodes: int
    LIMIT = 100_000

    def __post_init__(self) -> None:
        checks.whole("nodes", self.nodes, at_least=1)

    def __call__(self, size: int) -> tuple[Float[Tensor, "points size"], Float[Tensor, " points"]]:
        if self.nodes**size > self.LIMIT:
            expected = f"nodes^hyperparameters up to {self.LIMIT}"
            raise BadInput("nodes", expected=expected, came=f"{self.nodes}^{size}", remedy="draw points: Sampled(...)")
        x, w = np.polynomial.hermite_e.hermegauss(self.nodes)
        points = np.array(list(product(x, repeat=size)))
        weights = np.array([prod(several) for several in product(w / sqrt(2 * pi), repeat=size)])
        return torch.from_numpy(points), torch.from_numpy(weights)


def scales(scale: Scale, hyperparameters: Tree) -> Vector:
    """The standard deviations in one row."""
    here, _ = ravel(hyperparameters)
    if isinstance(scale, float | int):
        return torch.full_like(here, float(scale))
    return ravel(detached("scale", scale))[0].to(here)


def shifts(noise: Noise, scale: Scale, hyperparameters: Tree) -> tuple[Tree, Float[Tensor, " points"]]:
    """Changes of the hyperparameters, with the points in front of every tensor, and the weights of the points."""
    here, unravel = ravel(hyperparameters)
    points, weights = (values.to(here) for values in noise(len(here)))
    return vmap(unravel)(scales(scale, hyperparameters) * points), weights
