"""The protocol that every discrete law obeys."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.errors import BadInput

Tunable = float | Tensor


@dataclass(frozen=True, eq=False)
class Discrete(ABC):
    r"""A law q of a random vector b of zeros and ones, with ``logits``, and its reparametrisation.

    One sample is a deterministic function of uniform noise u, in two steps: continuous *perturbed logits* z, which
    depend smoothly on the logits, and their hardening,

    .. math:: z = z(\mathrm{logits}, u), \qquad b = H(z).

    Estimators need three more things: the *relaxed* sample, a smooth stand-in for :math:`H(z)`; the *conditional*
    :math:`\tilde z \sim p(z \mid b)`, again as a smooth function of the logits and fresh noise; and the score
    :math:`\partial \log q(b) / \partial\,\mathrm{logits}`. Samples have the shape of the logits.

    Args:
        logits: (*batch, entries), finite, float32 or float64.
    """

    logits: Float[Tensor, "*batch entries"]

    def __post_init__(self) -> None:
        _check(self.logits)

    @property
    @abstractmethod
    def outcomes(self) -> int:
        """Size of the support."""

    @abstractmethod
    def support(self) -> Float[Tensor, "outcomes entries"]:
        """All vectors that b can be, one per row."""

    @abstractmethod
    def probabilities(self) -> Float[Tensor, "*batch entries"]:
        """P(b_i = 1)."""

    @abstractmethod
    def log_prob(self, sample: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch"]:
        """Logarithm of q(b)."""

    @abstractmethod
    def perturb(self, uniform: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        """Perturbed logits z."""

    @abstractmethod
    def harden(self, perturbed: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        """The sample b = H(z), constant to autograd."""

    @abstractmethod
    def relax(
        self, perturbed: Float[Tensor, "*batch entries"], temperature: Tunable
    ) -> Float[Tensor, "*batch entries"]:
        """Smooth stand-in for H(z), which it approaches as the temperature falls to 0."""

    @abstractmethod
    def condition(
        self, sample: Float[Tensor, "*batch entries"], uniform: Float[Tensor, "*batch entries"]
    ) -> Float[Tensor, "*batch entries"]:
        """Perturbed logits given their hardening b, from noise that is independent of b."""

    @torch.no_grad()
    def score(self, sample: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        r"""Gradient of :math:`\log q(b)` in the logits: :math:`b - E b` for both families; constant to autograd."""
        return sample - self.probabilities()

    def copies(self, samples: int) -> "Discrete":
        """The same law once per sample, (samples, *batch, entries): a leaf, so that autograd tells them apart."""
        logits = self.logits.detach().expand(samples, *self.logits.shape)
        return type(self)(logits.clone().requires_grad_())


def column(temperature: Tunable, like: Tensor) -> Tensor:
    """The temperature of each member of the batch, ready to divide what has entries behind the batch."""
    return torch.as_tensor(temperature, dtype=like.dtype, device=like.device).unsqueeze(-1)


def inside(uniform: Tensor) -> Tensor:
    """Noise kept off 0 and 1, where its logarithms are infinite."""
    precision = torch.finfo(uniform.dtype)
    return uniform.clamp(precision.tiny, 1 - precision.eps / 2)


def _check(logits: Tensor) -> None:
    if logits.dim() == 0 or logits.shape[-1] == 0 or logits.dtype not in (torch.float32, torch.float64):
        raise BadInput(
            "logits",
            expected="shape (*batch, entries) in float32 or float64",
            came=f"shape {tuple(logits.shape)} in {str(logits.dtype).removeprefix('torch.')}",
            remedy="give one entry per gate, or one per outcome, on the last axis",
        )
    if not bool(logits.isfinite().all()):
        raise BadInput(
            "logits",
            expected="finite numbers",
            came=logits[~logits.isfinite()][0].item(),
            remedy="give -1e4 to what must not occur",
        )
