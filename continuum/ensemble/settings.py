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
from continuum.widths.cardinal import KAPPA, Cardinal, check_exponent

Optimizer = Literal["adam", "adamw", "sgd"]
Scaling = Literal["standard", "mup", "ntk"]
Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True, init=False)
class Settings:
    """Architecture, optimiser and arithmetic of an ensemble.

    Args:
        units: allocated units of each hidden layer, between which and 0 gamma lies; a tuple, for which a number may be
            given where there is one layer.
        activation: tanh, relu or gelu.
        law: which gates a width stands for: interval, soft_support, fuzzy (equal grades) or concrete (expected gates).
        exponent: p of the interval law's gates, clip(gamma - i, 0, 1)^p; 0.5 is the square-root gate. The other
            laws take 1.
        kappa: sharpness of the soft support.
        optimizer: adam (decay added to the gradient), adamw (decoupled decay) or sgd.
        momentum: of sgd.
        batch: rows of a minibatch; the last one of an epoch holds what remains.
        epochs: passes over the training rows.
        schedule: of the learning rates: constant, or cosine (to 0 at the last step).
        scaling: of initial weights and learning rates with the width, see ``continuum.ensemble.initial``.
        patience: epochs without a better validation loss after which a member is stopped; 0 never stops one.
        chunk: most members that are trained in one go; it bounds the memory.
        dtype: torch.float32 or torch.float64.
        device: cpu or cuda.
    """

    units: tuple[int, ...]
    activation: str
    law: WidthName
    exponent: float
    kappa: float
    optimizer: Optimizer
    momentum: float
    batch: int
    epochs: int
    schedule: Schedule
    scaling: Scaling
    patience: int
    chunk: int
    dtype: torch.dtype
    device: str

    def __init__(
        self,
        units: Sequence[int] | int,
        activation: str = "tanh",
        law: WidthName = "interval",
        exponent: float = 1.0,
        kappa: float = KAPPA,
        optimizer: Optimizer = "adam",
        momentum: float = 0.9,
        batch: int = 32,
        epochs: int = 100,
        schedule: Schedule = "constant",
        scaling: Scaling = "standard",
        patience: int = 0,
        chunk: int = 256,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> None:
        vars(self).update({name: value for name, value in locals().items() if name != "self"})
        vars(self)["units"] = _allocated(units)
        self._check()

    def _check(self) -> None:
        if self.dtype not in (torch.float32, torch.float64):
            remedy = "halves lose the small gates"
            raise BadInput("dtype", expected="torch.float32 or torch.float64", came=self.dtype, remedy=remedy)
        checks.one_of("law", self.law, get_args(WidthName), plural="laws")
        check_exponent(self.law, self.exponent)
        checks.positive("kappa", self.kappa, remedy="10 is sharp enough to tell the integers")
        checks.one_of("activation", self.activation, MAPS, plural="activations")
        checks.one_of("optimizer", self.optimizer, get_args(Optimizer), plural="optimizers")
        checks.one_of("schedule", self.schedule, get_args(Schedule), plural="schedules")
        checks.one_of("scaling", self.scaling, get_args(Scaling), plural="scalings")
        for name in ("batch", "epochs", "chunk"):
            checks.whole(name, getattr(self, name), at_least=1)
        checks.whole("patience", self.patience, at_least=0)
        checks.number("momentum", self.momentum, low=0.0, high=1 - 1e-9, remedy="0.9 is a common choice")
        check_device(self.device)

    def width(self, units: int, gamma: Tensor) -> Interval | Cardinal:
        """The law of a layer of that many units at width gamma."""
        return width_of(self.law, units, gamma, exponent=self.exponent, kappa=self.kappa)


def _allocated(units: Sequence[int] | int) -> tuple[int, ...]:
    layers = units if isinstance(units, Sequence) else (units,)
    if not layers:
        expected, remedy = "one number per hidden layer", "allocate one layer at least"
        raise BadInput("units", expected=expected, came="none", remedy=remedy)
    return tuple(checks.whole("units", most, at_least=1) for most in layers)


def check_device(device: str) -> None:
    """Raise ``BadInput`` unless torch can compute on the device: cpu, cuda, or cuda:N."""
    kind, _, number = device.partition(":")
    checks.one_of("device", kind, ("cpu", "cuda"), plural="devices")
    if kind == "cuda" and not torch.cuda.is_available():
        raise BadInput("device", expected="a device that is there", came=f"{device!r} without a GPU", remedy="use cpu")
    count = torch.cuda.device_count() if kind == "cuda" else 0
    if ":" in device and not (number.isdecimal() and int(number) < count):
        known = ", ".join([kind, *(f"{kind}:{n}" for n in range(count))])
        raise BadInput("device", expected=f"one of {known}", came=repr(device), remedy="choose one that is there")
