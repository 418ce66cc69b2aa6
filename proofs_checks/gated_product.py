"""Checks on the product of the gate and the outgoing weight of the edge neuron, on the shipped code."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from hypothesis import assume
from torch import Tensor

from continuum.widths import Interval
from proofs_checks.compare import close, require
from proofs_checks.network import Activation, Network
from proofs_checks.shipped import Engine, linears, mlp

STEP = 1 / 64
Pair = tuple[Tensor, Tensor]


def effective_gradient(network: Network, gamma: float, exponent: float = 1.0) -> Tensor:
    """g = dl/dv_k in R^m for v_k = a^p W_k: sum over rows of F' y_k."""
    k = math.floor(gamma)
    gates = torch.tensor([1.0] * k + [(gamma - k) ** exponent] + [0.0] * (network.units - k - 1))
    return network.activations()[:, k] @ network.output_gradient(gates)


def product_rule(network: Network, gamma: float, exponent: float) -> Pair:
    """dl/dgamma = p a^(p-1) <g, W_k>, dl/dW_k = a^p g."""
    k, g = math.floor(gamma), effective_gradient(network, gamma, exponent)
    a = gamma - k
    return exponent * a ** (exponent - 1) * (g @ network.outgoing[k]), a**exponent * g


def lost_gate(network: Network, gamma: float, exponent: float) -> Pair:
    """dl/dW_k = g, as in the metric of L2(E(gamma))."""
    return product_rule(network, gamma, exponent)[0], effective_gradient(network, gamma, exponent)


def lost_power(network: Network, gamma: float, exponent: float) -> Pair:
    """a and W_k symmetric for every power."""
    k, g = math.floor(gamma), effective_gradient(network, gamma, exponent)
    return g @ network.outgoing[k] * (gamma - k) ** (exponent - 1), product_rule(network, gamma, exponent)[1]


def shipped_gradients(network: Network, gamma: float, exponent: float = 1.0) -> Pair:
    """dl/dgamma and dl/dW_k by autograd through the shipped network."""
    width = Interval(network.units, gamma, exponent)
    net = mlp(network, width)
    loss = network.criterion(net(network.inputs), network.targets)
    slope, weights = torch.autograd.grad(loss, [width.gamma, linears(net)[1].weight])
    return slope, weights[:, math.floor(gamma)]


def gradients(rule: Callable[..., Pair], network: Network, gamma: float, exponent: float) -> None:
    """Both gradients; and Euler's relation a dl/da = p <W, dl/dW> between them."""
    slope, weights = shipped_gradients(network, gamma, exponent)
    k = math.floor(gamma)
    for actual, expected in zip((slope, weights), rule(network, gamma, exponent), strict=True):
        close(actual, expected)
    close((gamma - k) * slope, exponent * (network.outgoing[k] @ weights))


def at_birth(rule: Callable[..., Pair], network: Network, k: int) -> None:
    """At a = 0 the engine moves gamma by <g, W_k> and leaves W_k alone."""
    engine = Engine.of(network, float(k), lr=STEP, gamma_lr=STEP)
    engine.step()
    slope, weights = rule(network, float(k), 1.0)
    close(engine.outgoing[k], network.outgoing[k] - STEP * weights, 1e-14)
    close(engine.gamma, (k - STEP * slope).clamp(0, network.units), 1e-13)


def drift(a: float, slope: Tensor, weights: Tensor, exponent: float, lr: float, gamma_lr: float) -> Tensor:
    """Change of a^2 / gamma_lr - p |W|^2 / lr in one step: gamma_lr (dl/da)^2 - p lr |dl/dW|^2."""
    return gamma_lr * slope**2 - exponent * lr * weights.square().sum()


def one_step(
    change: Callable[..., Tensor], network: Network, gamma: float, exponent: float, lr: float, gamma_lr: float
) -> None:
    """One step of the engine, all weights and gamma at once."""
    k, engine = math.floor(gamma), Engine.of(network, gamma, lr=lr, gamma_lr=gamma_lr, exponent=exponent)
    engine.step()
    assume(0 < engine.gamma < network.units)

    def quantity(width: Tensor, outgoing: Tensor) -> Tensor:
        return (width - k) ** 2 / gamma_lr - exponent * outgoing[k].square().sum() / lr

    actual = quantity(engine.gamma, engine.outgoing) - quantity(torch.tensor(gamma), network.outgoing)
    slope, weights = product_rule(network, gamma, exponent)
    close(actual, change(gamma - k, slope, weights, exponent, lr, gamma_lr), 1e-9)


