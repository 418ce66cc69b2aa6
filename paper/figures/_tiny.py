"""A tiny network of real width, trained in a second: what the first figure shows."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from continuum.widths import Interval

#: Allocated units, the integer at which the network was trained, and the width that is explained.
UNITS, PINNED, SHOWN = 4, 2, 2.3
#: Steps of Adam before and after the width has grown, and their learning rate.
EARLY, LATE, LR = 15, 600, 0.03
#: A start whose fresh unit does harm at first and is needed in the end: picked among 60 for clarity, not typical.
SEED = 30
#: Other draws of the fresh unit.
FRESH = 24


@dataclass(frozen=True)
class Tiny:
    """Everything drawn; arrays over ``widths`` unless said otherwise."""

    x: NDArray[np.float64]
    target: NDArray[np.float64]
    gates: NDArray[np.float64]
    outputs: dict[float, NDArray[np.float64]]
    widths: NDArray[np.float64]
    loss: NDArray[np.float64]
    others: NDArray[np.float64]
    trained_at: NDArray[np.float64]
    trained: NDArray[np.float64]
    left: float
    right: float


def gates(gamma: float) -> Tensor:
    """The gates of the interval law."""
    return Interval(units=UNITS, gamma=gamma).double().gates().detach()


class Network:
    """One input, tanh units, one output; ``gates`` has one row per width, and it is trained at all of them at once."""

    def __init__(self, seed: int, copies: int = 1) -> None:
        draw = torch.Generator().manual_seed(seed)
        normal = [torch.randn(UNITS, generator=draw, dtype=torch.float64) for _ in range(3)]
        scaled = (3.0 * normal[0], 1.5 * normal[1], 0.7 * normal[2])
        self.parameters = [p.expand(copies, UNITS).clone().requires_grad_() for p in scaled]

    def output(self, gates: Tensor, x: Tensor) -> Tensor:
        """One row per width."""
        slopes, offsets, weights = self.parameters
        features = torch.tanh(x[None, :, None] * slopes[:, None] + offsets[:, None])
        return (features * (gates * weights)[:, None]).sum(2)

    def loss(self, gates: Tensor, x: Tensor, target: Tensor) -> Tensor:
        """Half the mean squared error of every width."""
        return (self.output(gates, x) - target).square().mean(1) / 2

    def train(self, gates: Tensor, x: Tensor, target: Tensor, steps: int) -> None:
        """Adam on each width."""
        optimizer = torch.optim.Adam(self.parameters, lr=LR)
        for _ in range(steps):
            optimizer.zero_grad()
            torch.autograd.backward(self.loss(gates, x, target).sum())
            optimizer.step()

    def widened(self, copies: int) -> "Network":
        """The same network, once for each of several widths."""
        twin = Network(0, copies)
        twin.parameters = [p.detach().expand(copies, UNITS).clone().requires_grad_() for p in self.parameters]
        return twin

    def reborn(self, seed: int) -> "Network":
        """The same network with another fresh unit."""
        other, twin = Network(seed), self.widened(1)
        with torch.no_grad():
            for ours, its in zip(twin.parameters, other.parameters, strict=True):
                ours[:, PINNED:] = its[:, PINNED:]
        return twin


def tiny(seed: int = SEED) -> Tiny:
    """Train at the integer, look at the loss across it, then train on at every width above it."""
    x = torch.linspace(-1, 1, 41, dtype=torch.float64)
    target = torch.sin(4.5 * x) + 0.4 * x
    network = Network(seed)
    network.train(gates(PINNED)[None], x, target, EARLY)
    widths = np.arange(1.2, 3.0001, 0.05)
    across = torch.stack([gates(gamma) for gamma in widths])
    above = np.arange(PINNED, 3.0001, 0.1)
    later = torch.stack([gates(gamma) for gamma in above])
    grown = network.widened(len(above))
    grown.train(later, x, target, LATE)

    def losses(network: Network, widths: Tensor) -> NDArray[np.float64]:
        return np.asarray(network.widened(len(widths)).loss(widths, x, target).detach())

    shown = (1.0, 2.0, SHOWN, 3.0)
    settled = network.widened(1)
    settled.train(gates(SHOWN)[None], x, target, LATE)
    left, right = _slopes(network, x, target)
    return Tiny(
        x.numpy(), target.numpy(), gates(SHOWN).numpy(),
        {gamma: settled.output(gates(gamma)[None], x).detach().numpy()[0] for gamma in shown},
        widths, losses(network, across),
        np.stack([losses(network.reborn(1000 + seed), across) for seed in range(FRESH)]),
        above, grown.loss(later, x, target).detach().numpy(), left, right,
    )  # fmt: skip


def _slopes(network: Network, x: Tensor, target: Tensor) -> tuple[float, float]:
    """Both one-sided derivatives at the integer: the inner products with the last trained and the first fresh unit."""
    slopes, offsets, weights = (p.detach()[0] for p in network.parameters)
    residual = network.output(gates(PINNED)[None], x).detach()[0] - target
    parts = torch.tanh(x[:, None] * slopes + offsets) * weights
    gradient = (residual[:, None] * parts).mean(0)
    return float(gradient[PINNED - 1]), float(gradient[PINNED])
