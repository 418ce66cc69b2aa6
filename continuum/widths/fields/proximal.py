"""One proximal step on the function f that shapes the support of a layer."""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.fields.combined import Exponentials, Sum
from continuum.widths.fields.piecewise import Tiled
from continuum.widths.fields.variation import not_simple, soft_density
from continuum.widths.fields.zeros import zeros
from continuum.widths.softsupport import SoftSupport

Metric = Literal["L2", "H1"]
#: Inner products in which a step may be proximal.
METRICS: tuple[Metric, ...] = ("H1", "L2")


def proximal_step(
    f: nn.Module,
    sensitivity: Float[Tensor, "*batch units"],
    step: float,
    metric: Metric,
    kappa: float = math.inf,
    *,
    resolution: int = 32,
) -> Sum:
    r"""The minimiser over :math:`\varphi` of the linearised loss plus a squared distance,

    .. math:: \frac{\delta L}{\delta f}[\varphi - f] + \frac{1}{2t}\|\varphi - f\|^2 ,
        \qquad s_i = \partial L/\partial m_i = \langle F', y_i W_i\rangle ,

    which is a gradient step down L in the chosen metric:

    - L2, finite kappa: :math:`\varphi = f - t\,\kappa\,\sigma'(\kappa f) \sum_k \chi_{[k,k+1)} s_k`, recorded on
      ``resolution`` + 1 points a tile and linear between them (error :math:`O(\mathrm{resolution}^{-2})`);
    - H1, kappa = inf: :math:`\varphi = f - t \sum_{z \in Z(f)} \frac{s_{\lfloor z\rfloor}}{|f'(z)|} K(\cdot, z)`,
      :math:`K(u,z) = e^{-|u-z|}/2`, exactly. The zeros must be simple and off the integers;
    - H1, finite kappa: :math:`\varphi = f - t \int \frac{\delta L}{\delta f}(z)\,K(\cdot,z)\,dz`, the integral
      by Gauss-Legendre with 4 nodes on ``resolution`` panels a tile;
    - L2, kappa = inf: there is no minimiser. The derivative is a sum of point masses, no element of L2, and on a grid
      of mesh h the least value is of order :math:`-t/h`: unbounded. That is a BadInput.

    The source prints the L2 step without F', with the direction phi inside of it, and with the sign of an ascent
    of J; it prints the hard step without :math:`1/|f'|` and without K.

    Args:
        f: a module on the line; it is a summand of the result, not copied. Corrections of the same form add up, so
            that repeated steps in L2 cost no more than one.
        sensitivity: dL/dm.
        step: t > 0.
        metric: ``"L2"`` or ``"H1"``.
        kappa: sharpness; inf for the hard limit.
        resolution: grid steps a tile, where a grid is needed.

    >>> from continuum.widths import Affine
    >>> stepped = proximal_step(Affine(0.5, slope=2.0), torch.tensor([3.0, -1.0]), 0.1, "H1")
    >>> round(stepped(torch.tensor([0.5])).item(), 4)  # 0 - 0.1 * 3/2 * 1/2
    -0.075
    """
    checks.one_of("metric", metric, METRICS, plural="metrics")
    checks.number("step", step, low=math.ulp(0.0), remedy="take a step > 0; a step against the gradient is a descent")
    checks.whole("resolution", resolution, at_least=1)
    if math.isinf(kappa):
        return _added(f, _hard(f, sensitivity, metric), -step)
    width = SoftSupport(sensitivity.shape[-1], f, kappa, order=4, panels=resolution)
    with torch.no_grad():
        gradient = _tiles(width, sensitivity) if metric == "L2" else _smoothed(width, sensitivity)
    return _added(f, gradient, -step)


def _hard(f: nn.Module, sensitivity: Tensor, metric: Metric) -> Exponentials:
    if metric == "L2":
        came = "kappa = inf"
        remedy = "there is no minimiser in the hard limit, its derivative is a measure; or take metric='H1'"
        raise BadInput("kappa", expected="a finite kappa for the metric L2", came=came, remedy=remedy)
    crossings = zeros(f, 0, sensitivity.shape[-1])
    if not crossings.regular:
        raise not_simple(crossings)
    tiles = torch.tensor([math.floor(place) for place in crossings.simple], dtype=torch.long)
    slopes = sensitivity.new_tensor([abs(zero.right) for zero in crossings.zeros])
    return Exponentials(sensitivity[..., tiles] / slopes, sensitivity.new_tensor(crossings.simple))


def _tiles(width: SoftSupport, sensitivity: Tensor) -> Tiled:
    like = width.kappa
    place = torch.linspace(0, 1, width.panels + 1, dtype=like.dtype, device=like.device)
    start = torch.arange(width.units, dtype=like.dtype, device=like.device).unsqueeze(-1)
    points = start + place
    points[:, -1] = torch.nextafter(points[:, -1], start[:, 0])  # the end of a tile: f and s may jump right after it
    density = soft_density(width, sensitivity, points.flatten())
    return Tiled(density.reshape(*density.shape[:-1], *points.shape))


def _smoothed(width: SoftSupport, sensitivity: Tensor) -> Exponentials:
    points, weights = width.cells().nodes(width.rule)
    return Exponentials(soft_density(width, sensitivity, points) * weights, points)


def _added(f: nn.Module, gradient: Tiled | Exponentials, factor: float) -> Sum:
    """f + factor * gradient; a correction of the same form that f already ends with takes the new one in."""
    fields, factors = (list(f.fields), f.factors.tolist()) if isinstance(f, Sum) else ([f], [1.0])
    correction = _scaled(gradient, factor)
    merged = _merged(fields[-1], correction) if factors[-1] == 1.0 else None
    if merged is not None:
        return Sum([*fields[:-1], merged], factors)
    return Sum([*fields, correction], [*factors, 1.0])


def _scaled(field: Tiled | Exponentials, factor: float) -> Tiled | Exponentials:
    if isinstance(field, Tiled):
        return Tiled(factor * field.values)
    return Exponentials(factor * field.weights, field.centers)


def _merged(last: nn.Module, new: Tiled | Exponentials) -> Tiled | Exponentials | None:
    if isinstance(last, Tiled) and isinstance(new, Tiled) and last.values.shape == new.values.shape:
        return Tiled(last.values + new.values)
    if not isinstance(last, Exponentials) or not isinstance(new, Exponentials):
        return None
    if last.weights.shape[:-1] != new.weights.shape[:-1]:
        return None
    return Exponentials(torch.cat([last.weights, new.weights], -1), torch.cat([last.centers, new.centers]))
