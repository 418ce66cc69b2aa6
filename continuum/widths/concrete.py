"""The concrete law: a distribution over the widths 1..N, sampled through the Concrete relaxation."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.widths import sampling
from continuum.widths.width import Width

Mode = Literal["relaxed", "hard", "straight_through"]
#: What gates are while a law trains.
MODES: tuple[Mode, ...] = ("relaxed", "hard", "straight_through")


class Concrete(Width):
    r"""Categorical width k in 1..N with probabilities :math:`q = \mathrm{softmax}(\mathrm{logits})`.

    Unit i is on if k > i (counted from 0). A relaxed sample puts a point :math:`\nu` of the simplex in the place of
    the one-hot k,

    .. math:: \nu = \mathrm{softmax}((\log q + G)/t), \qquad m_i = \sum_{j \ge i} \nu_j ,

    where G is standard Gumbel noise, t the temperature and category j the width j + 1. So :math:`m_0 = 1`, gates
    never grow with i, and :math:`\max|\nu - \mathrm{onehot}(k)|` is O(t) in the mean. Its mean is not q at t > 0.

    While training, gates are samples: ``"relaxed"``; ``"hard"``, on-off without gradient; or
    ``"straight_through"``, on-off with the gradient of the relaxed sample at the same noise. After ``eval()`` they
    are their means :math:`P(k > i)`. NaN logits turn the gates of their row into NaN.

    Args:
        units: largest width N.
        temperature: t > 0, a number or a tensor that broadcasts against the batch shape of the logits.
        logits: (*batch, units), finite; by default 0, all widths alike.
        mode: ``"relaxed"``, ``"hard"`` or ``"straight_through"``.
        learnable: register the logits as a parameter (else as a buffer).

    References: Grathwohl et al., "Gradient-based Optimization of Neural Network Architecture", 2018, Eq. 6 (its
    appendix prints the sum the wrong way round); Maddison et al., arXiv:1611.00712; Jang et al., arXiv:1611.01144.

    >>> width = Concrete(units=4, temperature=0.1).eval()
    >>> width.gates()
    tensor([1.0000, 0.7500, 0.5000, 0.2500], grad_fn=<DivBackward0>)
    >>> width.cardinality().item()
    2.5
    """

    logits: Tensor
    temperature: Tensor

    def __init__(
        self,
        units: int,
        temperature: float | Float[Tensor, "*#batch"],
        logits: Float[Tensor, "*batch choices"] | None = None,
        *,
        mode: Mode = "relaxed",
        learnable: bool = True,
    ) -> None:
        super().__init__(units)
        checks.one_of("mode", mode, MODES, plural="modes")
        self.mode: Mode = mode
        values = torch.zeros(units) if logits is None else _logits(logits, units)
        self._hold("logits", values.detach().clone(), learnable=learnable)
        self.register_buffer("temperature", _temperature(temperature, values.dtype))

    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """A sample of the gates while training, their means after ``eval()``."""
        if not self.training:
            return self.expected_gates()
        noise = sampling.gumbel(self.logits, generator)
        if self.mode == "hard":
            return self._hard(noise)
        relaxed = relaxed_gates(self.logits, self.temperature, noise)
        return relaxed if self.mode == "relaxed" else sampling.straight_through(self._hard(noise), relaxed)

    def log_sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        r"""Logarithm of a relaxed one-hot sample :math:`\nu`, finite however low the temperature."""
        return _sharpened(self.logits, self.temperature, sampling.gumbel(self.logits, generator)).log_softmax(-1)

    def probabilities(self) -> Float[Tensor, "*batch units"]:
        """q_j = P(k = j + 1)."""
        return self.logits.softmax(-1)

    def expected_gates(self) -> Float[Tensor, "*batch units"]:
        """P(k > i), the mean of the hard gates."""
        return tail_sums(self.probabilities(), constant_sum=True)

    def cardinality(self) -> Float[Tensor, "*batch"]:
        r"""Expected width :math:`E k = \sum_i P(k > i)`, never random."""
        return self.expected_gates().sum(-1)

    @torch.no_grad()
    def cardinality_gradient(self) -> Float[Tensor, "*batch units"]:
        r"""Closed form :math:`dE k / d\mathrm{logit}_j = q_j\,(j + 1 - E k)`."""
        sizes = torch.arange(1, self.units + 1, dtype=self.logits.dtype, device=self.logits.device)
        return self.probabilities() * (sizes - self.cardinality().unsqueeze(-1))

    @torch.no_grad()
    def set_temperature(self, temperature: float | Float[Tensor, "*#batch"]) -> None:
        """Move to another temperature > 0, as a schedule does."""
        self.temperature.copy_(_temperature(temperature, self.temperature.dtype))

    def _hard(self, noise: Tensor) -> Tensor:
        noisy = self.logits.detach() + noise
        indices = torch.arange(self.units, device=noisy.device)
        sample = (indices <= noisy.argmax(-1, keepdim=True)).to(noisy.dtype)
        return sample.masked_fill(noisy.isnan().any(-1, keepdim=True), torch.nan)

    def extra_repr(self) -> str:
        return f"units={self.units}, mode={self.mode!r}"


def relaxed_gates(
    logits: Float[Tensor, "*batch units"], temperature: Float[Tensor, "*#batch"], noise: Float[Tensor, "*batch units"]
) -> Float[Tensor, "*batch units"]:
    r"""Gates :math:`m_i = \sum_{j \ge i} \nu_j` of the relaxed sample :math:`\nu = \mathrm{softmax}((\log q + G)/t)`.

    >>> relaxed_gates(torch.zeros(2), torch.tensor(0.5), torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.8808])
    """
    return tail_sums(_sharpened(logits, temperature, noise).softmax(-1), constant_sum=True)


def _sharpened(logits: Tensor, temperature: Tensor, noise: Tensor) -> Tensor:
    """(logits + noise) / temperature, as one operation on the logits."""
    temperature = temperature.unsqueeze(-1)
    return torch.addcdiv(noise / temperature, logits, temperature)


def tail_sums(shares: Float[Tensor, "*batch units"], *, constant_sum: bool = False) -> Float[Tensor, "*batch units"]:
    r"""Gates :math:`m_i = \sum_{j \ge i} \nu_j` of a point of the simplex; :math:`m_0 = 1` exactly.

    Small shares are added first, so that the tail keeps its relative precision.

    Args:
        shares: :math:`\nu`.
        constant_sum: whether they add up to 1 however their parameters move, as those of a softmax do. Then autograd
            need not follow their sum; its derivative, which is 0, is left out with its rounding.

    >>> tail_sums(torch.tensor([0.25, 0.5, 0.25]))
    tensor([1.0000, 0.7500, 0.2500])
    """
    sums = shares.flip(-1).cumsum(-1).flip(-1)
    whole = sums[..., :1]
    return sums / (whole.detach() if constant_sum else whole)


def _logits(logits: Tensor, units: int) -> Tensor:
    if logits.dim() == 0 or logits.shape[-1] != units:
        raise BadInput(
            "logits",
            expected=f"{units} on the last axis, one per width",
            came=f"shape {tuple(logits.shape)}",
            remedy="give shape (*batch, units)",
        )
    if not bool(logits.isfinite().all()):
        raise BadInput(
            "logits",
            expected="finite numbers",
            came=logits[~logits.isfinite()][0].item(),
            remedy="give -1e4 to a width that must not occur",
        )
    return logits


def _temperature(temperature: float | Tensor, dtype: torch.dtype) -> Tensor:
    value = torch.as_tensor(temperature, dtype=dtype).detach().clone()
    good = (value > 0) & (value < torch.inf)  # False for NaN
    if not bool(good.all()):
        raise BadInput(
            "temperature",
            expected="a finite number > 0",
            came=value[~good].flatten()[0].item(),
            remedy="0.1 is a common choice; a schedule ends above 0",
        )
    return value
