"""Losses whose gradient in the logits is ``mean(logits) - target``: each is a likelihood with its canonical link.

The learner has the same two (``continuum.learn.loss``) for the outputs of one network, numpy rows by outputs; here the
data lie on the last axis of a tensor, behind streams, members and outputs, and on any device, and either layout in the
place of the other would cost a transposed copy per step.
"""

from typing import Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from continuum import checks
from continuum.ensemble.kernels import count_equal, exp_, log_

Logits = Float[Tensor, "streams members outputs columns"]
Target = Float[Tensor, "streams 1 outputs columns"]
PerSample = Float[Tensor, "streams members columns"]


class Loss(Protocol):
    """What the engine asks of a loss; targets are one-hot rows (classes) or standardised values."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        """Gradient of the per-sample loss in the logits, written to ``out``."""

    def measure(self, logits: Logits, target: Target) -> tuple[PerSample, PerSample]:
        """Per-sample loss (nats, or half the squared error), and score, whose mean is reported: hits or squared errors.

        The logits are used up: their memory serves the exponentials.
        """


class CrossEntropy:
    """-log softmax(z)_y; a hit where the first largest logit is that of the label."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        return torch.softmax(logits, 2, out=out).sub_(target)

    def measure(self, logits: Logits, target: Target) -> tuple[PerSample, PerSample]:
        largest = logits.amax(2, keepdim=True)
        labelled = (logits * target).sum(2)
        hit = labelled == largest.squeeze(2)
        if count_equal(logits, largest) > largest.numel():  # ties: the first class wins
            hit = _first_largest_is_label(logits, target)
        spread = log_(exp_(logits.sub_(largest)).sum(2))
        return spread.add_(largest.squeeze(2)).sub_(labelled), hit.to(logits.dtype)


def _first_largest_is_label(logits: Logits, target: Target) -> Bool[Tensor, "streams members columns"]:
    # A running maximum over the classes: torch's argmax over an inner axis is 15x slower on the CPU.
    top = logits[:, :, 0].clone()
    hit = (target[:, :, 0] > 0).expand_as(top)
    for c in range(1, logits.shape[2]):
        hit = torch.where(logits[:, :, c] > top, target[:, :, c] > 0, hit)
        top = torch.maximum(top, logits[:, :, c])
    return hit


class SquaredError:
    """(z - y)^2 / 2, the negative log-likelihood of unit variance up to a constant; scored by (z - y)^2."""

    def residual(self, logits: Logits, target: Target, out: Logits) -> Logits:
        return torch.sub(logits, target, out=out)

    def measure(self, logits: Logits, target: Target) -> tuple[PerSample, PerSample]:
        error = (logits - target).square_().sum(2)
        return error / 2, error


#: Losses by kind of task.
LOSSES: dict[str, type[Loss]] = {"classification": CrossEntropy, "regression": SquaredError}


def loss_for(kind: str) -> Loss:
    """The loss of a kind of task: classification or regression."""
    return LOSSES[checks.one_of("kind", kind, LOSSES, plural="kinds")]()
