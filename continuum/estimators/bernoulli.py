"""Independent Bernoulli entries, such as the gates of units that are on or off."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from continuum.estimators.discrete import Discrete, Tunable, column, inside


@dataclass(frozen=True, eq=False)
class Bernoulli(Discrete):
    r"""Independent :math:`b_i \in \{0, 1\}` with :math:`P(b_i = 1) = \sigma(a_i)`, a the logits.

    .. math:: z = a + \log\frac{u}{1 - u}, \qquad b = 1[z > 0], \qquad \nu = \sigma(z / t).

    Given b, with the sign :math:`s = 2b - 1` and :math:`\zeta(x) = \log(1 + e^x)`,

    .. math:: \tilde z = s\,\zeta\big(s \log\tfrac{v}{1 - v} + \zeta(s a)\big),

    which is the usual truncated inverse :math:`u = (1 - b)\,v\,\sigma(-a) + b\,(\sigma(-a) + v\,\sigma(a))`, written so
    that nothing cancels.

    Args:
        logits: a, (*batch, n).

    References: C. Maddison, A. Mnih and Y. W. Teh, "The Concrete distribution", ICLR 2017 (the relaxed sample);
    G. Tucker et al., "REBAR", NeurIPS 2017 (the conditional).

    >>> q = Bernoulli(torch.tensor([0.0, 2.0]))
    >>> q.harden(q.perturb(torch.tensor([0.25, 0.25])))
    tensor([0., 1.])
    >>> q.probabilities()
    tensor([0.5000, 0.8808])
    """

    @property
    def outcomes(self) -> int:
        return 1 << self.logits.shape[-1]

    def support(self) -> Float[Tensor, "outcomes entries"]:
        numbers = torch.arange(self.outcomes, device=self.logits.device)
        places = torch.arange(self.logits.shape[-1], device=self.logits.device)
        return ((numbers.unsqueeze(-1) >> places) & 1).to(self.logits.dtype)

    def probabilities(self) -> Float[Tensor, "*batch entries"]:
        return self.logits.sigmoid()

    def log_prob(self, sample: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch"]:
        return logsigmoid((2 * sample - 1) * self.logits).sum(-1)

    def perturb(self, uniform: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        return self.logits + inside(uniform).logit()

    def harden(self, perturbed: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        return (perturbed > 0).to(perturbed.dtype)

    def relax(
        self, perturbed: Float[Tensor, "*batch entries"], temperature: Tunable
    ) -> Float[Tensor, "*batch entries"]:
        return (perturbed / column(temperature, perturbed)).sigmoid()

    def condition(
        self, sample: Float[Tensor, "*batch entries"], uniform: Float[Tensor, "*batch entries"]
    ) -> Float[Tensor, "*batch entries"]:
        sign = 2 * sample - 1
        return sign * _softplus(sign * inside(uniform).logit() + _softplus(sign * self.logits))


def _softplus(x: Tensor) -> Tensor:
    # The one of torch takes log(1 + exp(x)) = x from x = 20 on, which is wrong in the ninth digit.
    return -logsigmoid(-x)
