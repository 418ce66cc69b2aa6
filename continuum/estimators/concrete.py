"""The pathwise estimator through a relaxed sample: low variance at high temperature, but biased."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from continuum.estimators.discrete import Discrete, Tunable
from continuum.estimators.estimator import Estimate, SampleLoss, evaluate, pathwise
from continuum.estimators.sampled import Sampled, check_temperature


@dataclass(frozen=True, eq=False)
class Concrete(Sampled):
    r"""Derivative of the loss of a relaxed sample :math:`\nu`, at fixed noise:

    .. math:: g = \frac{\partial}{\partial a} f(\nu(a, u; t)).

    Value and gradient are those of the relaxed problem. For one Bernoulli entry with logit a the bias of the gradient
    is :math:`\tfrac{\pi^2}{6} t^2 \sigma'''(a) + O(t^4)` if f is linear, but of first order for a nonlinear one
    (:math:`-t\,\sigma''(a) + O(t^2)` for :math:`f = \nu^2`), while the variance grows like :math:`\sigma'(a) / (6 t)`
    for :math:`f = \nu`. Values and gradients are finite at every temperature, in float32, too.

    With ``straight_through`` f sees the hard sample, so that the value is unbiased, and its derivative there is
    passed to the relaxed one at the same noise; the gradient remains biased.

    Args:
        samples: number of samples.
        temperature: t > 0, a number or a tensor that broadcasts against the batch.
        straight_through: evaluate f at hard samples.

    References: C. Maddison, A. Mnih and Y. W. Teh, "The Concrete distribution: a continuous relaxation of discrete
    random variables", ICLR 2017; E. Jang, S. Gu and B. Poole, "Categorical reparameterization with Gumbel-softmax",
    ICLR 2017 (both the relaxation and the straight-through variant).

    >>> import torch
    >>> from continuum.estimators import Bernoulli
    >>> q, half = Bernoulli(torch.zeros(1)), torch.full((1, 1, 1), 0.5)
    >>> Concrete(1, temperature=0.5)(q, lambda m: m.sum(-1), noise=half).gradient  # sigma'(0) / t
    tensor([0.5000])
    """

    temperature: Tunable
    straight_through: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_temperature(self.temperature)

    def _estimate(self, q: Discrete, f: SampleLoss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        check_temperature(self.temperature)  # a tensor may have moved since
        perturbed = q.perturb(noise[0])
        sample = q.relax(perturbed, self.temperature)
        if self.straight_through:
            sample = q.harden(perturbed) + (sample - sample.detach())
        losses = evaluate(f, sample)
        return Estimate(losses, pathwise(losses, q.logits))
