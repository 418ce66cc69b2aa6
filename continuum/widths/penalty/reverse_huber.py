r"""The group reverse Huber penalty: what a unit of width costs once its gate has been eliminated."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput


def full_norm(decay: float, price: float) -> float:
    r"""Norm :math:`v_0 = \sqrt{2\rho/\lambda}` of the outgoing weights from which on a gate is 1.

    >>> full_norm(decay=0.01, price=0.005)
    1.0
    """
    return math.sqrt(2 * _price(price) / _decay(decay))


def threshold(decay: float, price: float) -> float:
    r"""Slope :math:`\mu = \sqrt{2\lambda\rho}` at zero: a silent unit is recruited iff its gradient is longer.

    >>> round(threshold(decay=0.01, price=0.005), 6)
    0.01
    """
    return math.sqrt(2 * _price(price) * _decay(decay))


def best_gates(
    weights: Float[Tensor, "*batch units outputs"], decay: float, price: float
) -> Float[Tensor, "*batch units"]:
    r"""Gates :math:`a_i = \min(1, |v_i| / v_0)` that minimise :math:`\lambda |v_i|^2 / (2a) + \rho a` over [0, 1].

    Args:
        weights: effective outgoing weights :math:`v = \sqrt{a}\,W`, one row per unit.
        decay: :math:`\lambda > 0`, in nats per squared weight.
        price: :math:`\rho > 0`, in nats per unit of width.

    >>> best_gates(torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]), decay=1.0, price=0.5)
    tensor([1.0000, 0.5000, 0.0000])
    """
    return (_norm(weights) / full_norm(decay, price)).clamp(max=1)


def reverse_huber(
    weights: Float[Tensor, "*batch units outputs"], decay: float, price: float
) -> Float[Tensor, "*batch units"]:
    r"""What each unit costs at its best gate,

    .. math:: P(v) = \min_{0 \le a \le 1} \frac{\lambda |v|^2}{2a} + \rho a = \begin{cases}
        \mu |v| & |v| \le v_0 \\ \lambda |v|^2 / 2 + \rho & |v| \ge v_0 \end{cases}
        \qquad \mu = \sqrt{2\lambda\rho},\quad v_0 = \sqrt{2\rho/\lambda} .

    It is convex, a cone at 0 (so that units are switched off exactly) and once differentiable elsewhere. Of several
    outputs v is the unit's whole outgoing vector.

    Args:
        weights: :math:`v`, one row per unit.
        decay: :math:`\lambda > 0`.
        price: :math:`\rho > 0`.

    Reference: M. Pilanci, M. Wainwright, L. El Ghaoui, "Sparse learning via Boolean relaxations", 2015; H. Dong,
    K. Chen, J. Linderoth, "Regularization vs. relaxation", arXiv:1510.06083.

    >>> reverse_huber(torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]), decay=1.0, price=0.5)
    tensor([13.0000,  0.5000,  0.0000])
    """
    norm, full = _norm(weights), full_norm(decay, price)
    return torch.where(norm <= full, threshold(decay, price) * norm, decay / 2 * norm.square() + price)


def reverse_huber_prox(
    weights: Float[Tensor, "*batch units outputs"],
    step: float | Float[Tensor, "*#batch #units"],
    decay: float,
    price: float,
) -> Float[Tensor, "*batch units outputs"]:
    r"""The exact proximal operator, with one step per unit,

    .. math:: \operatorname*{argmin}_v \frac{|v - z|^2}{2\tau} + P(v)
        = z \left[\min\left(1 - \frac{\tau\mu}{|z|},\; \frac{1}{1 + \tau\lambda}\right)\right]_+ .

    The first branch is the smaller one exactly while the result is shorter than :math:`v_0`. In the metric
    :math:`\sum_i |v_i|^2/\tau_i`, one number per block, the problem separates over units, which is why the step
    is exact there; with one number per weight it would not be.

    Args:
        weights: :math:`z`, one row per unit.
        step: :math:`\tau \ge 0` of each unit, or one for all.
        decay: :math:`\lambda > 0`.
        price: :math:`\rho > 0`.

    >>> reverse_huber_prox(torch.tensor([[3.0, 4.0], [1.2, 1.6], [0.3, 0.4]]), 1.0, decay=1.0, price=0.5)
    tensor([[1.5000, 2.0000],
            [0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    tau = torch.as_tensor(step, dtype=weights.dtype, device=weights.device)
    if bool((tau < 0).any()) or not bool(tau.isfinite().all()):
        raise BadInput("step", expected="finite steps >= 0", came=tau.min().item(), remedy="a step is a length of time")
    norm = _norm(weights)
    short = 1 - tau * threshold(decay, price) / norm.clamp(min=torch.finfo(weights.dtype).tiny)
    return weights * torch.minimum(short, 1 / (1 + tau * decay)).clamp(min=0).unsqueeze(-1)


def _norm(weights: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(weights, dim=-1)
    return norm


def _decay(decay: float) -> float:
    return checks.positive("decay", decay, remedy="without decay of the weights no width is worth its price")


def _price(price: float) -> float:
    return checks.positive("price", price, remedy="without a price every unit is worth having")
