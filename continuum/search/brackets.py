r"""The brackets of Hyperband, in whole numbers: a logarithm in floats loses the last bracket of 243 epochs at 3."""

from dataclasses import dataclass
from itertools import pairwise

from continuum import checks


@dataclass(frozen=True)
class Rung:
    """So many networks are trained to so many epochs; the best go on."""

    count: int
    epochs: int


def halvings(most: int, eta: int) -> int:
    r""":math:`\lfloor\log_\eta R\rfloor`, exactly.

    >>> halvings(243, 3), halvings(242, 3)
    (5, 4)
    """
    checks.whole("most", most, at_least=1)
    checks.whole("eta", eta, at_least=2)
    count = 0
    while eta ** (count + 1) <= most:
        count += 1
    return count


def bracket(most: int, eta: int, s: int) -> list[Rung]:
    r"""Bracket s of Hyperband on ``most`` epochs R: rung i has :math:`\lfloor n\eta^{-i}\rfloor` networks, trained to
    :math:`\lfloor R\eta^{i-s}\rfloor` epochs, where :math:`n = \lceil\frac{s_{max}+1}{s+1}\eta^s\rceil`.

    Reference: Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar, Hyperband, JMLR 2018, algorithm 1.

    >>> bracket(27, 3, 2)
    [Rung(count=12, epochs=3), Rung(count=4, epochs=9), Rung(count=1, epochs=27)]
    """
    top = halvings(most, eta)
    count = -(-(top + 1) * eta**s // (s + 1))
    return [Rung(count // eta**rung, most * eta**rung // eta**s) for rung in range(s + 1)]


def brackets(most: int, eta: int) -> list[list[Rung]]:
    """All brackets, from the one that starts the most networks to the one that trains each to the end.

    >>> sum(cost(rungs, resuming=False) for rungs in brackets(27, 3))
    423
    """
    return [bracket(most, eta, s) for s in range(halvings(most, eta), -1, -1)]


def cost(rungs: list[Rung], *, resuming: bool) -> int:
    """Epochs of a bracket, where what goes on is trained from the start, or from where it was.

    >>> sum(cost(rungs, resuming=True) for rungs in brackets(27, 3))
    357
    """
    if not resuming:
        return sum(rung.count * rung.epochs for rung in rungs)
    increments = [after.count * (after.epochs - before.epochs) for before, after in pairwise(rungs)]
    return rungs[0].count * rungs[0].epochs + sum(increments)
