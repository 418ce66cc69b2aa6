"""What is minimised: a loss by name or of a user's own, and its gradient in the outputs, batch by batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from continuum import checks
from continuum.errors import BadInput

Outputs = Float[np.ndarray, "rows outputs"]
Targets = Float[np.ndarray, "rows targets"]
Importance = Float[np.ndarray, "rows 1"] | None


@dataclass(frozen=True)
class Likelihood:
    """A loss of your own, with the scale that turns it into nats.

    Args:
        loss: maps outputs (rows, outputs) and targets (rows, ...) to a scalar, the mean over rows; differentiable.
        outputs: number of outputs of the network.
        scale: a loss of ``scale`` is one nat: 1 for a negative log-likelihood, the variance of the noise for half of
            a squared error.

    >>> Likelihood(torch.nn.functional.poisson_nll_loss, outputs=1).scale
    1.0
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    outputs: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.loss):
            expected, remedy = "a function of outputs and targets", "give one such as functional.poisson_nll_loss"
            raise BadInput("loss", expected=expected, came=repr(self.loss), remedy=remedy)
        checks.whole("outputs", self.outputs, at_least=1)
        checks.positive("scale", self.scale, remedy="give the loss that stands for one nat")


class Objective(Protocol):
    """Gradients and values of a loss for rows of outputs; targets are arrays with one row per sample."""

    def gradient(self, outputs: Outputs, targets: Targets, importance: Importance = None) -> Outputs:
        """Gradient of each row's loss in its outputs, unweighted; may overwrite ``outputs``."""

    def losses(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        """Loss of each row."""

    def scores(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        """Score of each held-out row, smaller is better: a proper score that single rows cannot dominate."""

    def nat(self) -> float:
        """The loss that stands for one nat, as known by now."""

    @property
    def unit(self) -> float:
        """The loss in whose multiples decay is measured, the same all the time."""


class CrossEntropy:
    """-log softmax(z)_y, targets one-hot; in nats already."""

    unit = 1.0

    def gradient(self, outputs: Outputs, targets: Targets, importance: Importance = None) -> Outputs:
        outputs -= outputs.max(1, keepdims=True)
        np.exp(outputs, out=outputs)
        outputs /= outputs.sum(1, keepdims=True)
        outputs -= targets
        return outputs

    def losses(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        largest = outputs.max(1, keepdims=True)
        spread = np.log(np.exp(outputs - largest).sum(1)) + largest[:, 0]
        return np.asarray(spread - (outputs * targets).sum(1))

    def scores(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        """Brier's, bounded by 2: the log-likelihood of a network that is sure would hang on a handful of rows."""
        return np.asarray(np.square(self.gradient(outputs, targets)).sum(1))

    def nat(self) -> float:
        return 1.0


class BinaryCrossEntropy:
    r"""The sum over labels of -y log s(z) - (1 - y) log(1 - s(z)), s the logistic function; in nats already.

    Labels are independent given the outputs, and targets are 0, 1, or anything between them.
    """

    unit = 1.0

    def gradient(self, outputs: Outputs, targets: Targets, importance: Importance = None) -> Outputs:
        _logistic(outputs)
        outputs -= targets
        return outputs

    def losses(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        return np.asarray((np.logaddexp(0, outputs) - outputs * targets).sum(1))

    def scores(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        """Brier's of every label, bounded by 1 each."""
        return np.asarray(np.square(self.gradient(outputs, targets)).sum(1))

    def nat(self) -> float:
        return 1.0


def _logistic(outputs: Outputs) -> None:
    """1 / (1 + exp(-z)) in place, without overflow: half of 1 + tanh(z / 2)."""
    outputs *= 0.5
    np.tanh(outputs, out=outputs)
    outputs += 1
    outputs *= 0.5


class SquaredError:
    """|z - y|^2 / 2, whose nat is the variance of the residual, followed as a running mean.

    Decay is no multiple of it: targets are standardised, and a decay that fell with the residual would let weights
    grow while the price falls.
    """

    unit = 1.0

    def __init__(self, variance: float = 1.0) -> None:
        self.variance = variance

    def gradient(self, outputs: Outputs, targets: Targets, importance: Importance = None) -> Outputs:
        outputs -= targets
        weighted = outputs if importance is None else outputs * importance
        self.variance += 0.01 * (float(np.vdot(weighted, outputs)) / outputs.size - self.variance)
        return outputs

    def losses(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        return np.asarray(np.square(outputs - targets).sum(1) / 2)

    scores = losses

    def nat(self) -> float:
        return self.variance


class KnownNoise(SquaredError):
    """|z - y|^2 / 2, whose nat is a variance that is known: the residual of training rows does not move it."""

    def __init__(self, variance: float) -> None:
        super().__init__()
        self.known = variance

    def nat(self) -> float:
        return self.known


class CustomLoss:
    """A user's loss; autograd differentiates it, row by row through the sum."""

    def __init__(self, likelihood: Likelihood) -> None:
        self.likelihood = likelihood
        self.unit = likelihood.scale

    def gradient(self, outputs: Outputs, targets: Targets, importance: Importance = None) -> Outputs:
        with torch.enable_grad():
            z = torch.from_numpy(outputs).requires_grad_()
            value = self._value(z, torch.from_numpy(targets))
            slope = torch.autograd.grad(value, z, allow_unused=True)[0] if value.requires_grad else None
        if slope is None:
            remedy = "compute it from them in torch, without detach, item or numpy"
            raise BadInput("loss", expected="a value that depends on the outputs", came="a constant", remedy=remedy)
        return slope.numpy() * len(outputs)

    def losses(self, outputs: Outputs, targets: Targets) -> Float[np.ndarray, " rows"]:
        rows = zip(torch.from_numpy(outputs)[:, None], torch.from_numpy(targets)[:, None], strict=True)
        return np.array([float(self._value(*row)) for row in rows], outputs.dtype)

    scores = losses

    def nat(self) -> float:
        return self.likelihood.scale

    def _value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        value = self.likelihood.loss(outputs, targets)
        if not isinstance(value, Tensor) or value.dim() != 0:
            came = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise BadInput("loss", expected="a scalar tensor", came=came, remedy="return the mean over the rows")
        return value


#: The losses by name.
LOSSES: dict[str, type[CrossEntropy] | type[BinaryCrossEntropy] | type[SquaredError]] = {
    "binary_cross_entropy": BinaryCrossEntropy,
    "cross_entropy": CrossEntropy,
    "squared_error": SquaredError,
}
#: A loss by name, or of a user's own.
LossChoice = str | Likelihood


def objective(loss: LossChoice, variance: float | None = None) -> Objective:
    """A fresh objective by name, or of a user's own likelihood; of squared errors with noise of a known variance."""
    if isinstance(loss, Likelihood):
        return CustomLoss(loss)
    if loss == "squared_error" and variance is not None:
        return KnownNoise(variance)
    return LOSSES[checks.one_of("loss", loss, LOSSES, plural="losses")]()


def row_losses(
    loss: str, outputs: Float[Tensor, "rows outputs"], targets: Float[Tensor, "rows outputs"]
) -> Float[Tensor, " rows"]:
    r"""A named loss of each row in torch, for autograd.

    They are :math:`-\log \mathrm{softmax}(z)_y`, :math:`|z - y|^2/2`, and of independent labels
    :math:`\sum_k \log(1 + e^{z_k}) - y_k z_k`.

    >>> row_losses("squared_error", torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]]))
    tensor([2.5000])
    """
    if loss == "cross_entropy":
        return -(functional.log_softmax(outputs, 1) * targets).sum(1)
    if loss == "binary_cross_entropy":
        return functional.binary_cross_entropy_with_logits(outputs, targets.to(outputs.dtype), reduction="none").sum(1)
    return (outputs - targets).square().sum(1) / 2
