"""Gradients behind a gate, as the gate times a density, and scale-free optimisers on many members at once.

Behind a linear gate the fresh unit's gradients are the gate times their densities, which a closed gate has, too. An
optimiser that does not see the size of a gradient trains on the one as on the other, so that the slope of its capacity
loss at an integer is found on the path of width k: theorem N2.6 of the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .initial import MemberWeights
from .network import ACTIVATIONS
from .rows import TaskRows

#: Stands for an epsilon of 0, and gives 0/0 = 0.
TINY = 1e-300


@dataclass(frozen=True)
class ScaleFree:
    """Adam, or with both betas 0 signSGD; no decay."""

    lr: float
    betas: tuple[float, float]
    eps: float = 0.0


@dataclass
class Memory:
    """Adam's two means of one group of weights, and their derivatives in the gate."""

    first: Tensor
    second: Tensor
    slopes: tuple[Tensor, Tensor] | None = None
    count: int = field(default=0)

    def update(self, optimizer: ScaleFree, gradient: Tensor, eps: Tensor | float) -> Tensor:
        """The step that is taken off the weights."""
        (beta, gamma), self.count = optimizer.betas, self.count + 1
        self.first = beta * self.first + (1 - beta) * gradient
        self.second = gamma * self.second + (1 - gamma) * gradient.square()
        root = (self.second / (1 - gamma**self.count)).sqrt()
        return optimizer.lr * self.first / (1 - beta**self.count) / (root + eps + TINY)

    def slope(self, optimizer: ScaleFree, gradient: Tensor, change: Tensor, eps: float) -> Tensor:
        """Derivative of the step where the gradient has the derivative ``change``; after ``update``."""
        beta, gamma = optimizer.betas
        first, second = self.slopes or (torch.zeros_like(change), torch.zeros_like(change))
        first = beta * first + (1 - beta) * change
        second = gamma * second + (1 - gamma) * 2 * gradient * change
        self.slopes = first, second
        scales = 1 - beta**self.count, 1 - gamma**self.count
        root = (self.second / scales[1]).sqrt()
        of_root = second / scales[1] / (2 * root + TINY)
        size = root + eps + TINY
        return optimizer.lr * (first - self.first / size * of_root) / size / scales[0]  # the square of TINY would be 0


def densities(weights: MemberWeights, gate: Tensor, rows: TaskRows, activation: str) -> MemberWeights:
    """Gradients of the mean loss in all weights, those of the fresh unit without the factor ``gate``, (members,).

    Behind gate 1 densities are gradients: only the last unit's are not.
    """
    return _densities(weights, gate, rows, activation, None)[0]


def _densities(
    weights: MemberWeights, gate: Tensor, rows: TaskRows, activation: str, change: MemberWeights | None
) -> tuple[MemberWeights, MemberWeights]:
    """The densities, and their derivatives where the weights have the derivatives ``change``, and the gate 1."""
    x, gates = rows.x, _gates(weights, gate)
    hidden = ACTIVATIONS[activation](weights["V"] @ x)
    z = (gates * weights["W"]).mT @ hidden + weights["b"].unsqueeze(-1)
    predicted = z if rows.kind == "regression" else z.softmax(-2)
    error = (predicted - rows.target) / x.shape[-1]
    slope = 1 - hidden.square() if activation == "tanh" else (hidden > 0).to(hidden.dtype)
    back = weights["W"] @ error
    made = {"V": (back * slope) @ x.mT, "W": hidden @ error.mT, "b": error.sum(-1)}
    if change is None:
        return made, {}
    hidden_change = slope * (change["V"] @ x)
    opened = gates * change["W"] + (1 - _gates(weights, torch.zeros_like(gate))) * weights["W"]
    z_change = opened.mT @ hidden + (gates * weights["W"]).mT @ hidden_change + change["b"].unsqueeze(-1)
    if rows.kind != "regression":
        z_change = predicted * (z_change - (predicted * z_change).sum(-2, keepdim=True))
    error_change = z_change / x.shape[-1]
    slope_change = -2 * hidden * hidden_change if activation == "tanh" else torch.zeros_like(hidden)
    back_change = change["W"] @ error + weights["W"] @ error_change
    return made, {
        "V": (back_change * slope + back * slope_change) @ x.mT,
        "W": hidden_change @ error.mT + hidden @ error_change.mT,
        "b": error_change.sum(-1),
    }


