"""The reverse Huber penalty and its proximal operator against numerical minimisers, and wrong variants."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.optimize import minimize_scalar
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import best_gates, full_norm, reverse_huber, reverse_huber_prox, threshold
from proofs_checks import strategies

positive = strategies.magnitudes(-2, 2)
vectors = strategies.vectors(-5, 5, most=4).map(lambda v: v.unsqueeze(0))


def least(objective, low, high):
    """Smallest value of a function of one variable that is convex on [low, high], its ends included."""
    optimum = minimize_scalar(objective, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    return min((optimum.fun, optimum.x), (objective(low), low), (objective(high), high))


def penalty_by_search(r, decay, price):
    return least(lambda a: decay * r**2 / (2 * a) + price * a if a else (math.inf if r else 0.0), 0.0, 1.0)[0]


def value(r, decay, price):
    return reverse_huber(torch.tensor([[r]], dtype=torch.float64), decay, price).item()


class TestPenalty:
    @given(vectors, positive, positive)
    def test_is_the_minimum_over_the_gate(self, v, decay, price):
        expected = penalty_by_search(v.norm().item(), decay, price)
        assert_close(reverse_huber(v, decay, price).item(), expected, rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda r, decay, price: math.sqrt(2 * decay * price) * r,  # group lasso: no cap of the gate
            lambda r, decay, price: decay * r**2 / 2 + price * (r > 0),  # a whole unit, whatever its weights
            lambda r, decay, price: math.sqrt(decay * price) * r if r < 1 else decay * r**2 / 2 + price,  # lost 2
        ],
    )
    def test_wrong_penalties_are_rejected(self, wrong):
        lengths = (0.3, 3.0)
        actual, expected = ([p(r, 1.0, 0.5) for r in lengths] for p in (wrong, penalty_by_search))
        with pytest.raises(AssertionError):
            assert_close(actual, expected, rtol=1e-6, atol=1e-6)

    @given(vectors, positive, positive)
    def test_the_best_gate_attains_it(self, v, decay, price):
        gate = best_gates(v, decay, price)
        cost = torch.where(v.norm(dim=-1) > 0, decay * v.square().sum(-1) / (2 * gate.clamp(min=1e-300)), 0.0)
        assert_close(cost + price * gate, reverse_huber(v, decay, price), rtol=1e-12, atol=1e-14)

    def test_threshold_and_full_norm_meet_once_differentiably(self):
        decay, price, h = 0.3, 0.7, 1e-6
        full = full_norm(decay, price)
        left, right = (abs(value(full + s * h, decay, price) - value(full, decay, price)) / h for s in (-1, 1))
        assert_close(left, threshold(decay, price), rtol=1e-5, atol=0)
        assert_close(right, threshold(decay, price), rtol=1e-5, atol=0)


class TestProx:
    @given(vectors, positive, positive, positive)
    def test_equals_a_numerical_minimiser(self, z, step, decay, price):
        actual, r = reverse_huber_prox(z, step, decay, price), z.norm().item()
        objective = lambda s: (s - r) ** 2 / (2 * step) + value(s, decay, price)  # noqa: E731
        assert objective(actual.norm().item()) <= least(objective, 0.0, r)[0] + 1e-11 * (1 + r * r / step)
        assert_close(actual * r, z * actual.norm(), rtol=1e-12, atol=1e-12)  # along z

    @given(vectors, positive, positive, positive)
    def test_optimality(self, z, step, decay, price):
        """(z - v)/tau is a subgradient at v: the envelope's gradient, exact where a minimiser sees only 1e-8."""
        v = reverse_huber_prox(z, step, decay, price)
        push, r = ((z - v) / step).norm().item(), v.norm().item()
        slope = max(threshold(decay, price), decay * r)
        if r > 0:
            assert_close(push, slope, rtol=1e-9, atol=1e-9 * z.norm().item() / step)
        else:
            assert push <= slope * (1 + 1e-12)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda r, t, d, p: max(0.0, r - t * math.sqrt(2 * d * p)),  # soft threshold everywhere
            lambda r, t, d, p: max(0.0, r - t * math.sqrt(2 * d * p)) / (1 + t * d),  # elastic net
            lambda r, t, d, p: max(0.0, r - t * math.sqrt(d * p)) if r < 2 else r / (1 + t * d),  # lost 2
            lambda r, t, d, p: r / (1 + t * d),  # no threshold
        ],
    )
    def test_wrong_operators_are_rejected(self, wrong):
        z = torch.tensor([[0.5], [1.5], [5.0]], dtype=torch.float64)
        exact = reverse_huber_prox(z, 0.8, 1.0, 0.5).flatten().tolist()
        with pytest.raises(AssertionError):
            assert_close([wrong(r, 0.8, 1.0, 0.5) for r in z.flatten().tolist()], exact, rtol=1e-9, atol=1e-9)

    def test_a_step_for_every_unit_and_batches(self):
        z, steps = torch.randn(3, 5, 2, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
        whole = reverse_huber_prox(z, steps, 0.3, 0.2)
        for i in range(5):
            one = reverse_huber_prox(z[:, i : i + 1], float(steps[i]), 0.3, 0.2)
            assert_close(whole[:, i : i + 1], one, rtol=1e-14, atol=0)

    def test_firmly_nonexpansive(self):
        z = torch.from_numpy(np.random.default_rng(0).normal(size=(200, 2, 3)))
        v = reverse_huber_prox(z, 0.5, 0.6, 0.4)
        moved, apart = v[:, 0] - v[:, 1], z[:, 0] - z[:, 1]
        assert ((moved * apart).sum(-1) >= moved.square().sum(-1) - 1e-12).all()

    def test_zero_stays_zero_without_nan(self):
        for step in (0.0, 1.0):
            assert (reverse_huber_prox(torch.zeros(2, 3), step, 0.1, 0.2) == 0).all()


@pytest.mark.usefixtures("unchecked")
def test_bad_input():
    v = torch.ones(1, 2)
    with pytest.raises(BadInput, match="price"):
        reverse_huber(v, 0.1, 0.0)
    with pytest.raises(BadInput, match="decay"):
        best_gates(v, -1.0, 0.1)
    with pytest.raises(BadInput, match="step"):
        reverse_huber_prox(v, -0.1, 0.1, 0.1)
