"""Training of a small network of real width, its mirror image, and what is left on validation rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.func import functional_call

from continuum.hypergrad import Bilevel
from continuum.widths import Interval
from proofs_checks.network import Network

Weights = tuple[Tensor, Tensor]  # incoming V, outgoing W
Update = Callable[[Tensor, Tensor, list[Tensor]], Tensor]  # weights, gradient, memories (changed) -> weights


def gates_at(gamma: Tensor, units: int, exponent: float = 1.0) -> Tensor:
    """The shipped gates as a function of gamma; at an integer autograd gets the right derivative."""
    law = Interval(units, gamma.detach(), exponent)
    gates: Tensor = functional_call(law, {"gamma": gamma}, ())
    return gates


def mirrored(network: Network, unit: int) -> Network:
    """The same network with -W_k in the place of W_k: the other half of a symmetric initialisation."""
    sign = torch.ones(network.units, 1)
    sign[unit] = -1
    return network.with_outgoing(network.outgoing * sign)


def with_weights(network: Network, weights: Weights) -> Network:
    """The same network with other incoming and outgoing weights."""
    return replace(network, incoming=weights[0], outgoing=weights[1])


@dataclass(frozen=True)
class Descent:
    """T full-batch steps on all weights by one rule: gradient descent, momentum, or Adam with its usual constants.

    Args:
        lr: alpha.
        steps: T.
        momentum: of heavy-ball descent.
        decay: lambda, added to the gradient as lambda w.
        adam: use Adam (with decay and lr, without momentum).
    """

    lr: float
    steps: int
    momentum: float = 0.0
    decay: float = 0.0
    adam: bool = False

    def __call__(self, network: Network, gates: Tensor) -> Network:
        """The trained network; differentiable in the gates."""
        weights = [network.incoming.detach().requires_grad_(), network.outgoing.detach().requires_grad_()]
        memories = [[torch.zeros_like(w), torch.zeros_like(w)] for w in weights]
        for step in range(self.steps):
            loss = with_weights(network, (weights[0], weights[1])).loss(gates)
            gradients = torch.autograd.grad(loss, weights, create_graph=True)
            moved = zip(weights, gradients, memories, strict=True)
            weights = [w - self.lr * self._direction(g + self.decay * w, m, step + 1) for w, g, m in moved]
        return with_weights(network, (weights[0], weights[1]))

    def _direction(self, gradient: Tensor, memory: list[Tensor], count: int) -> Tensor:
        if not self.adam:
            memory[0] = self.momentum * memory[0] + gradient
            return memory[0]
        memory[0] = 0.9 * memory[0] + 0.1 * gradient
        memory[1] = 0.999 * memory[1] + 0.001 * gradient**2
        return memory[0] / (1 - 0.9**count) / ((memory[1] / (1 - 0.999**count)).sqrt() + 1e-8)


def capacity_loss(network: Network, validation: Network, gates: Tensor, fresh: int, descent: Descent) -> Tensor:
    """C_T at these gates: validation loss after training, averaged over both signs of the fresh outgoing weights."""
    runs = [descent(start, gates) for start in (network, mirrored(network, fresh))]
    losses = [with_weights(validation, (run.incoming, run.outgoing)).loss(gates) for run in runs]
    return (losses[0] + losses[1]) / 2


def curvature(network: Network, validation: Network, fresh: int, descent: Descent) -> float:
    """kappa_T = Psi_T''(0)/2 of the last unit, by autograd through the training."""
    phi = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    gates = torch.cat([torch.ones(fresh, dtype=torch.float64), phi])
    loss = capacity_loss(network, validation, gates, fresh, descent)
    (slope,) = torch.autograd.grad(loss, phi, create_graph=True)
    (second,) = torch.autograd.grad(slope, phi)
    return float(second.item()) / 2


def bilevel(network: Network, validation: Network, exponent: float = 1.0) -> Bilevel:
    """Training and validation loss as functions of the weights and of gamma."""

    def loss(data: Network) -> Callable[[Weights, Tensor], Tensor]:
        return lambda weights, gamma: with_weights(data, weights).loss(gates_at(gamma, data.units, exponent))

    return Bilevel(inner=loss(network), outer=loss(validation))