def _gates(weights: MemberWeights, gate: Tensor) -> Tensor:
    """1 for old units, ``gate`` for the last one, (members, units, 1)."""
    ones = torch.ones_like(weights["W"][..., :-1, :1])
    return torch.cat([ones, gate[:, None, None]], -2)


def losses(weights: MemberWeights, gate: Tensor, rows: TaskRows, activation: str) -> Tensor:
    """Mean loss of each member."""
    hidden = ACTIVATIONS[activation](weights["V"] @ rows.x)
    return rows.loss((_gates(weights, gate) * weights["W"]).mT @ hidden + weights["b"].unsqueeze(-1))


def memories(weights: MemberWeights) -> dict[str, Memory]:
    """Before the first step."""
    return {name: Memory(torch.zeros_like(w), torch.zeros_like(w)) for name, w in weights.items()}


Rows = Mapping[str, TaskRows]
Shadow = tuple[MemberWeights, MemberWeights]  # weights at width k, the fresh unit's trained; what they change by in a


def trained(
    rows: Rows, start: MemberWeights, gate: Tensor, optimizer: ScaleFree, horizons: Sequence[int], activation: str
) -> dict[int, MemberWeights]:
    """Weights of ordinary training behind that gate, at the horizons."""
    weights, memory, kept = dict(start), memories(start), {}
    factor = _by_unit(start, 1.0, gate[:, None])
    for step in range(max(horizons) + 1):
        if step in horizons:
            kept[step] = dict(weights)
        gradient = densities(weights, gate, rows["train"], activation)
        for name, w in weights.items():
            weights[name] = w - memory[name].update(optimizer, factor[name] * gradient[name], optimizer.eps)
    return kept


def shadow(
    rows: Rows,
    start: MemberWeights,
    optimizer: ScaleFree,
    horizons: Sequence[int],
    activation: str,
    fresh_eps: float = 0.0,
) -> dict[int, Shadow]:
    """The path of width k with the fresh unit trained on its densities, and the response of all other weights.

    ``fresh_eps`` is the epsilon of the fresh unit: epsilon over the gate.
    """
    weights, memory, kept = dict(start), memories(start), {}
    change = {name: torch.zeros_like(w) for name, w in start.items()}
    old, eps = _by_unit(start, 1.0, 0.0), _by_unit(start, optimizer.eps, fresh_eps)
    closed = torch.zeros(len(start["b"]), dtype=torch.float64)
    still = optimizer.betas == (0.0, 0.0) and not optimizer.eps  # signs do not change in a: there is no response
    for step in range(max(horizons) + 1):
        if step in horizons:
            kept[step] = dict(weights), dict(change)
        gradient, moved = _densities(weights, closed, rows["train"], activation, None if still else change)
        for name, w in weights.items():
            weights[name] = w - memory[name].update(optimizer, gradient[name], eps[name])
            if not still:
                slope = memory[name].slope(optimizer, gradient[name], moved[name], optimizer.eps)
                change[name] = change[name] - old[name] * slope
    return kept


def _by_unit(weights: MemberWeights, old: float, fresh: Tensor | float) -> MemberWeights:
    """One number for all old weights, another for those of the fresh unit."""
    numbers = {name: torch.full_like(w, old) for name, w in weights.items()}
    for name in ("V", "W"):
        numbers[name][..., -1, :] = fresh
    return numbers


def slopes(at: Shadow, rows: TaskRows, activation: str) -> tuple[Tensor, Tensor]:
    """<G^val, W> and the response, of each member."""
    weights, change = at
    closed = torch.zeros(len(weights["b"]), dtype=torch.float64)
    density = densities(weights, closed, rows, activation)
    direct = (density["W"][..., -1, :] * weights["W"][..., -1, :]).sum(-1)
    along = [(density[name] * change[name]).flatten(1).sum(-1) for name in change]
    return direct, torch.stack(along).sum(0)
