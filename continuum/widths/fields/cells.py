"""Integrals of a sigmoid over the unit cells [i, i+1] of the line."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

Rule = tuple[list[float], list[float]]


def legendre(order: int) -> Rule:
    """Nodes and weights of the Gauss-Legendre rule on [0, 1].

    >>> legendre(1)
    ([0.5], [1.0])
    """
    places, weights = np.polynomial.legendre.leggauss(order)
    return ((places + 1) / 2).tolist(), (weights / 2).tolist()


#: Nodes and weights for arguments that are close.
_NARROW = torch.tensor(legendre(8), dtype=torch.float64)
#: Each end's share of a node, and the weights.
_PLACES, _WEIGHTS = torch.stack([1 - _NARROW[0], _NARROW[0]]), _NARROW[1]
#: What subtracts left from right.
_DIFFERENCE = torch.tensor([-1.0, 1.0], dtype=torch.float64)


class Cells(NamedTuple):
    r"""The cells :math:`[i, i+1]`, i = 0..N-1, cut into panels at increasing ``edges``.

    >>> cells = cut(2, torch.zeros(()), breaks=torch.tensor([0.25]))
    >>> cells.edges
    tensor([0.0000, 0.2500, 1.0000, 2.0000])
    >>> cells.collect(cells.lengths)
    tensor([1., 1.])
    """

    units: int
    edges: Tensor
    #: Whether every cell has equally many panels.
    even: bool

    @property
    def whole(self) -> bool:
        """Whether the panels are the cells."""
        return self.even and len(self.edges) == self.units + 1

    @property
    def lengths(self) -> Float[Tensor, " panels"]:
        """Length of every panel."""
        return self.edges.diff()

    def ends(self) -> Float[Tensor, " ends"]:
        """Left and right end of every panel, panel by panel."""
        return self.edges.unfold(0, 2, 1).flatten()

    def integrals(self, means: Float[Tensor, "*batch panels"]) -> Float[Tensor, "*batch panels"]:
        """Integral over every panel of what has these means."""
        return means if self.whole else means * self.lengths

    def nodes(self, rule: Rule) -> tuple[Float[Tensor, " nodes"], Float[Tensor, " nodes"]]:
        """Nodes and weights of a rule on [0, 1], moved to every panel, panel by panel."""
        place, weight = (self.edges.new_tensor(row) for row in rule)
        points = self.edges[:-1, None] + self.lengths[:, None] * place
        return points.flatten(), (self.lengths[:, None] * weight).flatten()

    def collect(self, parts: Float[Tensor, "*batch panels"]) -> Float[Tensor, "*batch units"]:
        """Sum of the panels in each cell."""
        if self.whole:
            return parts
        if self.even:
            panels = parts.shape[-1] // self.units
            return parts.reshape(*parts.shape[:-1], self.units, panels).sum(-1)
        # A product with a 0-1 matrix, because scatter_add would depend on the order of threads on a GPU.
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        owner = middle.floor().unsqueeze(-1) == torch.arange(self.units, device=middle.device)
        return parts @ owner.to(parts.dtype)


def cut(units: int, like: Tensor, breaks: Tensor | None = None, panels: int = 1) -> Cells:
    """Cut each of the cells into equal panels, and these at the breaks.

    Args:
        units: number N of cells.
        like: tensor whose dtype and device the panels take.
        breaks: points where an integrand is not smooth, or None.
        panels: equal panels per cell.
    """
    edges = torch.arange(units * panels + 1, dtype=like.dtype, device=like.device) / panels
    if breaks is None:
        return Cells(units, edges, even=True)
    inner = breaks.detach().to(like).clamp(0, units)  # on an edge it makes an empty panel: harmless
    return Cells(units, torch.cat([edges, inner]).sort().values, even=False)


def mean_sigmoid(left: Float[Tensor, "*shape"], right: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Mean of the logistic function between two arguments, which is where an affine f leads:

    .. math:: \frac{1}{q-p}\int_p^q \sigma(s)\,ds = \frac{\log(1+e^q) - \log(1+e^p)}{q-p},
        \qquad \sigma(p)\ \text{for}\ q = p .

    The quotient cancels where p and q are close (there an 8-node Gauss-Legendre rule has error below 1e-17,
    because the poles of the logistic function are pi away), and where both are large (there
    :math:`1 - \mathrm{mean}(-q, -p)` is taken). Relative error a few units of rounding times max(1, -p).

    >>> p = torch.tensor([0.0, 0.0, -50.0], dtype=torch.float64)
    >>> [f"{mean:.4g}" for mean in mean_sigmoid(p, torch.tensor([0.0, 2.0, -40.0], dtype=torch.float64))]
    ['0.5', '0.7169', '4.248e-19']
    """
    return mean_sigmoids(torch.stack([left, right], -1))


def mean_sigmoids(pairs: Float[Tensor, "*shape 2"]) -> Float[Tensor, "*shape"]:
    """The same for pairs of arguments; few operations, because the graph of a step is made of many small ones."""
    places, weights, difference = (value.to(pairs) for value in (_PLACES, _WEIGHTS, _DIFFERENCE))
    gap = pairs @ difference
    wide = gap.abs() > 1
    mirrored = (pairs.detach().sum(-1) > 0).to(pairs.dtype)  # 1 or 0
    # torch's softplus turns linear at 20 by default, an error of 1e-10.
    integral = softplus(pairs * (1 - 2 * mirrored).unsqueeze(-1), threshold=40) @ difference
    quotient = torch.addcdiv(
        mirrored, integral, torch.where(wide, gap, 1.0)
    )  # no division by zero where it is not taken
    return torch.where(wide, quotient, (pairs @ places).sigmoid() @ weights)
