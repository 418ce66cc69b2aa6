"""Unbiased estimators with a control variate: REBAR, where it is the relaxed loss, and RELAX, where it is learned."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.estimators.discrete import Discrete, Tunable
from continuum.estimators.estimator import Estimate, SampleLoss, evaluate, pathwise
from continuum.estimators.sampled import Sampled, check_temperature


def controlled(
    q: Discrete,
    f: SampleLoss,
    surrogate: SampleLoss,
    noise: Float[Tensor, "uniforms *samples entries"],
    *,
    tuned: bool,
    what: str = "f",
) -> Estimate:
    r"""Score function of :math:`f - c`, plus what c itself contributes, by reparametrisation:

    .. math:: g = (f(b) - c(\tilde z))\,\frac{\partial \log q(b)}{\partial a}
                  + \frac{\partial c(z)}{\partial a} - \frac{\partial c(\tilde z)}{\partial a},

    with the perturbed logits z, their hardening b, and :math:`\tilde z \sim p(z \mid b)` from fresh noise. Given b,
    :math:`\tilde z` has the law of z, so the terms with c add up to 0 in the mean, whatever c is. The last two
    differ because only z counts how the law of b moves with a.

    Args:
        q: the law, one copy of its logits per sample.
        f: the loss, at hard samples.
        surrogate: c, at perturbed logits.
        noise: two uniform numbers per entry, for z and for :math:`\tilde z`.
        tuned: keep the gradients differentiable in what c depends on.
        what: the name of c in an error.
    """
    perturbed = q.perturb(noise[0])
    sample = q.harden(perturbed)
    conditional = q.condition(sample, noise[1])
    losses = evaluate(f, sample)
    free, tied = (evaluate(surrogate, z, what) for z in (perturbed, conditional))
    path = pathwise(free - tied, q.logits, what, tuned=tuned)
    gradients = (losses.detach() - tied).unsqueeze(-1) * q.score(sample) + path
    return Estimate(losses, gradients if tuned else gradients.detach())


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

    def _estimate(self, q: Discrete, f: SampleLoss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        check_temperature(self.temperature)  # a tensor may have moved since

        def surrogate(perturbed: Tensor) -> Tensor:
            return self.scale * evaluate(f, q.relax(perturbed, self.temperature))

        tuned = any(isinstance(t, Tensor) and t.requires_grad for t in (self.scale, self.temperature))
        return controlled(q, f, surrogate, noise, tuned=tuned)


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

    surrogate: SampleLoss
    uniforms = 2

    def _estimate(self, q: Discrete, f: SampleLoss, noise: Float[Tensor, "uniforms *samples entries"]) -> Estimate:
        return controlled(q, f, self.surrogate, noise, tuned=True, what="surrogate")
