"""RELAX: unbiased, with a control variate that is learned."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from continuum.estimators.control import controlled
from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, Loss
from continuum.estimators.sampled import Sampled


@dataclass(frozen=True, eq=False)
class Relax(Sampled):
    r"""Score function with any control variate c that is differentiable in the perturbed logits z:

    .. math:: g = (f(b) - c(\tilde z))\,\frac{\partial \log q(b)}{\partial a}
                  + \frac{\partial c(z)}{\partial a} - \frac{\partial c(\tilde z)}{\partial a}.

    Unbiased whatever c is, so c may be learned while the estimator is in use: the gradient of ``second_moment`` in
    the parameters of c is an unbiased estimate of the gradient of the variance. f may be a black box; with
    :math:`c(z) = \eta f(\nu(z; t))` this is REBAR.

    Args:
        samples: number of samples.
        surrogate: c, maps (*samples, entries) to (*samples); a module, or any callable.

    Reference: W. Grathwohl, D. Choi, Y. Wu, G. Roeder and D. Duvenaud, "Backpropagation through the void: optimizing
    control variates for black-box gradient estimation", ICLR 2018.

    >>> import torch
    >>> from continuum.estimators import Bernoulli
    >>> c = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1), torch.nn.Flatten(-2))
    >>> estimate = Relax(100, c)(Bernoulli(torch.zeros(3)), lambda b: (b.sum(-1) - 1).square())
    >>> estimate.second_moment.backward()  # fills the gradients of c
    >>> c[0].weight.grad.shape
    torch.Size([8, 3])
    """

    surrogate: Loss
    uniforms = 2

    def _estimate(self, q: Discrete, f: Loss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        return controlled(q, f, self.surrogate, noise, tuned=True, what="surrogate")
