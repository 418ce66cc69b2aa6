"""What all members of an ensemble have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from continuum import checks
from continuum.ensemble.activations import MAPS
from continuum.errors import BadInput
from continuum.widths import Interval, WidthName, width_of
from continuum.widths.cardinal import Cardinal

Optimizer = Literal["adam", "adamw", "sgd"]
Scaling = Literal["standard", "mup", "ntk"]
Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True)
class Settings:
    """Architecture, optimiser and arithmetic of an ensemble.

    Args:
        units: allocated units of each hidden layer (a number stands for one); gamma lies in [0, units].
        activation: tanh, relu or gelu.
        law: which gates a width stands for: interval, soft_support, fuzzy (equal grades) or concrete (expected gates).
        exponent: of the interval law's gates, clip(gamma - i, 0, 1)^p.
        kappa: sharpness of the soft support.
        optimizer: adam (decay added to the gradient), adamw (decoupled decay) or sgd.
        momentum: of sgd.
        batch: rows of a minibatch; the last one of an epoch holds what remains.
        epochs: passes over the training rows.
        schedule: of the learning rates: constant, or cosine (to 0 at the last step).
        scaling: of initial weights and learning rates with the width, see ``continuum.ensemble.initial``.
        patience: stop a member after that many epochs without a better validation loss (None: never).
        chunk: most members that are trained in one go; it bounds the memory.
        dtype: torch.float32 or torch.float64.
        device: cpu or cuda.
    """

    units: tuple[int, ...] | int
    activation: str = "tanh"
    law: WidthName = "interval"
    exponent: float = 1.0
    kappa: float = 10.0
    optimizer: Optimizer = "adam"
    momentum: float = 0.9
    batch: int = 32
    epochs: int = 100
    schedule: Schedule = "constant"
    scaling: Scaling = "standard"
    patience: int | None = None
    chunk: int = 256
    dtype: torch.dtype = torch.float32
    device: str = "cpu"

    def __post_init__(self) -> None:
        units = self.units if isinstance(self.units, Sequence) else (self.units,)
        if not units:
            raise BadInput(
                "units", expected="a number a hidden layer", came="none", remedy="allocate one layer at least"
            )
        if self.dtype not in (torch.float32, torch.float64):
            remedy = "halves lose the small gates"
            raise BadInput("dtype", expected="torch.float32 or torch.float64", came=self.dtype, remedy=remedy)
        object.__setattr__(self, "units", tuple(checks.whole("units", u, at_least=1) for u in units))
        checks.one_of("law", self.law, get_args(WidthName), plural="laws")
        checks.positive("exponent", self.exponent, remedy="1 is the interval law")
        checks.positive("kappa", self.kappa, remedy="10 is sharp enough to tell the integers")
        checks.one_of("activation", self.activation, MAPS, plural="activations")
        checks.one_of("optimizer", self.optimizer, ("adam", "adamw", "sgd"), plural="optimizers")
        checks.one_of("schedule", self.schedule, ("constant", "cosine"), plural="schedules")
        checks.one_of("scaling", self.scaling, ("standard", "mup", "ntk"), plural="scalings")
        for name in ("batch", "epochs", "chunk"):
            checks.whole(name, getattr(self, name), at_least=1)
        if self.patience is not None:
            checks.whole("patience", self.patience, at_least=1)
        checks.number("momentum", self.momentum, low=0.0, high=1 - 1e-9, remedy="0.9 is a common choice")
        check_device(self.device)

    def width(self, units: int, gamma: Tensor) -> Interval | Cardinal:
        """The law of a layer of that many units at width gamma."""
        return width_of(self.law, units, gamma, exponent=self.exponent, kappa=self.kappa)

    @property
    def allocated(self) -> tuple[int, ...]:
        """Allocated units of each hidden layer."""
        return self.units if isinstance(self.units, tuple) else (self.units,)


def check_device(device: str) -> None:
    """Raise ``BadInput`` unless torch can compute on the device: cpu, cuda, or cuda:N."""
    kind, _, number = device.partition(":")
    checks.one_of("device", kind, ("cpu", "cuda"), plural="devices")
    if kind == "cuda" and not torch.cuda.is_available():
        raise BadInput("device", expected="a device that is there", came=f"{device!r} without a GPU", remedy="use cpu")
    there = torch.cuda.device_count() if kind == "cuda" else 0
    if ":" in device and not (number.isdecimal() and int(number) < there):
        known = ", ".join([kind, *(f"{kind}:{n}" for n in range(there))])
        raise BadInput("device", expected=f"one of {known}", came=repr(device), remedy="choose one that is there")
