"""The score-function estimator (REINFORCE): unbiased, and f may be any black box."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, SampleLoss, evaluate
from continuum.estimators.sampled import Sampled

#: Baselines by name.
BASELINES = ("leave_one_out",)


@dataclass(frozen=True, eq=False)
class ScoreFunction(Sampled):
    r"""Losses times scores, less a baseline that the sample itself has no part in:

    .. math:: g_s = (f(b_s) - \beta_s)\,\frac{\partial \log q(b_s)}{\partial a},

    unbiased because the score has mean 0. ``"leave_one_out"`` takes the mean loss of the *other* samples,

    .. math:: \beta_s = \frac{1}{S - 1}\sum_{r \ne s} f(b_r);

    the mean of all S samples would shrink the gradient by the factor :math:`1 - 1/S`. With it the gradients of
    the samples are no longer independent, so their spread says little about the error of their mean.

    Args:
        samples: S (>= 1, and >= 2 to leave one out).
        baseline: None, ``"leave_one_out"``, or a constant: a number, or a tensor that broadcasts against the batch.

    Reference: R. J. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement
    learning", Machine Learning 8, 1992.

    >>> import torch
    >>> from continuum.estimators import Bernoulli
    >>> estimator = ScoreFunction(1000, baseline="leave_one_out")
    >>> q, f = Bernoulli(torch.zeros(2)), lambda b: b.sum(-1)
    >>> gradient = estimator(q, f, generator=torch.Generator().manual_seed(0)).gradient
    >>> torch.allclose(gradient, torch.full((2,), 0.25), atol=0.02)
    True
    """

    baseline: float | Literal["leave_one_out"] | Float[Tensor, "..."] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.baseline, str):
            checks.one_of("baseline", self.baseline, BASELINES, plural="baselines, a number, or None")
            checks.whole("samples", self.samples, at_least=2)
        elif self.baseline is not None and not isinstance(self.baseline, Tensor):
            checks.number("baseline", self.baseline)

    def _estimate(self, q: Discrete, f: SampleLoss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        sample = q.harden(q.perturb(noise[0]))
        losses = evaluate(f, sample)
        excess = self._less_baseline(losses.detach())
        return Estimate(losses, excess.unsqueeze(-1) * q.score(sample))

    def _less_baseline(self, losses: Float[Tensor, " samples *batch"]) -> Float[Tensor, " samples *batch"]:
        if self.baseline is None:
            return losses
        if isinstance(self.baseline, str):
            return (losses - losses.mean(0)) * (self.samples / (self.samples - 1))
        excess: Tensor = losses - self.baseline
        if excess.shape != losses.shape:
            expected, came = f"shape {tuple(losses.shape[1:])} or less", f"baseline of shape {tuple(excess.shape)}"
            raise BadInput("baseline", expected=expected, came=came, remedy="give one number per member of the batch")
        return excess.detach()
