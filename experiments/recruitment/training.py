"""One loop that trains widths and weights of many networks together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from .arms import LEARNING_RATES, Arm
from .gating import Gating, fractions
from .network import Networks
from .shadow import Shadow
from .stepping import Direction, Stepper
from .tasks import Rows

#: Gamma moves by no more than this in a step, and rests in the first part of the steps.
MOST, REST = 1.0, 0.05
#: Widths are recorded at so many times.
RECORDED = 100


@dataclass(frozen=True)
class Recipe:
    """How to train: steps, rows of a minibatch, decay lambda, seed of the minibatches, steps of gamma."""

    steps: int
    batch: int
    decay: float
    seed: int
    gamma_optimizer: Literal["gd", "adam"] = "gd"


@dataclass
class Trained:
    """What training leaves: gamma at ``RECORDED`` times, and its mean over the last tenth of the steps."""

    gamma: Float[Tensor, " members"]
    mean: Float[Tensor, " members"]
    path: Float[Tensor, "times members"]


class Trainer:
    """Members of one optimizer and one kind of batch, on the same rows."""

    def __init__(self, networks: Networks, arms: Sequence[Arm], rows: Rows, recipe: Recipe) -> None:
        """The outgoing weights of shadows are set to 0."""
        self.networks, self.rows, self.recipe = networks, rows, recipe
        dtype = networks.outgoing.dtype
        self.gating = Gating.of(arms, recipe.decay)
        self.gamma = torch.tensor([arm.start for arm in arms], dtype=dtype)
        self.direction = Direction(recipe.gamma_optimizer)
        self.gamma_lr = torch.tensor([arm.gamma_lr for arm in arms], dtype=dtype)
        self.price = torch.tensor([arm.price for arm in arms], dtype=dtype)
        self.shadow = Shadow(torch.tensor([arm.method == "shadow" for arm in arms]))
        networks.outgoing.copy_(self.shadow.weights(networks.outgoing, self.gamma))
        self.lr = LEARNING_RATES[arms[0].optimizer]
        moving = [0.0 if arm.features == "frozen" else self.lr for arm in arms]
        incoming_lr = torch.tensor(moving, dtype=dtype).view(-1, 1, 1)
        self.stepper = Stepper(networks, arms[0].optimizer, self.lr, incoming_lr)
        self.batches = arms[0].batch == "minibatch"
        # Alike for all optimizers, so that runs are matched row by row; the shadow is judged on other rows.
        self.streams = [torch.Generator().manual_seed(2 * recipe.seed + i) for i in (0, 1)]

    @property
    def most(self) -> int:
        """Allocated units."""
        return self.networks.outgoing.shape[1]

    @torch.no_grad()
    def run(self) -> Trained:
        """Train."""
        steps, path, late = self.recipe.steps, [], torch.zeros_like(self.gamma)
        first = steps - max(steps // 10, 1)
        times = set(torch.linspace(0, steps - 1, RECORDED).long().tolist())
        for step in range(steps):
            if step in times:
                path.append(self.gamma.clone())
            self.step(moving=step >= REST * steps)
            if step >= first:
                late += self.gamma / (steps - first)
        return Trained(self.gamma, late, torch.stack(path))

    def step(self, *, moving: bool) -> None:
        """One step of weights and gamma, both from the same point."""
        units = min(self.most, int(self.gamma.max().ceil()) + 1)
        networks, rows = self.networks.narrow(units), self._rows(0)
        fraction, gates = fractions(self.gamma, units), self.gating.gates(self.gamma, units)
        gradient = networks.gradient(rows, gates)
        trained = self.shadow.trained(self.gamma, units) if moving else fraction > 0
        outgoing = self.gating.weight_gradient(fraction, trained, gradient.density, networks.outgoing)
        gamma = self._moved(gradient.density, networks, gates) if moving else self.gamma
        networks.outgoing.mul_(self.gating.shrinkage(fraction, self.lr).unsqueeze(-1))
        self.stepper.step({"incoming": gradient.incoming, "outgoing": outgoing, "bias": gradient.bias})
        self.gamma = gamma

    def _rows(self, stream: int) -> Rows:
        if not self.batches:
            return self.rows
        count = len(self.rows.x)
        return self.rows.take(torch.randint(count, (self.recipe.batch,), generator=self.streams[stream]))

    def _moved(self, density: Tensor, networks: Networks, gates: Tensor) -> Tensor:
        """Gamma after a step: plain descent, and of shadows the rule."""
        members = self.shadow.members
        if self.batches and bool(members.any()):
            density = torch.where(members.view(-1, 1, 1), networks.density(self._rows(1), gates), density)
        edge = self.gamma.floor().clamp(max=self.most - 1)
        right = self._slope(edge, density, networks)
        step = (self.gamma_lr * self.direction(right)).clamp(-MOST, MOST)
        left = self._slope(self.gamma.ceil() - 1, density, networks)
        beyond = torch.where(self.gamma >= self.most, 0.0, right)  # there is no unit to be born
        ruled = self.shadow.moved(self.gamma, left, beyond, self.gamma_lr)
        return torch.where(members, ruled, self.gamma - step).clamp(0, self.most)

    def _slope(self, edge: Tensor, density: Tensor, networks: Networks) -> Tensor:
        slope = self.gating.slopes(edge.long(), self.gamma - edge, density, networks.outgoing)
        return slope + self.price
