"""Training of a fresh unit behind a gate by the optimisers of torch, and on the densities of its gradients.

The last unit of a network is the fresh one. Its gradients in (V_k, W_k) are the gate times their *densities*, which a
closed gate has, too; an optimiser that does not see the size of the gradient trains on the one as on the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from proofs_checks.network import Network

Maker = Callable[[list[Tensor]], torch.optim.Optimizer]
Halves = tuple[list[Tensor], list[Tensor]]  # weights of the old units; of the fresh one
#: Stands for an epsilon of 0, and gives sign(0) = 0 where 0/0 would be NaN.
TINY = 1e-300


@dataclass(frozen=True)
class Rule:
    """A rule of descent, as an optimiser of torch and as a function that autograd goes through.

    Args:
        lr: alpha.
        betas: of Adam; with both 0 it is signSGD.
        eps: Adam's epsilon.
        descent: plain gradient descent instead.
    """

    lr: float = 1 / 16
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = TINY
    descent: bool = False

    def optimiser(self, weights: list[Tensor]) -> torch.optim.Optimizer:
        """That of torch."""
        if self.descent:
            return torch.optim.SGD(weights, lr=self.lr)
        return torch.optim.Adam(weights, lr=self.lr, betas=self.betas, eps=self.eps)

    def step(self, gradient: Tensor, memory: list[Tensor], count: int) -> Tensor:
        """What is taken off the weights; ``memory`` holds the means of gradients and squares, and is changed."""
        if self.descent:
            return self.lr * gradient
        first, second = self.betas
        memory[0] = first * memory[0] + (1 - first) * gradient
        memory[1] = second * memory[1] + (1 - second) * gradient**2
        return self.lr * memory[0] / (1 - first**count) / ((memory[1] / (1 - second**count)).sqrt() + self.eps)


ADAM, SIGN, DESCENT = Rule(), Rule(betas=(0.0, 0.0)), Rule(descent=True)


def halves(network: Network) -> Halves:
    """Copies of V and W of the old units, and of the fresh unit."""
    old = [network.incoming[:, :-1], network.outgoing[:-1]]
    fresh = [network.incoming[:, -1:], network.outgoing[-1:]]
    copies = [[part.detach().clone().requires_grad_() for part in parts] for parts in (old, fresh)]
    return copies[0], copies[1]


def whole(network: Network, parts: Halves) -> Network:
    """The network with these weights."""
    (v_old, w_old), (v, w) = parts
    return replace(network, incoming=torch.cat([v_old, v], 1), outgoing=torch.cat([w_old, w]))


def densities(network: Network, parts: Halves, gates: Tensor) -> list[Tensor]:
    """H = d<F', y_k W_k>/dV_k and G = <F', y_k>, with F' at the output under these gates."""
    slope = whole(network, parts).output_gradient(gates)
    v, w = parts[1]
    contribution = network.activation(network.inputs @ v) @ w
    return list(torch.autograd.grad((slope * contribution).sum(), [v, w]))


def train(
    network: Network,
    gates: Tensor,
    steps: int,
    old: Maker,
    fresh: Maker,
    *,
    density: bool = False,
    frozen: Sequence[int] = (),
) -> list[Halves]:
    """The weights before each step and at the end, behind the gates or, for the fresh unit, on the densities.

    ``frozen`` holds 0 where V_k, and 1 where W_k, is left as it is.
    """
    parts = halves(network)
    optimisers = [old(parts[0]), fresh(parts[1])]
    path = [_kept(parts)]
    for _ in range(steps):
        weights = [*parts[0], *parts[1]]
        gradients = list(torch.autograd.grad(whole(network, parts).loss(gates), weights))
        if density:
            gradients[2:] = densities(network, parts, gates)
        for index, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
            weight.grad = None if index - 2 in frozen else gradient
        for optimiser in optimisers:
            optimiser.step()
        path.append(_kept(parts))
    return path


def _kept(parts: Halves) -> Halves:
    old, fresh = ([weight.detach().clone() for weight in half] for half in parts)
    return old, fresh


def elsewhere(network: Network, validation: Network) -> Network:
    """The same weights on the validation rows."""
    return replace(validation, incoming=network.incoming, outgoing=network.outgoing)


def mirrored(network: Network) -> Network:
    """The same network with -W_k for W_k."""
    sign = torch.ones(network.units, 1)
    sign[-1] = -1
    return network.with_outgoing(network.outgoing * sign)


def closed(network: Network) -> Tensor:
    """Gates of width k: the fresh unit is off."""
    return torch.cat([torch.ones(network.units - 1), torch.zeros(1)])


def shadow_slope(
    network: Network, validation: Network, steps: int, old: Rule, fresh: Rule, frozen: Sequence[int] = ()
) -> tuple[Tensor, Tensor]:
    """<G_T^val, W_T> and the response of the old weights, of one start, on the path of width k."""
    run = train(network, closed(network), steps, old.optimiser, fresh.optimiser, density=True, frozen=frozen)
    path = [parts[1] for parts in run]
    gate = torch.zeros((), requires_grad=True)
    weights = halves(network)[0]
    memories = [[torch.zeros_like(w), torch.zeros_like(w)] for w in weights]
    for step in range(steps):
        loss = _driven(network, weights, path[step], gate)
        gradients = torch.autograd.grad(loss, weights, create_graph=True)
        moved = zip(weights, gradients, memories, strict=True)
        weights = [w - old.step(g, memory, step + 1) for w, g, memory in moved]
    total = _slope(validation, weights, path[-1], gate)
    direct = _slope(validation, [weight.detach() for weight in weights], path[-1], gate)
    return direct, total - direct


def _driven(data: Network, old: list[Tensor], fresh: list[Tensor], gate: Tensor) -> Tensor:
    """Loss with these weights where the fresh unit has that gate."""
    return whole(data, (old, fresh)).loss(torch.cat([torch.ones(data.units - 1), gate[None]]))


def _slope(data: Network, old: list[Tensor], fresh: list[Tensor], gate: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(_driven(data, old, fresh, gate), gate, retain_graph=True)
    return slope.detach()


def drawn(seed: int, units: int, outputs: int = 2, rows: int = 5, features: int = 2) -> Network:
    """A tanh network with normal data and weights, none of whose gradients is 0."""
    stream = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=stream, dtype=torch.float64)

    return Network(normal(rows, features), normal(features, units), normal(units, outputs), normal(rows, outputs))
