"""Many small networks on the same rows, their gradients in closed form, and their one-sided derivatives at integers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum.data import load
from continuum.ensemble import Stream
from continuum.widths import Interval, gamma_derivative

Outputs = Float[Tensor, "members rows outputs"]
LossFunction = Callable[[Outputs, Float[Tensor, "rows outputs"]], tuple[Float[Tensor, " members"], Outputs]]


def affine(z: Outputs, target: Float[Tensor, "rows outputs"]) -> tuple[Float[Tensor, " members"], Outputs]:
    """-<t, z>, mean over rows: the loss whose slopes are the same everywhere."""
    rows = len(target)
    return -(z * target).sum((1, 2)) / rows, (-target / rows).expand_as(z)


def squared(z: Outputs, target: Float[Tensor, "rows outputs"]) -> tuple[Float[Tensor, " members"], Outputs]:
    """|z - t|^2 / 2, mean over rows."""
    off = z - target
    return off.square().sum((1, 2)) / (2 * len(target)), off / len(target)


def cross_entropy(z: Outputs, target: Float[Tensor, "rows outputs"]) -> tuple[Float[Tensor, " members"], Outputs]:
    """-log softmax(z)_y in nats, mean over rows; t is one-hot, or what remains of it when its mean is taken off."""
    hot = (target > 0).to(z)
    logs = z.log_softmax(-1)
    return -(logs * hot).sum((1, 2)) / len(target), (logs.exp() - hot) / len(target)


#: Values and slopes of the losses.
LOSSES: dict[str, LossFunction] = {"affine": affine, "squared": squared, "cross_entropy": cross_entropy}
#: The weights of ``Networks``.
WEIGHTS = ("incoming", "bias", "outgoing")


class Gradient(NamedTuple):
    """Mean loss of each network, and its gradient in weights and gates."""

    loss: Float[Tensor, " members"]
    incoming: Float[Tensor, "members inputs units"]
    bias: Float[Tensor, "members 1 units"]
    outgoing: Float[Tensor, "members units outputs"]
    gates: Float[Tensor, "members units"]


@dataclass(frozen=True)
class Networks:
    r"""P networks :math:`z = \sum_i m_i\,\phi(V_i \cdot x + b_i)\,W_i` on the same rows; targets have mean 0."""

    x: Float[Tensor, "rows inputs"]
    target: Float[Tensor, "rows outputs"]
    incoming: Float[Tensor, "members inputs units"]
    bias: Float[Tensor, "members 1 units"]
    outgoing: Float[Tensor, "members units outputs"]
    loss: str = "squared"
    activation: str = "tanh"

    @property
    def units(self) -> int:
        """Allocated hidden units."""
        return self.outgoing.shape[1]

    def take(self, members: Tensor) -> "Networks":
        """Some of the networks, copied."""
        return replace(self, incoming=self.incoming[members], bias=self.bias[members], outgoing=self.outgoing[members])

    def on(self, rows: Tensor) -> "Networks":
        """The same networks (the same memory) on some of the rows."""
        return replace(self, x=self.x[rows], target=self.target[rows])

    def features(self) -> Float[Tensor, "members rows units"]:
        """phi(V x + b)."""
        before = self.x @ self.incoming + self.bias
        return before.tanh() if self.activation == "tanh" else before.relu()

    def gradient(self, gates: Float[Tensor, "members units"], y: Tensor | None = None) -> Gradient:
        """Mean loss and gradient; with fixed features ``y`` the incoming weights are taken as fixed."""
        fixed = y is not None
        y = self.features() if y is None else y
        gated = y * gates.unsqueeze(1)
        loss, slope = LOSSES[self.loss](gated @ self.outgoing, self.target)
        by_gated = slope @ self.outgoing.mT
        outgoing, by_gate = gated.mT @ slope, (by_gated * y).sum(1)
        if fixed:
            return Gradient(loss, torch.zeros(()), torch.zeros(()), outgoing, by_gate)
        curve = 1 - y.square() if self.activation == "tanh" else (y > 0).to(y)
        before = by_gated * gates.unsqueeze(1) * curve
        return Gradient(loss, self.x.T @ before, before.sum(1, keepdim=True), outgoing, by_gate)

    def sides(self, gamma: Float[Tensor, " members"], y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Left and right derivative of the mean loss in gamma under the interval law, by the shipped closed form."""
        y = self.features() if y is None else y
        width = Interval(self.units, gamma, learnable=False)
        _, slope = LOSSES[self.loss]((y * width.gates().unsqueeze(1)) @ self.outgoing, self.target)
        left = gamma_derivative(width, y, self.outgoing, slope, "left")
        return left, gamma_derivative(width, y, self.outgoing, slope, "right")


class Examples(NamedTuple):
    """Standardised inputs, and targets of mean 0: values, or one column per class."""

    x: Float[Tensor, "rows inputs"]
    target: Float[Tensor, "rows outputs"]

    def single(self) -> "Examples":
        """The same with the first output alone."""
        return Examples(self.x, self.target[:, :1])

    @property
    def usual_loss(self) -> str:
        """Cross-entropy of classes, squared loss of a value."""
        return "cross_entropy" if self.target.shape[1] > 1 else "squared"


def examples_of(task: str, kind: str | None, rows: int) -> Examples:
    """Some training rows of a task."""
    loaded = load(task, kind)  # type: ignore[arg-type]
    part = Stream.of(loaded, seed=0).train
    chosen = np.random.default_rng(0).permutation(len(part.x))[:rows]
    target = part.y[chosen].reshape(-1, 1) if not loaded.classes else np.eye(loaded.classes)[part.y[chosen]]
    return Examples(torch.from_numpy(part.x[chosen].copy()), torch.from_numpy(target - target.mean(0)))


def draw(
    examples: Examples, members: int, units: int, *, seed: list[int], spread: float = 0.5, **options: str
) -> Networks:
    """Networks with normal weights: V and b of variance 1/inputs (2/inputs for relu), W of standard deviation s."""
    x, target = examples
    random = np.random.default_rng(seed)
    inputs, outputs = x.shape[1], target.shape[1]
    scale = ((2 if options.get("activation") == "relu" else 1) / inputs) ** 0.5

    def normal(*shape: int) -> Tensor:
        return torch.from_numpy(random.standard_normal((members, *shape)))

    incoming, bias = scale * normal(inputs, units), scale * normal(1, units)
    return Networks(x, target, incoming, bias, spread * normal(units, outputs), **options)


def pinned(
    examples: Examples, members: int, units: int, k: int, *, seed: list[int], loss: str, spread: float
) -> tuple[Networks, Tensor, Tensor]:
    """Of 16 times as many drawn networks the first that are pinned at k with |l|/4 <= r <= 4|l|; also |l| and r."""
    drawn = draw(examples, 16 * members, units, seed=seed, spread=spread, loss=loss)
    left, right = drawn.sides(torch.full((16 * members,), float(k), dtype=torch.float64))
    balanced = (left < 0) & (right > 0) & (right <= -4 * left) & (left >= -4 * right)
    first = balanced.nonzero().flatten()[:members]
    return drawn.take(first), -left[first], right[first]
