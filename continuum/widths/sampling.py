"""Random on-off gates with given probabilities, in three couplings, and Gumbel noise.

Every function takes the global generator of torch unless it is given another one. NaN probabilities give NaN gates.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

#: A unit has 2 to this many ticks, in which sums are counted as integers.
_BITS = 40
#: Ticks of a whole unit.
_TICKS = 2**_BITS


def bernoulli(
    grades: Float[Tensor, "*batch units"], generator: torch.Generator | None = None
) -> Float[Tensor, "*batch units"]:
    r"""Independent gates, :math:`P(m_i = 1) = g_i`.

    >>> bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    return _on(grades, _uniform(grades, generator))


def comonotone(
    grades: Float[Tensor, "*batch units"], generator: torch.Generator | None = None
) -> Float[Tensor, "*batch units"]:
    r"""One threshold for all units: :math:`m_i = 1[g_i > U]`, U uniform; the coupling of a fuzzy vector space.

    The active units are a random cut :math:`\{i : g_i > U\}` of the fuzzy set, so their number has the largest
    variance that the grades allow.

    >>> comonotone(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    return _on(grades, _uniform(grades[..., :1], generator))


def systematic(
    grades: Float[Tensor, "*batch units"],
    total: Float[Tensor, "*batch"] | None = None,
    *,
    offset: Float[Tensor, "*batch"] | None = None,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "*batch units"]:
    r"""Gates with probabilities g of which exactly :math:`\lfloor c\rfloor` or :math:`\lceil c\rceil` are on.

    .. math:: m_i = \lfloor G_i + U\rfloor - \lfloor G_{i-1} + U\rfloor, \qquad G_i = \sum_{j \le i} g_j,

    U uniform in [0, 1), :math:`c = G_N`. The sums are counted in whole ticks of :math:`2^{-40}` units, so that
    rounding can never add or lose a unit; probabilities are exact to two ticks. Which units are on together depends
    on their order: neighbours exclude each other.

    Args:
        grades: g, in [0, 1].
        total: c, where it is known better than by adding up rounded grades.
        offset: U, drawn if not given.
        generator: source of U.

    Reference: W. G. Madow, "On the theory of systematic sampling, II", Ann. Math. Statist. 20, 1949.

    >>> systematic(torch.tensor([0.5, 0.25, 0.75, 0.5]), offset=torch.tensor(0.3)).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    if offset is None:
        offset = _uniform(grades[..., :1].detach().double(), generator).squeeze(-1)
    start = (offset.double() * _TICKS).long().unsqueeze(-1)
    passed = (_ticks(grades.detach().double(), total) + start) >> _BITS
    sample = passed - torch.cat([torch.zeros_like(passed[..., :1]), passed[..., :-1]], -1)
    return torch.where(grades.isnan(), grades.detach(), sample.to(grades.dtype))


def _ticks(grades: Float[Tensor, "*batch units"], total: Tensor | None) -> Int[Tensor, "*batch units"]:
    """Cumulative sums in ticks: they end at the total and rise by at most one unit at a time."""
    free, units = (grades > 0) & (grades < 1), grades.shape[-1]
    end = grades.sum(-1) if total is None else total.detach().double().clamp(0, units)
    loose = torch.where(free, grades, 0.0).sum(-1)
    # Only fractional grades take up what rounding left between the grades and the total: 0 stays 0, 1 stays 1.
    stretch = torch.where(loose > 0, (end - (grades >= 1).sum(-1)) / loose, 1.0).unsqueeze(-1)
    ticks = (torch.where(free, grades * stretch, grades).cumsum(-1) * _TICKS).round().long()
    last = torch.where(loose > 0, (end * _TICKS).round().long(), ticks[..., -1]).unsqueeze(-1)
    ticks = torch.where(ticks >= ticks[..., -1:], last, ticks).minimum(last)
    whole = torch.arange(units, device=grades.device) * _TICKS
    capped: Tensor = (ticks - whole).flip(-1).cummax(-1).values.flip(-1) + whole
    return capped


def straight_through(
    sample: Float[Tensor, "*batch units"], relaxed: Float[Tensor, "*batch units"]
) -> Float[Tensor, "*batch units"]:
    """The value of ``sample`` with the gradient of ``relaxed``.

    Reference: Y. Bengio, N. Léonard and A. Courville, arXiv:1308.3432, 2013.

    >>> p = torch.tensor(0.25, requires_grad=True)
    >>> m = straight_through(torch.ones(1), p.expand(1))
    >>> m.item(), torch.autograd.grad(m.sum(), p)[0].item()
    (1.0, 1.0)
    """
    return sample.detach() + (relaxed - relaxed.detach())


def gumbel(like: Float[Tensor, "*shape"], generator: torch.Generator | None = None) -> Float[Tensor, "*shape"]:
    r"""Standard Gumbel noise :math:`-\log(-\log u)` of the shape and dtype of ``like``; always finite.

    >>> gumbel(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return gumbel_at(_uniform(like, generator))


def gumbel_at(uniform: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Gumbel noise :math:`-\log(-\log u)` at numbers u in [0, 1); always finite.

    >>> gumbel_at(torch.tensor([0.0, 0.5], dtype=torch.float64))
    tensor([-6.5630,  0.3665], dtype=torch.float64)
    """
    return uniform.clamp(min=torch.finfo(uniform.dtype).tiny).log_().neg_().log_().neg_()


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    if generator is None:  # rand_like knows which inputs vmap has batched
        return torch.rand_like(like)
    return torch.rand(like.shape, dtype=like.dtype, device=like.device, generator=generator)


def _on(grades: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(grades.isnan(), grades, (grades > threshold).to(grades.dtype)).detach()
