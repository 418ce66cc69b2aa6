r"""A width that recruits: the next unit trains a *shadow* of its outgoing weights before its gate opens.

Behind a linear gate the weights of unit k receive :math:`a D_k`, :math:`D_k = \langle F', y_k \rangle`. Adam and
signSGD do not see the factor a, so near an integer they train :math:`W_k` as if the gate were open, and the loss after
training has a kink there: the derivative of the loss in gamma is :math:`\langle D_k, W_k \rangle` with a *trained*
:math:`W_k`. Here that is done at a = 0, where it costs no output anything, for one unit at a time:

* a closed unit has :math:`W_k = 0`; while gamma rests at the integer k, it steps along :math:`D_k + \lambda W_k`, and
  at no other time, so that its gate opens as soon as :math:`\langle D_k, W_k \rangle` is worth the price, and before
  :math:`W_k` has outgrown what an open gate can use;
* gamma goes from integer to integer, stops there, and is moved on by the one-sided derivatives of
  loss + penalty of L2(E) + price, taken on another minibatch than the one that trained the shadow:

  .. math:: r = \langle D'_k, W_k \rangle + \tfrac\lambda2 |W_k|^2 + \rho .

With plain descent :math:`W_k = -\alpha \sum_t D_k(t)` up to the decay, and :math:`E r = \rho - \alpha \sum_t E \langle
D'_k, D_k(t) \rangle`: no coin, for a fresh unit brings no noise. Where it has converged, :math:`r = \rho - |D_k|^2 / (2
\lambda)`, the slope of the optimum.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Shadow:
    """The rule for the members of a mask, at a price per unit of width.

    >>> rule = Shadow(torch.tensor([True, False]))
    >>> rule.trained(torch.tensor([2.0, 2.0]), units=4).tolist()
    [[True, True, True, False], [True, True, False, False]]
    >>> rule.weights(torch.ones(2, 4, 1), torch.tensor([1.5, 1.5]))[..., 0].tolist()
    [[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """

    members: Bool[Tensor, " members"]

    def weights(
        self, outgoing: Float[Tensor, "members units outputs"], gamma: Float[Tensor, " members"]
    ) -> Float[Tensor, "members units outputs"]:
        """The initial outgoing weights: 0 for every closed unit of these members."""
        closed = torch.arange(outgoing.shape[1]) >= gamma.unsqueeze(-1)
        return outgoing.masked_fill((closed & self.members.unsqueeze(-1)).unsqueeze(-1), 0.0)

    def trained(self, gamma: Float[Tensor, " members"], units: int) -> Bool[Tensor, "members units"]:
        """The units that step: the open ones, and of these members at an integer the next one."""
        waiting = self.members & (gamma == gamma.round())
        return torch.arange(units) < (gamma.ceil() + waiting.to(gamma)).unsqueeze(-1)

    def moved(
        self,
        gamma: Float[Tensor, " members"],
        left: Float[Tensor, " members"],
        right: Float[Tensor, " members"],
        lr: Float[Tensor, " members"],
    ) -> Float[Tensor, " members"]:
        """Gamma after a step down the one-sided derivatives, which stops at the next integer.

        Between integers both are the same. At an integer it goes to the side that descends, the steeper of two, and
        rests where neither does.

        >>> rule, one = Shadow(torch.tensor([True])), torch.ones(1)
        >>> [rule.moved(2 * one, left * one, right * one, one).item() for left, right in [(-1, 1), (1, 2), (2, -0.5)]]
        [2.0, 1.0, 1.0]
        >>> rule.moved(1.75 * one, -one, -one, one).item()
        2.0
        """
        up, down = (-right).clamp(min=0), left.clamp(min=0)
        velocity = torch.where(up >= down, up, -down)
        whole = gamma == gamma.round()
        low = torch.where(whole, gamma - 1, gamma.floor())
        high = torch.where(whole, gamma + 1, gamma.ceil())
        return torch.minimum(torch.maximum(gamma + lr * velocity, low), high)
