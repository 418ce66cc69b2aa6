"""The loss of a user's module, and what of it is one nat."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.loss import Likelihood

#: By name; a function of outputs and targets, the mean over rows, in nats; or one with the scale of a nat.
ModuleLoss = str | Callable[[Tensor, Tensor], Tensor] | Likelihood
#: The losses by name.
NAMES = ("cross_entropy", "binary_cross_entropy", "squared_error")
#: Share by which the running variance of the residual follows that of a batch.
FOLLOW = 0.01
#: Share of the targets' spread below which an error counts as none, unless a coarser resolution is asked for.
RESOLUTION = 0.01


@dataclass
class NatLoss:
    """A loss and the value that stands for one nat by now.

    Args:
        function: of outputs and targets; the mean over rows.
        nat: its multiple that is one nat.
        least: below which the running nat of squared errors does not fall; None where the nat is known.
    """

    function: Callable[[Tensor, Tensor], Tensor]
    nat: float = 1.0
    least: float | None = None

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss."""
        try:
            value = self.function(outputs, targets)
        except RuntimeError as error:  # of a user's own, as PyTorch words it
            expected = f"one of outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)}"
            raise BadInput(
                "loss", expected=expected, came=error, remedy="let the shapes fit, or convert them"
            ) from error
        if not isinstance(value, Tensor) or value.dim():
            came = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise BadInput("loss", expected="a scalar tensor", came=came, remedy="return the mean over the rows")
        return value

    def follow(self, value: float, outputs: Tensor) -> None:
        """Of squared errors: let the nat, the variance of a residual, follow the loss of a batch."""
        if self.least is not None:
            self.nat += FOLLOW * (2 * value / outputs[0].numel() - self.nat)
            self.nat = max(self.nat, self.least)


def nat_loss(loss: ModuleLoss | None, targets: Tensor, resolution: float = 0.0) -> NatLoss:
    """The loss of these targets; without a name cross-entropy of whole numbers, squared errors of others.

    >>> import torch
    >>> nat_loss(None, torch.tensor([0, 1])).function.__name__
    'cross_entropy'
    """
    if isinstance(loss, Likelihood):
        return NatLoss(loss.loss, loss.scale)
    if callable(loss) and not isinstance(loss, str):
        return NatLoss(loss)
    if loss is None:
        loss = "squared_error" if targets.is_floating_point() else "cross_entropy"
    if checks.one_of("loss", loss, NAMES, plural="losses") == "cross_entropy":
        return NatLoss(functional.cross_entropy)
    if loss == "binary_cross_entropy":
        return NatLoss(binary_cross_entropy)
    if not targets.is_floating_point():
        raise BadInput(
            "loss", expected="real targets", came=targets.dtype, remedy="convert them, or take cross_entropy"
        )
    variance = float(targets.double().var(dim=0, correction=0).mean()) or 1.0
    return NatLoss(squared_error, variance, max(RESOLUTION, resolution) ** 2 * variance)


def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Of independent labels, whose losses are summed; the mean over rows.

    >>> import torch
    >>> binary_cross_entropy(torch.zeros(3, 2), torch.ones(3, 2))
    tensor(1.3863)
    """
    targets = targets.to(outputs.dtype)
    return functional.binary_cross_entropy_with_logits(outputs, targets, reduction="sum") / len(outputs)


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Half of :math:`|z - y|^2`, the mean over rows.

    >>> import torch
    >>> squared_error(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0]))
    tensor(2.5000)
    """
    if outputs.numel() != targets.numel():  # they would be broadcast in silence
        came, expected = tuple(targets.shape), f"targets of shape {tuple(outputs.shape)}"
        raise BadInput("data", expected=expected, came=came, remedy="give one target per output")
    return (outputs - targets.reshape(outputs.shape)).square().sum() / (2 * len(outputs))
