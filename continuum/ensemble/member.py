"""One network of an ensemble."""

from collections.abc import Sequence
from dataclasses import dataclass

from continuum import checks
from continuum.errors import BadInput
from continuum.widths import WidthName, expresses


@dataclass(frozen=True)
class Member:
    r"""One network, :math:`z = b + \sum_i m_i(\gamma)\, \phi(w_i \cdot x + b_i)\, W_i` (one hidden layer shown).

    Args:
        gamma: width of each hidden layer, in units (a number stands for one layer).
        stream: which of the ensemble's streams it trains on.
        init: seed of the initial weights; members with the same one share their units.
        lr: learning rate of the weights.
        weight_decay: on the weights (not the biases) of the units that are on.
        gamma_lr: learning rate of gamma; 0 keeps gamma fixed.
    """

    gamma: tuple[float, ...] | float
    stream: int = 0
    init: int = 0
    lr: float = 1e-2
    weight_decay: float = 0.0
    gamma_lr: float = 0.0

    def __post_init__(self) -> None:
        gamma = self.gamma if isinstance(self.gamma, Sequence) else (self.gamma,)
        object.__setattr__(self, "gamma", tuple(float(g) for g in gamma))
        for name in ("lr", "weight_decay", "gamma_lr"):
            object.__setattr__(self, name, float(checks.number(name, getattr(self, name), low=0.0)))
        for name in ("stream", "init"):
            checks.whole(name, getattr(self, name), at_least=0)

    @property
    def gammas(self) -> tuple[float, ...]:
        """Width of each hidden layer."""
        return self.gamma if isinstance(self.gamma, tuple) else (self.gamma,)

    def check(self, allocated: tuple[int, ...], law: WidthName) -> None:
        """Raise ``BadInput`` unless the law can give the units allocated to each layer its width."""
        if len(self.gammas) != len(allocated):
            raise BadInput(
                "gamma",
                expected=f"{len(allocated)} widths, one a hidden layer",
                came=self.gammas,
                remedy="give as many as there are layers of units",
            )
        for gamma, units in zip(self.gammas, allocated, strict=True):
            checks.number("gamma", gamma, low=0.0, high=units, remedy="lower gamma or allocate more units")
            if not expresses(law, units, gamma):
                expected = f"a width that the {law} law can give {units} units"
                raise BadInput("gamma", expected=expected, came=gamma, remedy="stay inside its range")
        if self.gamma_lr and law != "interval":
            raise BadInput(
                "gamma_lr", expected=f"0 for the {law} law", came=self.gamma_lr, remedy="train its own module"
            )
