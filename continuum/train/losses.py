"""Losses whose gradient in the logits is ``mean(logits) - target``: each is a likelihood with its canonical link."""

from typing import Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from continuum import checks

Logits = Float[Tensor, "streams members outputs columns"]
Target = Float[Tensor, "streams 1 outputs columns"]
PerSample = Float[Tensor, "streams members columns"]


class Loss(Protocol):
    """What the engine asks of a loss; targets are one-hot rows (classes) or standardised values."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        """Gradient of the per-sample loss in the logits, written to ``out``."""

    def values(self, logits: Logits, target: Target) -> PerSample:
        """Per-sample loss in nats."""

    def score(self, logits: Logits, target: Target) -> PerSample:
        """Per-sample score, whose mean is reported: 1 for a hit (classes), squared error (values)."""


class CrossEntropy:
    """-log softmax(z)_y, score = whether the first largest logit is that of the label."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        return torch.softmax(logits, 2, out=out).sub_(target)

    def values(self, logits: Logits, target: Target) -> PerSample:
        largest = logits.amax(2, keepdim=True)
        spread = (logits - largest).exp_().sum(2).log_().add_(largest.squeeze(2))
        return spread.sub_((logits * target).sum(2))

    def score(self, logits: Logits, target: Target) -> PerSample:
        return self._hits(logits, target).to(logits.dtype)

    @staticmethod
    def _hits(logits: Logits, target: Target) -> Bool[Tensor, "streams members columns"]:
        # A running maximum over the classes: torch's argmax over an inner axis is 15x slower on the CPU.
        top = logits[:, :, 0].clone()
        hit = (target[:, :, 0] > 0).expand_as(top).clone()
        for c in range(1, logits.shape[2]):
            better = logits[:, :, c] > top
            hit = torch.where(better, target[:, :, c] > 0, hit)
            top = torch.maximum(top, logits[:, :, c])
        return hit


class SquaredError:
    """(z - y)^2 / 2, the negative log-likelihood of unit variance up to a constant; score = (z - y)^2."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        return torch.sub(logits, target, out=out)

    def values(self, logits: Logits, target: Target) -> PerSample:
        return (logits - target).square_().sum(2).mul_(0.5)

    def score(self, logits: Logits, target: Target) -> PerSample:
        return (logits - target).square_().sum(2)


LOSSES: dict[str, type[Loss]] = {"classification": CrossEntropy, "regression": SquaredError}


def loss_for(kind: str) -> Loss:
    """The loss of a kind of task: classification or regression."""
    return LOSSES[checks.one_of("kind", kind, LOSSES, plural="kinds")]()
