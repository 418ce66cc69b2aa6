"""The soft support law: a unit counts as far as a function f on the line is positive over its tile."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.widths.fields.cells import Cells, Rule, cut, legendre, mean_sigmoids
from continuum.widths.fields.combined import breakpoints, joined, reference
from continuum.widths.width import Width


class SoftSupport(Width):
    r"""Integration over the soft support of f, with sharpness :math:`\kappa`:

    .. math:: m_i = \int_i^{i+1} \sigma(\kappa f(u))\,du, \qquad \sum_i m_i = \int_0^N \sigma(\kappa f(u))\,du .

    For piecewise constant activations and weights, :math:`\sum_i m_i y_i W_i` is :math:`J_\kappa[f] =
    \int \sigma(\kappa f)\,yW\,d\mu`; as kappa grows it tends to the integral over {f > 0}, and for
    :math:`f(u) = \gamma - u` the law tends to the interval law, with
    :math:`\sup|m_i - \mathrm{clip}(\gamma-i, 0, 1)| = \log(2/(1+e^{-\kappa}))/\kappa`.

    Where f is piecewise linear the gates are closed forms. Elsewhere each panel gets a Gauss-Legendre rule with
    ``order`` nodes, whose error on a panel of length h with :math:`|f'| \le s` is of the size
    :math:`\rho^{-2\,\mathrm{order}}`, :math:`\rho = b + \sqrt{1+b^2}`, :math:`b = 2\pi/(\kappa s h)` (from the poles of
    the logistic function; f itself must be as smooth). So let ``panels`` grow like kappa; :meth:`quadrature_error`
    measures what is left.

    Args:
        units: number N of allocated units.
        f: module on the line that maps points (points,), in units, to (\*batch, points).
        kappa: sharpness, > 0, broadcast against the batch; a buffer.
        order: Gauss-Legendre nodes per panel.
        panels: panels per unit, besides the breakpoints of f.
        learnable: leave the parameters of f as they are; else they are told to want no gradient.

    Reference: W. Guss, "Towards a Continuous Hyperparameter Representation for Neural Networks", draft, 2017,
    section 1.7, :math:`J_\kappa`.

    >>> from continuum.widths import Affine
    >>> width = SoftSupport(4, Affine(gamma=2.25), kappa=20.0)
    >>> [round(gate, 4) for gate in width.gates().tolist()]
    [1.0, 0.9997, 0.2503, 0.0]
    >>> width.set_kappa(1000.0)
    >>> round(width.cardinality().item(), 4)
    2.25
    """

    kappa: Tensor

    def __init__(
        self,
        units: int,
        f: nn.Module,
        kappa: float | Float[Tensor, "*batch"],
        *,
        order: int = 16,
        panels: int = 1,
        learnable: bool = True,
    ) -> None:
        super().__init__(units)
        self.order = checks.whole("order", order, at_least=1)
        self.panels = checks.whole("panels", panels, at_least=1)
        self.rule = legendre(self.order)
        batch = _batch_shape(f, self.units)
        self.f = f if learnable else f.requires_grad_(False)
        self.register_buffer("kappa", _sharpness(kappa, reference(f), batch))

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """Means of sigmoid(kappa f) over the tiles, shape (*batch, units); never random."""
        return self._gates(self.rule)

    def set_kappa(self, kappa: float | Float[Tensor, "*batch"]) -> None:
        """Anneal: replace kappa (never in place, so that an earlier graph can still be differentiated)."""
        self.kappa = _sharpness(kappa, self.kappa, _batch_shape(self.f, self.units))

    def cells(self, *others: nn.Module) -> Cells:
        """The panels on which f and the other fields are smooth, as far as they say so."""
        breaks = joined([breakpoints(field) for field in (self.f, *others)])
        return cut(self.units, self.kappa, breaks, self.panels)

    def quadrature_error(self) -> float:
        """Largest change of a gate when the number of nodes is doubled; 0 where the gates are closed forms."""
        with torch.no_grad():
            change = (self._gates(self.rule) - self._gates(legendre(2 * self.order))).abs()
        return change.max().item() if change.numel() else 0.0

    def _gates(self, rule: Rule) -> Float[Tensor, "*batch units"]:
        kappa, cells = self.kappa.unsqueeze(-1), self.cells()
        if getattr(self.f, "piecewise_linear", False):
            ends = kappa * self.f(cells.ends())
            parts = cells.integrals(mean_sigmoids(ends.unflatten(-1, (-1, 2))))
        else:
            points, weights = cells.nodes(rule)
            values = (kappa * self.f(points)).sigmoid() * weights
            parts = values.reshape(*values.shape[:-1], cells.lengths.shape[0], len(rule[0])).sum(-1)
        return cells.collect(parts).clamp(max=1)  # rounding may sum a whole unit to 1 + 2e-16

    def extra_repr(self) -> str:
        return f"units={self.units}, order={self.order}, panels={self.panels}"


def _sharpness(kappa: float | Tensor, like: Tensor, batch: torch.Size) -> Tensor:
    value = kappa.detach().to(like, copy=True) if isinstance(kappa, Tensor) else like.new_tensor(kappa)
    good = (value > 0) & value.isfinite()
    if not bool(good.all()):
        raise BadInput("kappa", expected="a finite number > 0", came=kappa, remedy="for the limit use the Interval law")
    if any(a != b and 1 not in (a, b) for a, b in zip(reversed(value.shape), reversed(batch), strict=False)):
        came = f"{tuple(value.shape)} against {tuple(batch)}"
        raise BadInput("kappa", expected="a shape like the batch of f", came=came, remedy="give one number")
    return value


def _batch_shape(f: nn.Module, units: int) -> torch.Size:
    """Batch shape of f, from its values at two and at three points; BadInput where it is no function on the line."""
    if not isinstance(f, nn.Module):
        raise BadInput("f", expected="an nn.Module", came=type(f).__name__, remedy="wrap the function in a module")
    for name, value in f.named_parameters():
        if not bool(value.isfinite().all()):
            raise BadInput(f"f.{name}", expected="finite numbers", came="NaN or inf", remedy="look at what trained it")
    shapes = {_probe(f, units, count) for count in (2, 3)}
    if len(shapes) > 1:
        raise BadInput("f", expected="one batch shape for any number of points", came=shapes, remedy=_REMEDY)
    return shapes.pop()


#: What a module on the line has to do.
_REMEDY = "map points (points,) to values (*batch, points)"


def _probe(f: nn.Module, units: int, count: int) -> torch.Size:
    like = reference(f)
    points = torch.linspace(0, units, count, dtype=like.dtype, device=like.device)
    values: Any
    try:
        with torch.no_grad():
            values = f(points)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise BadInput("f", expected="a module on the line", came=f"an error, {error}", remedy=_REMEDY) from error
    if not isinstance(values, Tensor) or values.shape[-1:] != (count,) or not values.is_floating_point():
        came = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise BadInput("f", expected=f"floating values (..., {count}) at {count} points", came=came, remedy=_REMEDY)
    if not bool(values.isfinite().all()):
        raise BadInput("f", expected="finite values", came=values.tolist(), remedy="look at its parameters")
    return values.shape[:-1]
