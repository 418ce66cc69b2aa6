"""The expectation and its gradient by enumeration: the truth that other estimators are held against."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, Estimator, SampleLoss, evaluate


@dataclass(frozen=True, eq=False)
class Exact(Estimator):
    r"""Sums over all outcomes, as an estimate of one sample without variance.

    .. math:: E f = \sum_b q(b) f(b), \qquad
              \frac{\partial E f}{\partial a_i} = \sum_b q(b)\,(f(b) - E f)\,(b_i - p_i), \qquad p_i = P(b_i = 1).

    Args:
        limit: largest number of outcomes that is enumerated; n Bernoulli entries have :math:`2^n`.

    >>> from continuum.estimators import Bernoulli, Categorical
    >>> estimate = Exact()(Categorical(torch.zeros(4)), lambda b: b @ torch.tensor([1.0, 2.0, 3.0, 4.0]))
    >>> estimate.value.item(), estimate.gradient.tolist()
    (2.5, [-0.375, -0.125, 0.125, 0.375])
    >>> Exact().secants(Bernoulli(torch.zeros(3)), lambda b: b.prod(-1))
    tensor([0.2500, 0.2500, 0.2500])
    """

    limit: int = 2**16

    def __post_init__(self) -> None:
        checks.whole("limit", self.limit, at_least=1)

    def __call__(self, q: Discrete, f: SampleLoss, *, generator: torch.Generator | None = None) -> Estimate:
        copies, outcomes = self._enumerate(q)
        losses, share = evaluate(f, outcomes), copies.log_prob(outcomes).detach().exp()
        value = (share * losses).sum(0, keepdim=True)
        excess = share * (losses - value).detach()
        return Estimate(value, (excess.unsqueeze(-1) * copies.score(outcomes)).sum(0, keepdim=True))

    @torch.no_grad()
    def secants(self, q: Discrete, f: SampleLoss) -> Float[Tensor, "*batch entries"]:
        r"""What turning one entry on changes, all else random: :math:`E[f \mid b_i = 1] - E[f \mid b_i = 0]`.

        For independent Bernoulli entries it is the derivative of :math:`E f` in the probability :math:`p_i`, however
        nonlinear f is; for both families :math:`p_i (1 - p_i)` times it is the derivative in logit i. It stays exact
        where :math:`p_i` rounds to 0 or 1, and is NaN for a categorical law with one outcome, which has no other side.
        """
        copies, outcomes = self._enumerate(q)
        losses, log_share = evaluate(f, outcomes).unsqueeze(-1), copies.log_prob(outcomes).unsqueeze(-1)
        on, off = ((log_share + side.log()).softmax(0) for side in (outcomes, 1 - outcomes))
        return ((on - off) * losses).sum(0)

    def _enumerate(self, q: Discrete) -> tuple[Discrete, Float[Tensor, "outcomes *batch entries"]]:
        """The law once per outcome, and the outcomes."""
        if q.outcomes > self.limit:
            raise BadInput(
                "q",
                expected=f"at most {self.limit} outcomes",
                came=f"those of {q.logits.shape[-1]} {type(q).__name__} entries",
                remedy="sample instead, by ScoreFunction or Rebar, or raise the limit",
            )
        entries = q.logits.shape[-1]
        support = q.support().reshape(q.outcomes, *(1,) * (q.logits.dim() - 1), entries)
        return q.copies(q.outcomes), support.expand(q.outcomes, *q.logits.shape)
