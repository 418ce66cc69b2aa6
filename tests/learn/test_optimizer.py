"""The steps of a run: the block step against the library's proximal operator, and all of it against a plain loop."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.learn.loss import objective
from continuum.learn.network import NetworkWeights, gradient, sequential
from continuum.learn.optimizer import FIRST, SECOND, Memory, Penalty, gates, step, to_unit_length
from continuum.widths import Perspective, PowerDecay, best_gates, reverse_huber_prox
from tests.learn.networks import sample


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
        weight = network[0].weight
        adam = torch.optim.Adam([weight, network[0].bias], lr=0.05, betas=(FIRST, SECOND))
        memory, slope = Memory.of(weights), weights.zeros()
        for _ in range(3):
            gradient(weights, x, y, None, "tanh", objective("cross_entropy"), slope)
            weight.grad = torch.from_numpy(slope.incoming[:, :-1].copy())
            network[0].bias.grad = torch.from_numpy(slope.incoming[:, -1].copy())
            adam.step()
            step(weights, slope, memory, 0.05, self.penalty)
        assert_close(torch.from_numpy(weights.incoming[:, :-1].copy()), weight.detach(), rtol=1e-9, atol=1e-12)

    def test_gates_are_the_library_s(self):
        block = sample(1)[0].outgoing[0]
        expected = best_gates(torch.from_numpy(block), self.penalty.decay, self.penalty.price)
        assert_close(torch.from_numpy(gates(block, self.penalty)), expected, rtol=1e-14, atol=0)

    def test_silent_units_have_gate_zero_where_nothing_is_to_be_paid(self):
        assert gates(np.array([[0.0, 0.0], [0.0, 1e-9]]), Penalty(decay=0.004, price=0.0)).tolist() == [0.0, 1.0]


def test_unit_length_of_all_incoming_weights():
    weights = sample(2)[0]
    to_unit_length(weights)
    columns = np.square(weights.outgoing[0]).sum(0) + weights.biases[0] ** 2
    np.testing.assert_allclose(np.square(weights.incoming).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(columns, 1, rtol=1e-9)


class PlainBlocks:
    """Steps on one block matrix, a block after the other."""

    def __init__(self, v: np.ndarray) -> None:
        self.v, self.mean, self.square, self.steps = v.copy(), np.zeros_like(v), np.zeros(len(v)), 0

    def step(self, g: np.ndarray, lr: float, penalty: Penalty) -> None:
        self.steps += 1
        outputs = self.v.shape[1]
        for i in range(len(self.v)):
            self.mean[i] = 0.9 * self.mean[i] + 0.1 * g[i]
            self.square[i] = 0.999 * self.square[i] + 0.001 * (g[i] ** 2).mean()
            root = math.sqrt(self.square[i] / (1 - 0.999**self.steps))
            least = max(math.sqrt(2 * penalty.decay * penalty.price), penalty.floor)
            tau = lr / (root + least / math.sqrt(outputs))
            moved = torch.from_numpy(self.v[i] - tau * self.mean[i] / (1 - 0.9**self.steps))
            if penalty.price:
                moved = reverse_huber_prox(
                    moved[None], torch.tensor([tau], dtype=torch.float64), penalty.decay, penalty.price
                )[0]
            else:
                moved = moved / (1 + tau * penalty.decay)
            self.v[i] = moved.numpy()


@pytest.mark.parametrize("penalty", [Penalty(0.3, 0.02), Penalty(0.3, 0.02, floor=0.5), Penalty(0.3, 0.0, floor=0.5)])
def test_blocks_move_as_in_a_plain_loop(penalty):
    weights, random = sample(1)[0], np.random.default_rng(1)
    plain, memory = PlainBlocks(weights.outgoing[0]), Memory.of(weights)
    for lr in (0.1, 0.05, 0.02):
        slope = NetworkWeights(random.normal(size=(7, 5)), [random.normal(size=(7, 3))], [np.zeros(3)])
        plain.step(slope.outgoing[0], lr, penalty)
        step(weights, slope, memory, lr, penalty)
        np.testing.assert_allclose(weights.outgoing[0], plain.v, rtol=1e-12)


@pytest.mark.parametrize("power", [4 / 3, 1.5, 2.0, 2.5, 3.0])
def test_another_power_has_the_threshold_and_the_proximal_operator_of_its_perspective(power):
    penalty = Penalty(0.3, 0.02, power=power)
    dual = power / (power - 1)
    # The strength at which this decay has the same threshold at the same price: h*(mu) = rho.
    decay = PowerDecay((penalty.slope**dual / (dual * penalty.price)) ** (power - 1), power)
    exact = Perspective(decay, penalty.price)
    assert penalty.slope == pytest.approx(math.sqrt(2 * 0.3 * 0.02), rel=1e-15)
    assert (exact.threshold, exact.full_norm) == pytest.approx((penalty.slope, penalty.full), rel=1e-12)
    weights = sample(1)[0]
    before = torch.from_numpy(weights.outgoing[0] * np.logspace(-2, 1, 7)[:, None])
    weights.outgoing[0][:] = before.numpy()
    assert_close(torch.from_numpy(gates(before.numpy(), penalty)), exact.gates(before), rtol=1e-12, atol=0)
    step(weights, weights.zeros(), Memory.of(weights), 0.1, penalty)
    tau = 0.1 / (penalty.slope / math.sqrt(before.shape[1]))  # of gradients that were always 0
    assert_close(torch.from_numpy(weights.outgoing[0]), exact.prox(before, tau), rtol=1e-10, atol=1e-14)
    assert 0 < (exact.gates(before) == 1).sum() < len(before)


def test_a_block_without_a_gradient_stays_off():
    weights = sample(1)[0]
    weights.outgoing[0][2] = 0
    step(weights, weights.zeros(), Memory.of(weights), 0.1, Penalty(0.3, 0.02))
    assert not weights.outgoing[0][2].any()


def test_one_output_is_enough():
    weights = NetworkWeights(np.ones((2, 2)), [np.ones((2, 1))], [np.zeros(1)])
    step(weights, weights.zeros(), Memory.of(weights), 0.1, Penalty(0.3, 0.02))
    assert weights.outgoing[0].shape == (2, 1)


def test_the_penalty_s_slope_and_the_norm_of_a_whole_gate():
    penalty = Penalty(decay=0.5, price=0.09)
    assert penalty.slope == pytest.approx(0.3)
    assert penalty.full == pytest.approx(0.6)


def test_memory_of_some_units():
    weights = sample(2)[0]
    memory = Memory.of(weights)
    for layer, block in enumerate(memory.block):
        block[:] = np.arange(len(block)) + layer
    memory.steps, memory.mean.incoming[3], memory.square.incoming[3] = 5, 1.0, 2.0
    kept = memory.take(0, np.array([3, 1]))
    assert kept.steps == 5
    assert [b.tolist() for b in kept.block] == [[3.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    assert (kept.mean.incoming[0] == 1.0).all()
    assert (kept.square.incoming[0] == 2.0).all()
    assert kept.mean.units == [2, 5]
