"""The protocol that every law of width obeys."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput


class Width(nn.Module, ABC):
    r"""A real-valued width for a layer of ``units`` ordered hidden units.

    A law assigns a gate :math:`m_i \in [0, 1]` to unit :math:`i = 0, \dots, N-1`; the layer after it sees
    :math:`\sum_i m_i\, y_i W_i`, where :math:`y_i` is the activation of unit i and :math:`W_i` its outgoing
    weights. A subclass implements :meth:`gates` alone; everything else follows from it.

    Every law takes its arguments in one order: the allocated units, then what sets the width (gamma, a cardinality,
    logits, a function), then options by keyword. ``learnable`` is one of these: it says whether what sets the width
    is trained, or stands still.

    Args:
        units: number N of units that are allocated (>= 1).
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = checks.whole("units", units, at_least=1)

    @abstractmethod
    def gates(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """Gate of every unit, in [0, 1].

        Args:
            generator: source of randomness of a law that samples its gates (None: the global one of torch); a law
                whose gates are a function of its parameters ignores it.
        """

    def expected_gates(self) -> Float[Tensor, "*batch units"]:
        """Mean of the gates, where a law samples them in training; the gates themselves elsewhere."""
        return self.gates()

    def cardinality(self) -> Float[Tensor, "*batch"]:
        r"""The real number of units in use, :math:`\sum_i E\,m_i`; never random."""
        return self.expected_gates().sum(-1)

    def forward(self, generator: torch.Generator | None = None) -> Float[Tensor, "*batch units"]:
        """Same as :meth:`gates`, so that a law can be called like any module."""
        return self.gates(generator)

    def _hold(self, name: str, value: Tensor, *, learnable: bool) -> None:
        """Keep a tensor as a parameter, or as a buffer, which no optimiser moves."""
        if learnable:
            self.register_parameter(name, nn.Parameter(value))
        else:
            self.register_buffer(name, value)


def width_tensor(gamma: float | Tensor, units: int) -> Tensor:
    """A width in [0, units] as a floating-point tensor of its own: of the default type, if it is a number of Python.

    >>> width_tensor(2, units=4)
    tensor(2.)
    """
    value = torch.as_tensor(gamma)
    value = value.detach().clone() if value.is_floating_point() else value.to(torch.get_default_dtype())
    return within("gamma", value, units, remedy="lower gamma or allocate more units")


def within(what: str, values: Tensor, units: int, *, remedy: str) -> Tensor:
    """Return ``values`` if all of them lie in [0, units], else raise ``BadInput`` with the first that does not.

    >>> within("gamma", torch.tensor([0.5, 2.0]), 2, remedy="lower it")
    tensor([0.5000, 2.0000])
    """
    inside = (values >= 0) & (values <= units)  # False for NaN
    if not bool(inside.all()):
        raise BadInput(
            what, expected=f"widths in [0, {units}]", came=values[~inside].flatten()[0].item(), remedy=remedy
        )
    return values
