"""Functions f on the line whose positive part is the support {f > 0} of a layer."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput


class Field(nn.Module, ABC):
    r"""A function f of a point u on the line, or a batch of such functions.

    Any ``nn.Module`` that maps points (points,) to values (\*batch, points) can serve as a field. A subclass of
    this class may also say where f is not smooth, so that integrals are cut there.
    """

    #: Whether f is continuous, and affine between neighbouring breakpoints: then its integrals are closed forms.
    piecewise_linear: bool = False

    @abstractmethod
    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        """f(u) at every point u, in units."""

    def breakpoints(self) -> Float[Tensor, " breaks"] | None:
        """Points where f or f' jumps (integers need not be named), or None."""
        return None

    def stationary(self) -> Float[Tensor, " places"] | None:
        """Points between which f is monotone (breakpoints need not be named), or None where they are not known."""
        return None


class Affine(Field):
    r""":math:`f(u) = s\,(\gamma - u)`: the support is [.., gamma] for s > 0, and [gamma, ..] for s < 0.

    Args:
        gamma: the zero of f, any batch shape, in units.
        slope: s, any sign, broadcast against gamma.

    >>> Affine(gamma=2.5, slope=2.0)(torch.tensor([0.0, 2.5, 3.0])).tolist()
    [5.0, 0.0, -1.0]
    """

    piecewise_linear = True

    def __init__(self, gamma: float | Float[Tensor, "*#batch"], slope: float | Float[Tensor, "*#batch"] = 1.0) -> None:
        super().__init__()
        zero, rate = tensors(gamma=gamma, slope=slope)
        batch = torch.zeros_like(zero + rate)
        self.gamma, self.slope = nn.Parameter(batch + zero), nn.Parameter(batch + rate)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        if self.gamma.dim() == 0:  # the same with fewer operations
            return self.slope * (self.gamma - points)
        return self.slope.unsqueeze(-1) * (self.gamma.unsqueeze(-1) - points)

    def stationary(self) -> Float[Tensor, " places"]:
        return self.gamma.new_empty(0)


class Polynomial(Field):
    r""":math:`f(u) = \sum_j a_j u^j`.

    Args:
        coefficients: :math:`a_0, a_1, \dots` in the last dimension, any batch shape before it.

    >>> Polynomial([1.0, 0.0, -1.0])(torch.tensor([0.0, 1.0, 3.0])).tolist()  # 1 - u^2
    [1.0, 0.0, -8.0]
    """

    def __init__(self, coefficients: list[float] | Float[Tensor, "*batch terms"]) -> None:
        super().__init__()
        (value,) = tensors(coefficients=coefficients)
        if value.ndim == 0 or value.shape[-1] == 0:
            raise BadInput("coefficients", expected="at least one", came=tuple(value.shape), remedy="give a_0")
        self.coefficients = nn.Parameter(value)

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        total = torch.zeros_like(points)
        for coefficient in reversed(self.coefficients.unbind(-1)):
            total = total * points + coefficient.unsqueeze(-1)
        return total

    def stationary(self) -> Float[Tensor, " places"] | None:
        if self.coefficients.ndim > 1:
            return None
        powers = torch.arange(1, self.coefficients.shape[-1], dtype=torch.float64)
        slope = self.coefficients.detach().cpu().double()[1:] * powers
        return _real_parts_of_roots(slope).to(self.coefficients)


class RadialBasis(Field):
    r""":math:`f(u) = b + \sum_j a_j\, e^{-(u - c_j)^2 / 2h^2}`.

    Args:
        weights: :math:`a_j`, any batch shape before the last dimension.
        centers: :math:`c_j`, one per weight, in units; fixed.
        width: h > 0, in units; fixed.
        offset: b, broadcast against the batch.

    >>> bump = RadialBasis(weights=[2.0], centers=[1.0], width=0.5, offset=-1.0)
    >>> bump(torch.tensor([1.0])).item()
    1.0
    """

    centers: Tensor
    width: Tensor

    def __init__(
        self,
        weights: list[float] | Float[Tensor, "*batch terms"],
        centers: list[float] | Float[Tensor, " terms"],
        width: float = 1.0,
        offset: float | Float[Tensor, "*batch"] = 0.0,
    ) -> None:
        super().__init__()
        weight, center, shift = tensors(weights=weights, centers=centers, offset=offset)
        checks.number("width", width, low=torch.finfo(weight.dtype).tiny)
        matching("centers", center, weight)
        self.weights, self.offset = nn.Parameter(weight), nn.Parameter(shift.expand(weight.shape[:-1]).clone())
        self.register_buffer("centers", center)
        self.register_buffer("width", weight.new_tensor(width))

    def forward(self, points: Float[Tensor, " points"]) -> Float[Tensor, "*batch points"]:
        bumps = torch.exp(-(((points - self.centers.unsqueeze(-1)) / self.width) ** 2) / 2)
        return self.weights @ bumps + self.offset.unsqueeze(-1)


def tensors(**values: float | list[float] | Tensor) -> list[Tensor]:
    """Finite copies of the values in one floating dtype: that of the first tensor among them, else the default."""
    dtypes = (value.dtype for value in values.values() if isinstance(value, Tensor) and value.is_floating_point())
    dtype = next(dtypes, torch.get_default_dtype())
    copies = [torch.as_tensor(value, dtype=dtype).detach().clone() for value in values.values()]
    for what, value in zip(values, copies, strict=True):
        if not bool(value.isfinite().all()):
            raise BadInput(
                what,
                expected="finite numbers",
                came=value.tolist(),
                remedy="look for NaN in what they were computed from",
            )
    return copies


def matching(what: str, nodes: Tensor, values: Tensor) -> None:
    """Raise ``BadInput`` unless there is one node per value."""
    if nodes.ndim != 1 or values.ndim == 0 or values.shape[-1] != len(nodes):
        shapes = f"{tuple(nodes.shape)} and {tuple(values.shape)}"
        raise BadInput(what, expected="(n,), one per value (..., n)", came=shapes, remedy="match their lengths")


def _real_parts_of_roots(coefficients: Tensor) -> Tensor:
    """Real parts of all roots of sum_j a_j u^j: the eigenvalues of its companion matrix."""
    large = coefficients.abs() > 1e-100 * coefficients.abs().sum()  # a division by less may overflow
    used = int(large.nonzero().max()) if bool(large.any()) else 0
    if used == 0:
        return coefficients.new_empty(0)
    companion = torch.diag(coefficients.new_ones(used - 1), -1)
    companion[:, -1] = -coefficients[:used] / coefficients[used]
    roots: Tensor = torch.linalg.eigvals(companion)
    return roots.real
