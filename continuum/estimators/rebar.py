"""REBAR: unbiased, with the relaxed loss as control variate."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.estimators.control import controlled
from continuum.estimators.discrete import Discrete, Tunable
from continuum.estimators.estimator import Estimate, Loss, evaluate
from continuum.estimators.sampled import Sampled, check_temperature


@dataclass(frozen=True, eq=False)
class Rebar(Sampled):
    r"""Score function with the control variate :math:`c(z) = \eta f(\nu(z; t))`, the loss of the relaxed sample:

    .. math:: g = (f(b) - \eta f(\tilde\nu))\,\frac{\partial \log q(b)}{\partial a}
                  + \eta \frac{\partial f(\nu)}{\partial a} - \eta \frac{\partial f(\tilde\nu)}{\partial a},

    where :math:`\tilde\nu` relaxes :math:`\tilde z \sim p(z \mid b)`. Unbiased for every scale :math:`\eta` and
    temperature t; :math:`\eta = 0` is the score function. f is evaluated three times, twice at relaxed samples.

    If the scale or the temperature is a tensor that requires gradients, so does ``second_moment``, whose gradient in
    them is an unbiased estimate of the gradient of the variance. Ask for just these gradients by
    ``torch.autograd.grad``: ``backward`` would fill those of the weights of f as well.

    Args:
        samples: number of samples.
        temperature: t > 0, a number or a tensor that broadcasts against the batch.
        scale: :math:`\eta`, likewise.

    Reference: G. Tucker, A. Mnih, C. Maddison, D. Lawson and J. Sohl-Dickstein, "REBAR: low-variance, unbiased
    gradient estimates for discrete latent variable models", NeurIPS 2017.

    >>> import torch
    >>> from continuum.estimators import Bernoulli
    >>> scale, f = torch.tensor(0.5, requires_grad=True), lambda m: (m - 0.4).square().sum(-1)
    >>> estimate = Rebar(100, temperature=0.5, scale=scale)(Bernoulli(torch.zeros(3)), f)
    >>> (slope,) = torch.autograd.grad(estimate.second_moment, scale)
    """

    temperature: Tunable
    scale: Tunable = 1.0
    uniforms = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_temperature(self.temperature)
        if not isinstance(self.scale, Tensor):
            checks.number("scale", self.scale)

    def _estimate(self, q: Discrete, f: Loss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        check_temperature(self.temperature)  # a tensor may have moved since

        def surrogate(perturbed: Tensor) -> Tensor:
            return self.scale * evaluate(f, q.relax(perturbed, self.temperature))

        tuned = any(isinstance(t, Tensor) and t.requires_grad for t in (self.scale, self.temperature))
        return controlled(q, f, surrogate, noise, tuned=tuned)
