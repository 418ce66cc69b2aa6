"""One network of an ensemble."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.errors import BadInput
from continuum.widths import WidthName, expresses


@dataclass(frozen=True, init=False)
class Member:
    r"""One network, :math:`z = b + \sum_i m_i(\gamma)\, \phi(w_i \cdot x + b_i)\, W_i` (one hidden layer shown).

    Args:
        gamma: width of each hidden layer, in units, 0 or more; a tuple, for which a number may be given where there is
            one layer.
        stream: which of the ensemble's streams it trains on.
        init: seed of the initial weights; members with the same one share their units.
        lr: learning rate of the weights.
        weight_decay: on the weights (not the biases) of the units that are on.
        gamma_lr: learning rate of gamma; 0 keeps gamma fixed.

    >>> Member(gamma=2.5).gamma, Member(gamma=(2.5, 4)).gamma
    ((2.5,), (2.5, 4.0))
    """

    gamma: tuple[float, ...]
    stream: int
    init: int
    lr: float
    weight_decay: float
    gamma_lr: float

    def __init__(
        self,
        gamma: Sequence[float] | Float[np.ndarray, " layers"] | float,
        stream: int = 0,
        init: int = 0,
        lr: float = 1e-2,
        weight_decay: float = 0.0,
        gamma_lr: float = 0.0,
    ) -> None:
        vars(self)["gamma"] = _widths(gamma)
        for name, count in (("stream", stream), ("init", init)):
            vars(self)[name] = checks.whole(name, count, at_least=0)
        for name, number in (("lr", lr), ("weight_decay", weight_decay), ("gamma_lr", gamma_lr)):
            vars(self)[name] = float(checks.number(name, number, low=0.0))

    def check(self, units: tuple[int, ...], law: WidthName) -> None:
        """Raise ``BadInput`` unless the law can give its width to the units of each hidden layer."""
        if len(self.gamma) != len(units):
            raise BadInput(
                "gamma",
                expected=f"{len(units)} widths, one per hidden layer",
                came=self.gamma,
                remedy="give as many as there are layers of units",
            )
        for width, most in zip(self.gamma, units, strict=True):
            checks.number("gamma", width, low=0.0, high=most, remedy="lower gamma or allocate more units")
            if not expresses(law, most, width):
                expected = f"a width that the {law} law can give {most} units"
                raise BadInput("gamma", expected=expected, came=width, remedy="stay inside its range")
        if self.gamma_lr and law != "interval":
            raise BadInput(
                "gamma_lr", expected=f"0 for the {law} law", came=self.gamma_lr, remedy="train its own module"
            )


def _widths(gamma: Sequence[float] | Float[np.ndarray, " layers"] | float) -> tuple[float, ...]:
    """One width per hidden layer; a text is no sequence of them."""
    if isinstance(gamma, np.ndarray) and gamma.ndim:
        gamma = tuple(gamma)
    widths: Sequence[Any] = gamma if isinstance(gamma, Sequence) and not isinstance(gamma, str | bytes) else (gamma,)
    if not widths:
        expected, remedy = "one number per hidden layer", "give one width at least"
        raise BadInput("gamma", expected=expected, came="none", remedy=remedy)
    return tuple(float(checks.number("gamma", width, low=0.0)) for width in widths)
