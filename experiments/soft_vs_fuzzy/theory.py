r"""Where exact flows of a width end when the readout of fixed features is optimal: what the theorems predict.

With second moments C and cross moments b, and a fresh unit k behind the units before it,

.. math:: V(k + a) = V(k) - \frac{\psi(a) G_k^2}{2 (\lambda + \psi(a) s_k)}, \qquad
    G_k = b_k - C_{k,<k} (C_{<k} + \lambda)^{-1} b_{<k},

and likewise s_k, the part of C_kk that the units before do not explain; one Cholesky factor of C + lambda has all of
them. The gate enters by :math:`\psi`: :math:`a^2`, or a for square-root gates and for L2(E).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.widths import Affine, SoftSupport, best_gates, reverse_huber_prox

from .methods import Method
from .problems import Readout

#: Points in a tile; a barrier is at least lambda rho / G^2 wide, some hundredths of a tile.
FINE, COARSE = 256, 16
#: Sharpness at which the quasi-static path of an annealed soft support is followed.
LEVELS = 4
#: Proximal steps to the optimum of unordered units.
ITERATIONS = 600


def predicted_ends(
    method: Method,
    problem: Readout,
    decay: float,
    price: Float[Tensor, " members"],
    start: Float[Tensor, " members"],
    sharpness: tuple[float, ...],
) -> Float[Tensor, "problems members"]:
    """Width at which the flow of the method ends; NaN where no theorem says it."""
    shape = (problem.cross_moments.shape[0], len(price))
    if method.kind == "interval":
        fall = prefix_values(problem, decay, linear=method.measure != "euclidean")
        return first_minima(fall, FINE, price, start.expand(shape))
    if method.kind in ("soft", "annealed"):
        ends = start.expand(shape)
        for kappa in sharpness if method.kind == "annealed" else sharpness[-1:]:
            ends = first_minima(soft_values(problem, decay, kappa, method.geometry == "l2"), COARSE, price, ends)
        return ends
    if method.kind == "concrete":
        return torch.full(shape, torch.nan, dtype=price.dtype)
    if method.measure != "euclidean":
        return unordered(problem, decay, price, sampled=method.samples)
    # From all units at once the needed ones stay, the others go.
    full = unordered(problem, decay, price, sampled=True).round()
    return torch.where(start > problem.cross_moments.shape[-1] / 2, full, torch.nan)


def prefix_values(problem: Readout, decay: float, *, linear: bool) -> Float[Tensor, "problems points"]:
    """V on a grid of widths; ``linear`` for psi = a, else a^2."""
    factor, forward = _eliminated(problem, decay)
    diagonal = factor.diagonal(dim1=-2, dim2=-1)
    pull, unexplained = forward * diagonal, diagonal.square() - decay  # G and s of the formula above
    a = torch.arange(1, FINE + 1, dtype=pull.dtype) / FINE
    psi = a if linear else a.square()
    inside = psi * pull.square().unsqueeze(-1) / (2 * (decay + psi * unexplained.unsqueeze(-1)))
    before = torch.nn.functional.pad(forward.square().cumsum(-1) / 2, (1, 0))
    fall = (before[:, :-1].unsqueeze(-1) + inside).flatten(1)
    return problem.constant.unsqueeze(-1) - torch.nn.functional.pad(fall, (1, 0))


def _eliminated(problem: Readout, decay: float) -> tuple[Tensor, Tensor]:
    identity = torch.eye(problem.cross_moments.shape[-1], dtype=problem.cross_moments.dtype)
    factor = torch.linalg.cholesky(problem.moments + decay * identity)
    forward = torch.linalg.solve_triangular(factor, problem.cross_moments.unsqueeze(-1), upper=False).squeeze(-1)
    return factor, forward


def soft_values(problem: Readout, decay: float, kappa: float, l2: bool) -> Float[Tensor, "problems points"]:
    """V behind soft gates on a coarse grid of widths."""
    units = problem.cross_moments.shape[-1]
    places = torch.arange(units * COARSE + 1, dtype=problem.cross_moments.dtype) / COARSE
    gates = SoftSupport(units, Affine(places), kappa).gates().detach()
    scale = gates.sqrt() if l2 else gates
    values = [_ridge(problem, row, decay) for row in scale]
    return torch.stack(values, -1)


def _ridge(problem: Readout, scale: Tensor, decay: float) -> Float[Tensor, " problems"]:
    matrix = scale.unsqueeze(-1) * problem.moments * scale + decay * torch.eye(len(scale), dtype=scale.dtype)
    cross_moments = scale * problem.cross_moments
    solved: Tensor = torch.linalg.solve_ex(matrix, cross_moments.unsqueeze(-1)).result.squeeze(-1)
    least: Tensor = problem.constant - (cross_moments * solved).sum(-1) / 2
    return least


def first_minima(values: Tensor, fine: int, price: Tensor, start: Tensor) -> Float[Tensor, "problems members"]:
    """First local minimum of V + price, downhill from the start: to the right if that is down, else to the left."""
    widths = torch.arange(values.shape[-1], dtype=values.dtype) / fine
    rise = (values.unsqueeze(1) + price.unsqueeze(-1) * widths).diff()
    at = (start * fine).round().long().unsqueeze(-1)
    edges = torch.arange(rise.shape[-1])
    ahead = torch.where((edges >= at) & (rise >= 0), edges, rise.shape[-1]).amin(-1)
    behind = torch.where((edges < at) & (rise <= 0), edges, -1).amax(-1) + 1
    ends: Tensor = widths[torch.where(ahead > at.squeeze(-1), ahead, behind)]
    return ends


def unordered(problem: Readout, decay: float, price: Tensor, *, sampled: bool) -> Float[Tensor, "problems members"]:
    r"""Sum of the grades at the optimum of independent units.

    For deterministic grades in L2(E) (or square-root gates) the grades leave the reverse Huber penalty, which is
    convex. A sampled gate adds the variance :math:`\frac12 g(1-g) C_{ii} W_i^2 = \frac12 C_{ii} v_i^2 (1/g - 1)` to
    the loss of its mean: the same penalty with decay :math:`\lambda + C_{ii}`, and C without its diagonal in the loss.
    """
    diagonal = problem.moments.diagonal(dim1=-2, dim2=-1)
    strength = (diagonal + decay if sampled else torch.full_like(diagonal, decay)).sqrt()
    smooth = problem.moments - torch.diag_embed(diagonal) if sampled else problem.moments
    tau = 0.5 / float(torch.linalg.matrix_norm(smooth, ord=2).max().clamp(min=0.5))
    cross_moments = problem.cross_moments
    return torch.stack([_grades(cross_moments, smooth, strength, tau, float(rho)).sum(-1) for rho in price], -1)


def _grades(
    cross_moments: Tensor, smooth: Tensor, strength: Tensor, tau: float, rho: float
) -> Float[Tensor, "problems units"]:
    """Grades at the optimum, by proximal gradient descent with step tau."""
    v = torch.zeros_like(cross_moments)
    for _ in range(ITERATIONS):
        z = v - tau * ((smooth @ v.unsqueeze(-1)).squeeze(-1) - cross_moments)
        scaled = reverse_huber_prox((strength * z).unsqueeze(-1), tau * strength.square(), 1.0, rho)
        v = scaled.squeeze(-1) / strength
    return best_gates((strength * v).unsqueeze(-1), 1.0, rho)
