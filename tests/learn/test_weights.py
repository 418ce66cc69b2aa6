"""The gradient by hand against autograd, and the block step against the library's proximal operator."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.learn.loss import objective
from continuum.learn.network import NetworkWeights, activations, gradient, sequential
from continuum.learn.optimizer import FIRST, SECOND, Memory, Penalty, gates, step, to_unit_length
from continuum.widths import best_gates, reverse_huber_prox

SIZES = {1: [4, 7, 3], 2: [4, 7, 5, 3]}


def sample(layers, seed=0):
    random = np.random.default_rng(seed)
    sizes = SIZES[layers]
    blocks = [random.normal(size=pair) for pair in pairwise(sizes[1:])]
    weights = NetworkWeights(
        random.normal(size=(sizes[1], sizes[0] + 1)), blocks, [random.normal(size=s) for s in sizes[2:]]
    )
    x = np.concatenate([random.normal(size=(11, sizes[0])), np.ones((11, 1))], 1)
    return weights, x, np.eye(3)[random.integers(0, 3, 11)], random.uniform(0.5, 2, (11, 1))


def by_autograd(weights, x, y, importance, activation, loss):
    network = sequential(weights, activation)
    outputs, target = network(torch.from_numpy(x[:, :-1])), torch.from_numpy(y)
    rows = (
        -(outputs.log_softmax(1) * target).sum(1) if loss == "cross_entropy" else (outputs - target).square().sum(1) / 2
    )
    (rows * torch.from_numpy(importance[:, 0])).mean().backward()
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    first = torch.cat([linear[0].weight.grad, linear[0].bias.grad[:, None]], 1)
    return [first, *(layer.weight.grad.T for layer in linear[1:]), *(layer.bias.grad for layer in linear[1:])]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
class TestGradient:
    def found(self, layers, activation, loss):
        weights, x, y, importance = sample(layers)
        out = weights.zeros()
        gradient(weights, x, y, importance, activation, objective(loss), out)
        parts = [torch.from_numpy(a) for a in (out.incoming, *out.outgoing, *out.biases)]
        return parts, (weights, x, y, importance)

    def test_equals_autograd(self, layers, activation, loss):
        found, inputs = self.found(layers, activation, loss)
        for mine, expected in zip(found, by_autograd(*inputs, activation, loss), strict=True):
            assert_close(mine, expected, rtol=1e-12, atol=1e-14)

    def test_the_other_activation_or_no_importance_is_rejected(self, layers, activation, loss):
        found, (weights, x, y, importance) = self.found(layers, activation, loss)
        other = {"tanh": "relu", "relu": "tanh"}[activation]
        for wrong in (
            by_autograd(weights, x, y, importance, other, loss),
            by_autograd(weights, x, y, importance**0, activation, loss),
        ):
            with pytest.raises(AssertionError):
                assert_close(found[0], wrong[0], rtol=1e-6, atol=1e-8)


class TestStep:
    penalty = Penalty(decay=0.3, price=0.02)

    def stepped(self):
        weights, x, y, _ = sample(1)
        before, slope, memory = torch.from_numpy(weights.outgoing[0].copy()), weights.zeros(), Memory.of(weights)
        gradient(weights, x, y, None, "tanh", objective("cross_entropy"), slope)
        g = torch.from_numpy(slope.outgoing[0].copy())
        step(weights, slope, memory, 0.1, self.penalty)
        tau = 0.1 / (g.square().mean(1).sqrt() + self.penalty.slope / 3**0.5)
        return torch.from_numpy(weights.outgoing[0]), before, g, tau

    def test_is_the_exact_proximal_step_in_the_block_metric(self):
        after, before, g, tau = self.stepped()
        expected = reverse_huber_prox(before - tau[:, None] * g, tau, self.penalty.decay, self.penalty.price)
        assert_close(after, expected, rtol=1e-12, atol=1e-14)

    def test_one_step_for_all_blocks_is_rejected(self):
        after, before, g, tau = self.stepped()
        wrong = reverse_huber_prox(before - tau[:, None] * g, float(tau.mean()), self.penalty.decay, self.penalty.price)
        with pytest.raises(AssertionError):
            assert_close(after, wrong, rtol=1e-6, atol=0)

    def test_free_weights_move_as_under_adam(self):
        weights, x, y, _ = sample(2)
        network = sequential(weights, "tanh")
        theirs = network[0].weight
        adam = torch.optim.Adam([theirs, network[0].bias], lr=0.05, betas=(FIRST, SECOND))
        memory, slope = Memory.of(weights), weights.zeros()
        for _ in range(3):
            gradient(weights, x, y, None, "tanh", objective("cross_entropy"), slope)
            theirs.grad = torch.from_numpy(slope.incoming[:, :-1].copy())
            network[0].bias.grad = torch.from_numpy(slope.incoming[:, -1].copy())
            adam.step()
            step(weights, slope, memory, 0.05, self.penalty)
        assert_close(torch.from_numpy(weights.incoming[:, :-1].copy()), theirs.detach(), rtol=1e-9, atol=1e-12)

    def test_gates_are_the_library_s(self):
        block = sample(1)[0].outgoing[0]
        expected = best_gates(torch.from_numpy(block), self.penalty.decay, self.penalty.price)
        assert_close(torch.from_numpy(gates(block, self.penalty)), expected, rtol=1e-14, atol=0)


def test_unit_length_of_all_incoming_weights():
    weights = sample(2)[0]
    to_unit_length(weights)
    columns = np.square(weights.outgoing[0]).sum(0) + weights.biases[0] ** 2
    np.testing.assert_allclose(np.square(weights.incoming).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(columns, 1, rtol=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_plain_network_computes_the_same(activation):
    weights, x, _, _ = sample(2)
    outputs = activations(weights, x, activation)[-1]
    assert_close(
        sequential(weights, activation)(torch.from_numpy(x[:, :-1])).numpy(force=True), outputs, rtol=1e-12, atol=1e-13
    )
