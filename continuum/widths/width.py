"""The protocol that every law of width obeys."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks


class Width(nn.Module, ABC):
    r"""A real-valued width for a layer of ``units`` ordered hidden units.

    A law assigns a gate :math:`m_i \in [0, 1]` to unit :math:`i = 0, \dots, N-1`; the layer after it sees
    :math:`\sum_i m_i\, y_i W_i`, where :math:`y_i` is the activation of unit i and :math:`W_i` its outgoing
    weights. A subclass implements :meth:`gates` alone; everything else follows from it.

    Args:
        units: number N of units that are allocated (>= 1).
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = checks.whole("units", units, at_least=1)

    @abstractmethod
    def gates(self) -> Float[Tensor, "*batch units"]:
        """Gate of every unit, in [0, 1]."""

    def expected_gates(self) -> Float[Tensor, "*batch units"]:
        """Mean of the gates, where a law samples them in training; the gates themselves elsewhere."""
        return self.gates()

    def cardinality(self) -> Float[Tensor, "*batch"]:
        r"""The real number of units in use, :math:`\sum_i E\,m_i`; never random."""
        return self.expected_gates().sum(-1)

    def forward(self) -> Float[Tensor, "*batch units"]:
        """Same as :meth:`gates`, so that a law can be called like any module."""
        return self.gates()
