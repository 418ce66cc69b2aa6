"""Successive halving: many networks for an epoch, the best of them for longer, and again."""

from continuum.search.brackets import Rung, bracket, halvings
from continuum.search.halving import Halving


class SuccessiveHalving(Halving):
    """The most aggressive bracket of Hyperband, over and over, each time on new points.

    Reference: Jamieson & Talwalkar, Non-stochastic Best Arm Identification, AISTATS 2016.

    >>> proposals = SuccessiveHalving().ask(81, left=400)
    >>> len(proposals), {proposal.epochs for proposal in proposals}
    (81, {1})
    """

    name = "successive_halving"

    def _rungs(self, number: int) -> list[Rung]:
        return bracket(self.space.epochs, self.eta, halvings(self.space.epochs, self.eta))
