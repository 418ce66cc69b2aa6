"""One of K outcomes, as a one-hot vector, such as the width of a layer."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from continuum.estimators.discrete import Discrete, Tunable, column, inside


@dataclass(frozen=True, eq=False)
class Categorical(Discrete):
    r"""One-hot b over K outcomes with probabilities :math:`q = \mathrm{softmax}(\mathrm{logits})`.

    .. math:: z = \log q - \log(-\log u), \qquad b = \mathrm{onehot}(\arg\max z), \qquad \nu = \mathrm{softmax}(z / t).

    Given that outcome k won, with fresh noise v,

    .. math:: \tilde z_k = -\log(-\log v_k), \qquad
              \tilde z_i = -\log\Big(\!-\frac{\log v_i}{q_i} - \log v_k\Big) \quad (i \ne k).

    Args:
        logits: (*batch, K); a common shift changes nothing, z included.

    References: E. Jang, S. Gu and B. Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017;
    C. Maddison, A. Mnih and Y. W. Teh, "The Concrete distribution", ICLR 2017; G. Tucker et al., "REBAR", NeurIPS
    2017, appendix (the conditional).

    >>> q = Categorical(torch.tensor([0.0, 0.0, 1.0]))
    >>> q.harden(q.perturb(torch.tensor([0.5, 0.9, 0.5])))
    tensor([0., 1., 0.])
    """

    @property
    def outcomes(self) -> int:
        return int(self.logits.shape[-1])

    def support(self) -> Float[Tensor, "outcomes entries"]:
        return torch.eye(self.outcomes, dtype=self.logits.dtype, device=self.logits.device)

    def probabilities(self) -> Float[Tensor, "*batch entries"]:
        return self.logits.softmax(-1)

    def log_prob(self, sample: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch"]:
        return (sample * self.logits.log_softmax(-1)).sum(-1)

    def perturb(self, uniform: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        return self.logits.log_softmax(-1) + _gumbel(uniform)

    def harden(self, perturbed: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch entries"]:
        return one_hot(perturbed.argmax(-1), self.outcomes).to(perturbed.dtype)

    def relax(
        self, perturbed: Float[Tensor, "*batch entries"], temperature: Tunable
    ) -> Float[Tensor, "*batch entries"]:
        return (perturbed / column(temperature, perturbed)).softmax(-1)

    def condition(
        self, sample: Float[Tensor, "*batch entries"], uniform: Float[Tensor, "*batch entries"]
    ) -> Float[Tensor, "*batch entries"]:
        fresh = _gumbel(uniform)
        largest = (sample * fresh).sum(-1, keepdim=True)  # of z, whose maximum is Gumbel whichever outcome has it
        others = -torch.logaddexp(-fresh - self.logits.log_softmax(-1), -largest)
        return torch.where(sample > 0, largest, others)


def _gumbel(uniform: Tensor) -> Tensor:
    return -torch.log(-torch.log(inside(uniform)))
