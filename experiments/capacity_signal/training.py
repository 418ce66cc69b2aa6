"""Training the networks of capacity_signal, and what the fresh unit of one that is off would do."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .initial import MemberWeights
from .network import Network

#: Decay of Adam's means of gradients and of their squares, and what is added to the root of the latter.
BETAS, EPS = (0.9, 0.999), 1e-8
#: Rows of a minibatch.
BATCH = 32


@dataclass(frozen=True)
class Schedule:
    """Gradient descent of ``steps`` steps on all rows; or Adam, or minibatches, which the theory does not cover."""

    lr: float
    steps: int
    optimizer: str = "descent"
    minibatches: bool = False


def train(
    network: Network, start: MemberWeights, gamma: Tensor, schedule: Schedule, *, watched: bool = True
) -> tuple[Tensor, MemberWeights]:
    """Validation loss before each step and at the end, (steps + 1, members), and the final weights.

    Unless ``watched`` the curve is its end alone, (1, members), in two thirds of the time. Under a metric the final
    weights are those of the anchored network.
    """
    network, start = network.anchored(start)
    weights = {name: tensor.clone() for name, tensor in start.items()}
    memory: dict[str, tuple[Tensor, Tensor]] = {}
    curve = []
    for step in range(schedule.steps):
        if watched:
            with torch.no_grad():
                curve.append(network.loss(weights, gamma, "validation"))
        leaves = {name: tensor.requires_grad_() for name, tensor in weights.items()}
        batch = _minibatch(network, step) if schedule.minibatches else network
        gradients = torch.autograd.grad(batch.inner(leaves, gamma).sum(), list(leaves.values()))
        weights = {
            name: leaf.detach() - schedule.lr * _direction(schedule, memory, name, gradient, step + 1)
            for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True)
        }
    with torch.no_grad():
        curve.append(network.loss(weights, gamma, "validation"))
    return torch.stack(curve), weights


def _direction(
    schedule: Schedule, memory: dict[str, tuple[Tensor, Tensor]], name: str, gradient: Tensor, step: int
) -> Tensor:
    """What a step goes along, against its sign; Adam remembers in ``memory``."""
    if schedule.optimizer == "descent":
        return gradient
    first, second = memory.get(name, (torch.zeros_like(gradient), torch.zeros_like(gradient)))
    first = BETAS[0] * first + (1 - BETAS[0]) * gradient
    second = BETAS[1] * second + (1 - BETAS[1]) * gradient.square()
    memory[name] = first, second
    return first / (1 - BETAS[0] ** step) / ((second / (1 - BETAS[1] ** step)).sqrt() + EPS)


def _minibatch(network: Network, step: int) -> Network:
    """The same network on some of the training rows, alike for all members."""
    rows = network.rows["train"]
    chosen = torch.from_numpy(np.random.default_rng([step]).permutation(rows.x.shape[1])[:BATCH].copy())
    few = replace(rows, x=rows.x[:, chosen], target=rows.target[:, chosen])
    return replace(network, rows={**network.rows, "train": few})


def fresh_gradient(network: Network, weights: MemberWeights, part: str) -> Tensor:
    r"""G_k, the gradient of the loss of a network of width k in unit k's *effective* weights, (members, outputs)."""
    gamma = torch.full(weights["W"].shape[:-2], float(network.width), dtype=torch.float64)
    with torch.enable_grad():
        output = network.output(weights, gamma, part).detach().requires_grad_()
        slope = torch.autograd.grad(network.rows[part].loss(output).sum(), output)[0]
    fresh = network.hidden(weights, network.rows[part].x)[..., -1, :]
    return torch.einsum("...cn,...n->...c", slope, fresh)


def curvature(network: Network, weights: MemberWeights, part: str) -> Tensor:
    r""":math:`\tfrac12 E\langle c_k, F''(S_k)\,c_k\rangle` of a network of width k, one value per member."""
    gamma = torch.full(weights["W"].shape[:-2], float(network.width), dtype=torch.float64)
    rows = network.rows[part]
    fresh = network.hidden(weights, rows.x)[..., -1, :]
    change = weights["W"][..., -1, :, None] * fresh.unsqueeze(-2)
    if rows.kind == "regression":
        return change.square().sum(-2).mean(-1) / 2
    chance = network.output(weights, gamma, part).softmax(-2)
    mean = (chance * change).sum(-2)
    return ((chance * change.square()).sum(-2) - mean.square()).mean(-1) / 2


def running_mean(curve: Tensor) -> Tensor:
    """Mean over time of a curve up to each of its points, trapezoidal, the start included."""
    areas = torch.cat([torch.zeros_like(curve[:1]), ((curve[1:] + curve[:-1]) / 2).cumsum(0)])
    steps = torch.arange(len(curve), dtype=curve.dtype).clamp_min(1).reshape(-1, *[1] * (curve.dim() - 1))
    return torch.where(torch.arange(len(curve)).reshape(steps.shape) == 0, curve, areas / steps)
