"""The control variate that REBAR and RELAX share."""

from jaxtyping import Float
from torch import Tensor

from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, Loss, evaluate, pathwise


def controlled(
    q: Discrete,
    f: Loss,
    surrogate: Loss,
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
        q: the law, one copy of its logits for each sample.
        f: the loss, at hard samples.
        surrogate: c, at perturbed logits.
        noise: two uniform numbers an entry, for z and for :math:`\tilde z`.
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
