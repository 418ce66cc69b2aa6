"""How the size of the pool enters the width, and the two options that keep it out."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from continuum.errors import BadInput
from continuum.learn import LearnConfig, learn_width
from continuum.learn.methods.graded import graded
from continuum.learn.network import NetworkWeights
from continuum.learn.optimizer import Memory, Penalty, gates, step
from continuum.learn.pool import new_pool
from continuum.learn.task import checked_task
from tests.learn.tasks import ring

FLOAT = np.dtype(np.float64)
MENDED = {"largest_gate": math.inf, "noise": "held_out"}


def regression(rows=300):
    x = torch.randn(rows, 4, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] * x[:, 1] + x[:, 2].abs()).sub(0.8) / 1.2


def born(**options):
    return new_pool((3, 1, 2), LearnConfig(**options), "relu", FLOAT)


def test_a_pool_has_its_size_and_half_as_many_in_reserve():
    for size in (9, 32, 512):
        network = born(start=1, pool=size)
        assert network.weights.units == [size]
        network.repack(reserve=True)
        assert network.weights.units == [1 + size // 2]
    assert born(start=64, pool=9).weights.units == [96]  # the start has the last word, and here the pool depends on it


def test_directions_have_a_seed_of_their_own():
    one, other, alike = born(), born(directions=1), born(seed=5, directions=0)
    assert not np.allclose(one.weights.incoming, other.weights.incoming)
    np.testing.assert_array_equal(one.weights.outgoing[0], other.weights.outgoing[0])
    np.testing.assert_array_equal(one.weights.incoming, alike.weights.incoming)
    assert not np.allclose(one.weights.outgoing[0], alike.weights.outgoing[0])


class TestLargestGate:
    def cost(self, norm, largest, decay=0.3, price=0.02):
        """The penalty at its best gate, on a fine grid."""
        a = np.linspace(1e-4, min(largest, 60.0), 200_001)
        return float((decay * norm**2 / (2 * a) + price * a).min())

    @pytest.mark.parametrize("norm", [0.2, 0.9, 4.0])
    def test_without_bound_copies_cost_what_their_unit_costs(self, norm):
        assert 3 * self.cost(norm / 3, math.inf) == pytest.approx(self.cost(norm, math.inf), rel=1e-6)
        assert self.cost(norm, math.inf) == pytest.approx(Penalty(0.3, 0.02, largest=math.inf).slope * norm, rel=1e-6)

    def test_with_a_bound_a_long_unit_costs_more_than_its_copies(self):
        with pytest.raises(AssertionError):
            assert 3 * self.cost(4.0 / 3, 1.0) == pytest.approx(self.cost(4.0, 1.0), rel=1e-2)

    @pytest.mark.parametrize(("largest", "shorter"), [(math.inf, 1.0), (8.0, 1.0), (1.0, 0.3)])
    def test_the_step_is_the_proximal_operator_of_the_penalty(self, largest, shorter):
        """Without a gradient a block of norm r goes to argmin (s - r)^2 / 2 tau + penalty(s)."""
        penalty, tau = Penalty(0.3, 0.02, largest=largest), 0.1
        block = np.array([[3.0 * shorter, 4.0 * shorter]])
        weights = NetworkWeights(np.zeros((1, 2)), [block.copy()], [np.zeros(2)])
        lr = tau * penalty.slope / math.sqrt(2)
        step(weights, weights.zeros(), Memory.of(weights), lr, penalty)
        r, s = 5 * shorter, np.linspace(4 * shorter, 5 * shorter, 4001)
        cost = [(x - r) ** 2 / (2 * tau) + self.cost(x, largest) for x in s[::20]]
        assert np.linalg.norm(weights.outgoing[0]) == pytest.approx(s[::20][int(np.argmin(cost))], abs=2e-2 * shorter)
        assert gates(block, penalty)[0] == pytest.approx(min(r / penalty.full, largest))

    @pytest.mark.parametrize("largest", [2.0, math.inf])
    @pytest.mark.parametrize("power", [1.5, 3.0])
    def test_so_it_is_with_another_power(self, power, largest):
        """Neighbours of the result cost more; those of the result for gates up to 1 alone do not."""
        penalty, tau = Penalty(0.3, 0.02, power=power, largest=largest), 0.1

        def after(largest: float) -> float:
            weights = NetworkWeights(np.zeros((1, 2)), [np.array([[3.0, 4.0]])], [np.zeros(2)])
            lr = tau * penalty.slope / math.sqrt(2)
            step(weights, weights.zeros(), Memory.of(weights), lr, replace(penalty, largest=largest))
            return float(np.linalg.norm(weights.outgoing[0]))

        def cost(norm: float) -> float:
            a = np.linspace(1e-3, min(largest, 60.0), 200_001)
            decay = penalty.slope * penalty.full / power * (norm / a / penalty.full) ** power
            return (norm - 5) ** 2 / (2 * tau) + float((a * decay + penalty.price * a).min())

        def least(norm: float) -> bool:
            return cost(norm) < min(cost(norm - 2e-3), cost(norm + 2e-3))

        assert least(after(largest))
        assert not least(after(1.0))

    @pytest.mark.parametrize("largest", [0.5, math.nan, "inf", None])
    def test_bad_input(self, largest):
        with pytest.raises(BadInput, match=r"largest_gate: expected a float, at least 1"):
            LearnConfig(largest_gate=largest)

    def test_units_are_at_hand(self):
        """Where few long units stand for many, the network has no more than there are."""
        x, y = regression()
        config = LearnConfig(price=0.05, steps=300, pool=2, start=1, max_units=2, largest_gate=math.inf)
        result = learn_width(x, y, "squared_error", config)
        assert result.widths[0] > 3
        assert result.units == (2,)
        assert result.network[0].out_features == 2


class TestHeldOutNoise:
    def test_one_number_that_training_does_not_move(self):
        x, y = regression()
        task = checked_task((x, y, None), None, "squared_error", LearnConfig(steps=200, noise="held_out"))
        results = [graded(task, None, x), learn_width(x, y, "squared_error", LearnConfig(steps=300, **MENDED, pool=9))]
        assert results[0].nat > 0.01
        assert results[0].nat == pytest.approx(results[1].nat, rel=0.2)  # both halves at the default pool
        assert learn_width(x, y, "squared_error", LearnConfig(steps=300, noise="held_out")).nat == results[0].nat

    def test_the_residual_of_training_rows_is_smaller(self):
        x, y = regression()
        x = torch.cat([x, torch.randn(300, 12, generator=torch.Generator().manual_seed(1))], 1)
        y = y + 0.5 * torch.randn(300, generator=torch.Generator().manual_seed(2))
        training, held_out = (
            learn_width(x, y, "squared_error", LearnConfig(price=4.0, steps=1000, noise=noise)).nat
            for noise in ("training", "held_out")
        )
        assert training < 0.25 < held_out  # the variance of the noise

    def test_classes_need_none(self):
        x, y = ring()
        one, other = (learn_width(x, y, "cross_entropy", LearnConfig(price=4.0, steps=40, noise=n)) for n in NOISES)
        assert one.widths == other.widths
        assert other.nat == 1.0

    def test_bad_input(self):
        with pytest.raises(BadInput, match="noise"):
            LearnConfig(noise="validation")
        with pytest.raises(BadInput, match=r"noise: expected 'training' with the method fuzzy"):
            LearnConfig(method="fuzzy", noise="held_out")


NOISES = ("training", "held_out")


def test_the_mended_width_hardly_depends_on_the_pool():
    """Measured: 33 units of a pool of 16 and 100 of one of 256; with both options 10.4 and 11.0."""
    x, y = regression()

    def ratio(**options) -> float:
        widths = [
            learn_width(x, y, "squared_error", LearnConfig(steps=2000, start=1, pool=pool, **options)).widths[0]
            for pool in (16, 256)
        ]
        return widths[1] / widths[0]

    assert 0.8 < ratio(**MENDED) < 1.2
    with pytest.raises(AssertionError):
        assert 0.8 < ratio() < 1.2
