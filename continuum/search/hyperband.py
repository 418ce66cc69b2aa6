"""Hyperband: successive halving that hedges over how early it gives up."""

from continuum.search.brackets import Rung, brackets
from continuum.search.halving import Halving


class Hyperband(Halving):
    """Each bracket in turn, from the most aggressive to plain random search, and again.

    Reference: Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar, Hyperband, JMLR 2018.

    >>> Hyperband(eta=10).ask(1, left=400)[0].epochs
    1
    """

    name = "hyperband"

    def _rungs(self, number: int) -> list[Rung]:
        every = brackets(self.space.epochs, self.eta)
        return every[number % len(every)]
