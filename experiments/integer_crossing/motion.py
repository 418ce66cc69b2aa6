"""Descent on widths and weights of many networks at once, every number at its learning rate."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum.widths import Affine, Interval, SoftSupport

from .network import WEIGHTS, Gradient, Networks

Optimizer = Literal["gd", "momentum", "adam"]
#: Learning rates by what they move: gamma, incoming, bias, outgoing.
LearningRates = Mapping[str, float | Tensor]
#: Optimisers at the learning rate 1.
MAKERS: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
    "gd": lambda numbers: torch.optim.SGD(numbers, lr=1.0),
    "momentum": lambda numbers: torch.optim.SGD(numbers, lr=1.0, momentum=0.9),
    "adam": lambda numbers: torch.optim.Adam(numbers, lr=1.0),
}


class Motion:
    """Networks whose width moves.

    Args:
        networks: changed in place, as far as they have learning rates.
        gamma: width of each network; clipped to [0, units] after each step.
        lr: learning rates, broadcast against gamma, incoming, bias, outgoing; what has none rests.
        optimizer: gd, momentum (0.9) or adam; ``width_optimizer`` is that of gamma, the same by default.
        exponent: of the interval law.
        kappa: sharpness of the soft support, which is the law then.
    """

    def __init__(
        self,
        networks: Networks,
        gamma: Float[Tensor, " members"],
        lr: LearningRates,
        optimizer: Optimizer = "gd",
        exponent: float = 1.0,
        kappa: float | Tensor | None = None,
        width_optimizer: Optimizer | None = None,
    ) -> None:
        self.networks, self.lr = networks, lr
        units = networks.units
        if kappa is None:
            self.law: Interval | SoftSupport = Interval(units, gamma, exponent)
            self._width: torch.nn.Parameter = self.law.gamma  # type: ignore[assignment]
        else:
            field = Affine(gamma)
            self.law, self._width = SoftSupport(units, field, kappa), field.gamma
        self._moved: dict[str, Tensor] = {name: getattr(networks, name) for name in WEIGHTS if name in lr}
        self._optimizers = [MAKERS[width_optimizer or optimizer]([self._width])]
        if self._moved:
            self._optimizers.append(MAKERS[optimizer](list(self._moved.values())))
        self._moved["gamma"] = self._width
        self._fixed = None if "incoming" in lr else networks.features()

    @property
    def gamma(self) -> Float[Tensor, " members"]:
        """Widths, as they are now (one memory with the law)."""
        return self._width.data

    def step(self, rows: Tensor | None = None) -> Gradient:
        """One step, on some of the rows if they are named; the gradient before it."""
        networks = self.networks if rows is None else self.networks.on(rows)
        y = self._fixed if self._fixed is None or rows is None else self._fixed[:, rows]
        gates = self.law.gates()
        gradient = networks.gradient(gates.detach(), y)
        (slope,) = torch.autograd.grad(gates, self._width, gradient.gates)
        # As in the engine: where a square-root gate has an infinite slope, gamma rests.
        gradients = {"gamma": slope.masked_fill(~slope.isfinite(), 0.0)}
        with torch.no_grad():
            self._move(gradients | {name: getattr(gradient, name) for name in self._moved if name != "gamma"})
        return gradient

    def _move(self, gradients: Mapping[str, Tensor]) -> None:
        before = {name: value.detach().clone() for name, value in self._moved.items()}
        for name, value in self._moved.items():
            value.grad = gradients[name]
        for optimizer in self._optimizers:
            optimizer.step()
        for name, value in self._moved.items():  # a step of each optimiser is linear in the learning rate
            lr = torch.as_tensor(self.lr[name], dtype=value.dtype)
            value.copy_(before[name].lerp(value.detach(), lr.expand_as(value)))
        self.gamma.clamp_(0.0, float(self.networks.units))


def first_time(
    motion: Motion, gone: Callable[[Gradient], Tensor], at_most: Float[Tensor, " members"]
) -> Float[np.ndarray, " members"]:
    """Steps taken before ``gone`` holds for the first time, at most ``at_most``."""
    steps = at_most.clone()
    for step in range(int(at_most.max())):
        steps = torch.where(gone(motion.step()) & (steps > step), float(step), steps)
        if bool((steps <= step).all()):
            break
    return steps.numpy()
