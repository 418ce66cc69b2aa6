"""The protocol that every estimator obeys, and what it returns."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.errors import BadInput
from continuum.estimators.discrete import Discrete

#: Maps samples, also relaxed ones, of shape (*samples, entries) to losses (*samples), row by row.
SampleLoss = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What each sample says of :math:`E_q f` and of its gradient in the logits.

    Attributes:
        losses: differentiable in whatever f depends on besides the sample, such as weights of a network.
        gradients: of one sample each; differentiable in what tunes the estimator (scale, temperature, surrogate).
    """

    losses: Float[Tensor, " samples *batch"]
    gradients: Float[Tensor, "samples *batch entries"]

    @property
    def value(self) -> Float[Tensor, "*batch"]:
        """Estimate of :math:`E_q f`."""
        return self.losses.mean(0)

    @property
    def gradient(self) -> Float[Tensor, "*batch entries"]:
        """Estimate of the gradient in the logits, a constant: hand it on by ``logits.backward(estimate.gradient)``."""
        return self.gradients.detach().mean(0)

    @property
    def second_moment(self) -> Float[Tensor, "*batch"]:
        r"""Mean over the samples of :math:`|g|^2`, which is the variance plus :math:`|E g|^2`.

        For an unbiased g the second term is fixed, so whatever lowers this lowers the variance of one sample.
        """
        return self.gradients.square().sum(-1).mean(0)


class Estimator(ABC):
    r"""A way to estimate :math:`E_q f` and its gradient in the logits of q."""

    @abstractmethod
    def __call__(self, q: Discrete, f: SampleLoss, *, generator: torch.Generator | None = None) -> Estimate:
        """Estimate.

        Args:
            q: the law, logits (*batch, entries); the graph behind its logits is left alone.
            f: the loss; it sees (samples, *batch, entries) and returns (samples, *batch), each from its row.
            generator: source of the noise, the global one of torch if None; the same state gives the same estimate.
        """


def evaluate(f: SampleLoss, sample: Float[Tensor, "*samples entries"], what: str = "f") -> Float[Tensor, "*samples"]:
    """The losses of the samples; ``what`` names f in an error."""
    losses, shape = f(sample), tuple(sample.shape[:-1])
    came = f"shape {tuple(losses.shape)}" if isinstance(losses, Tensor) else type(losses).__name__
    if came != f"shape {shape}":
        remedy = "reduce the last axis and no other"
        raise BadInput(what, expected=f"one loss per sample, shape {shape}", came=came, remedy=remedy)
    return losses


def pathwise(
    losses: Float[Tensor, "*samples"],
    logits: Float[Tensor, "*samples entries"],
    what: str = "f",
    *,
    tuned: bool = False,
) -> Float[Tensor, "*samples entries"]:
    """Gradient of each loss in the logits of its own sample; ``tuned`` keeps it differentiable in turn."""
    if losses.requires_grad:
        # The graph is kept: the caller may want the gradient in the weights of f, too.
        total = losses.sum()
        (gradient,) = torch.autograd.grad(total, logits, retain_graph=True, create_graph=tuned, allow_unused=True)
        if gradient is not None:
            return gradient
    raise BadInput(
        what,
        expected="losses that are differentiable in the sample",
        came="losses without a path to it",
        remedy="ScoreFunction needs none; else detach nothing, round nothing, and leave torch.no_grad()",
    )