def anisotropic(a: float, weight: Tensor, g: Tensor) -> Tensor:
    """-(a^2 I + W W^T) g."""
    return -(a**2 * g + weight * (weight @ g))


def speed(velocity: Callable[[float, Tensor, Tensor], Tensor], network: Network, gamma: float) -> None:
    """dv/dt = a' W + a W' under the flow that autograd gives."""
    k = math.floor(gamma)
    a, weight = gamma - k, network.outgoing[k]
    slope, weights = shipped_gradients(network, gamma)
    expected = velocity(a, weight, effective_gradient(network, gamma))
    close(-slope * weight - a * weights, expected)


def extra_time(factor: Callable[[float, Tensor], Tensor], network: Network, gamma: float) -> None:
    """One output: training gate and weight moves v as training the weight alone does, at a multiple of its speed."""
    k = math.floor(gamma)
    a, weight = gamma - k, network.outgoing[k]
    slope, weights = shipped_gradients(network, gamma)
    close(-slope * weight - a * weights, -a * weights * factor(a, weight))


Directions = Callable[[float, Tensor], Tensor]


def output_jacobian(network: Network, gamma: float) -> Tensor:
    """Derivatives of all outputs of the shipped network in (gamma, W_k)."""
    width = Interval(network.units, gamma)
    net = mlp(network, width)
    values = net(network.inputs).flatten()
    parts = [torch.autograd.grad(v, [width.gamma, linears(net)[1].weight], retain_graph=True) for v in values]
    return torch.stack([torch.cat([slope[None], weights[:, math.floor(gamma)]]) for slope, weights in parts])


def kernel(direction: Directions, network: Network, gamma: float) -> None:
    """A direction in (a, W_k) along which no output moves."""
    k = math.floor(gamma)
    moved = output_jacobian(network, gamma) @ direction(gamma - k, network.outgoing[k])
    close(moved, torch.zeros_like(moved))


def full_unless_born(a: float, weight: Tensor) -> int:
    """m for a != 0; at a = 0 what gamma alone does."""
    return len(weight) if a else int(bool(weight.any()))


def rank(count: Callable[[float, Tensor], int], network: Network, gamma: float) -> None:
    """Number of directions in which (a, W_k) moves the outputs."""
    k = math.floor(gamma)
    assume(network.activations()[:, k].abs().max() > 1e-2)
    measured = torch.linalg.matrix_rank(output_jacobian(network, gamma), atol=1e-6)
    require(int(measured) == count(gamma - k, network.outgoing[k]), f"the rank is {int(measured)}")


def orbit(weight: Callable[[Tensor, float], Tensor], network: Network, gamma: float, scale: float) -> None:
    """The curve of equal outputs: gate s a, outgoing weight W / s."""
    k = math.floor(gamma)
    outgoing = network.outgoing.clone()
    outgoing[k] = weight(outgoing[k], scale)
    moved = mlp(network.with_outgoing(outgoing), Interval(network.units, k + scale * (gamma - k)))(network.inputs)
    close(moved, mlp(network, Interval(network.units, gamma))(network.inputs))


def incoming(case: tuple[Activation, bool], network: Network, gamma: float, bias: Tensor) -> None:
    """a dl/da = <V_k, dl/dV_k> + b_k dl/db_k, through the shipped network."""
    activation, with_bias = case
    width = Interval(network.units, gamma)
    net = mlp(replace(network, activation=activation), width)
    with torch.no_grad():
        linears(net)[0].bias.copy_(bias)
    loss = network.criterion(net(network.inputs), network.targets)
    layer, k = linears(net)[0], math.floor(gamma)
    slope, weight, shift = torch.autograd.grad(loss, [width.gamma, layer.weight, layer.bias])
    product = (layer.weight[k] * weight[k]).sum() + with_bias * layer.bias[k] * shift[k]
    close((gamma - k) * slope, product.detach())
