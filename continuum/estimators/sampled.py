"""What all estimators that draw samples have in common."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.estimators.discrete import Discrete, Tunable
from continuum.estimators.estimator import Estimate, Estimator, SampleLoss


@dataclass(frozen=True, eq=False)
class Sampled(Estimator):
    """An estimator that is a deterministic function of uniform noise; a subclass says which.

    Args:
        samples: how many are drawn per member of the batch (>= 1).
    """

    samples: int
    #: Uniform numbers that one entry of one sample takes.
    uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        checks.whole("samples", self.samples, at_least=1)

    def __call__(
        self,
        q: Discrete,
        f: SampleLoss,
        *,
        generator: torch.Generator | None = None,
        noise: Float[Tensor, "uniforms samples *batch entries"] | None = None,
    ) -> Estimate:
        """Estimate; with ``noise`` in [0, 1] given, nothing is drawn, so that a quadrature rule can take its place."""
        if noise is None:
            noise = self.noise(q, generator)
        self._check(q, noise)
        return self._estimate(q.copies(self.samples), f, noise)

    def noise(
        self, q: Discrete, generator: torch.Generator | None = None
    ) -> Float[Tensor, "uniforms samples *batch entries"]:
        """Uniform noise in [0, 1) for one estimate."""
        shape = (self.uniforms, self.samples, *q.logits.shape)
        return torch.rand(shape, dtype=q.logits.dtype, device=q.logits.device, generator=generator)

    @abstractmethod
    def _estimate(self, q: Discrete, f: SampleLoss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        """Estimate, for a law that has one copy of the logits per sample."""

    def _check(self, q: Discrete, noise: Tensor) -> None:
        shape = (self.uniforms, self.samples, *q.logits.shape)
        if tuple(noise.shape) != shape or not bool(((noise >= 0) & (noise <= 1)).all()):  # NaN is refused, too
            raise BadInput(
                "noise",
                expected=f"numbers in [0, 1], shape {shape}",
                came=f"shape {tuple(noise.shape)}" if tuple(noise.shape) != shape else "numbers beyond",
                remedy="leave it out to have it drawn",
            )


def check_temperature(temperature: Tunable) -> None:
    """Refuse what is not a finite number > 0, or a tensor of such."""
    values = temperature.detach().flatten().tolist() if isinstance(temperature, Tensor) else [temperature]
    for value in values:
        checks.positive("temperature", value, remedy="0.5 is a common choice; learn its logarithm to keep it above 0")
