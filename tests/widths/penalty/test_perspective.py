"""Perspective penalties against brute force, their conjugates and the reverse Huber penalty; wrong ones fail."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import (
    ConvexDecay,
    Perspective,
    PowerDecay,
    best_gates,
    full_norm,
    perspective,
    reverse_huber,
    reverse_huber_prox,
    threshold,
    weight_decay,
)
from proofs_checks import strategies
from tests.widths.penalty.test_reverse_huber import least

positive = strategies.magnitudes(-2, 2)
vectors = strategies.vectors(-5, 5, most=4).map(lambda v: v.unsqueeze(0))
powers = st.sampled_from([4 / 3, 1.5, 2.0, 3.0, 1.2, 5.0])
#: Strictly convex without a power; a dead zone (slope 1 at 0); kinks at 1/2 and 2; a cap on the length at 3.
COSH = ConvexDecay(lambda r: torch.cosh(r) - 1, torch.sinh)
ELASTIC = ConvexDecay(lambda r: r + r.square() / 2, lambda r: 1 + r)
KINKED = ConvexDecay(
    lambda r: r.square() / 2 + (r - 0.5).clamp(min=0) + 3 * (r - 2).clamp(min=0),
    lambda r: r + (r > 0.5).to(r) + 3 * (r > 2).to(r),
)
CAPPED = ConvexDecay(lambda r: torch.where(r > 3, torch.inf, 0.0), lambda r: torch.where(r >= 3, torch.inf, 0.0))
others = st.sampled_from([COSH, ELASTIC, KINKED])
decays = st.one_of(st.builds(PowerDecay, positive, powers), others)


def column(*numbers):
    return torch.tensor(numbers, dtype=torch.float64).unsqueeze(-1)


def cost(decay, length, gate, price=0.0):
    """a h(r/a) + rho a by the definition."""
    if gate == 0:
        return 0.0 if length == 0 else math.inf
    return gate * decay.value(torch.tensor(length / gate, dtype=torch.float64)).item() + price * gate


class TestDecay:
    @given(decays, positive)
    def test_conjugate_is_the_supremum(self, decay, slope):
        """It is r s - h(r) at a length r by construction, and no other length gives more."""
        s = torch.tensor(slope, dtype=torch.float64)
        lengths = decay.length(s) * torch.linspace(0, 3, 301, dtype=torch.float64) + 1e-3
        assert (decay.conjugate(s) >= slope * lengths - decay.value(lengths) - 1e-13 * slope * lengths).all()

    @given(positive, powers, positive)
    def test_closed_form_of_the_conjugate(self, strength, power, slope):
        dual = power / (power - 1)
        expected = slope**dual / (dual * strength ** (dual - 1))
        measured = PowerDecay(strength, power).conjugate(torch.tensor(slope, dtype=torch.float64))
        assert_close(measured.item(), expected, rtol=1e-11, atol=0)

    def test_two_is_the_decay_of_l2(self):
        weights, gates = torch.randn(3, 2, dtype=torch.float64), torch.tensor([1.0, 0.3, 0.0], dtype=torch.float64)
        ours = perspective(gates[:, None] * weights, gates, PowerDecay(0.7)).sum()
        assert_close(ours, 0.35 * weight_decay(weights, gates, "l2"), rtol=1e-14, atol=0)


class TestPerspective:
    @given(decays, vectors, positive, positive)
    def test_a_unit_costs_what_its_parts_cost(self, decay, v, a, b):
        whole = perspective(v, v.new_tensor([a + b]), decay).item()
        weight = v.norm().item()
        split = least(lambda r: cost(decay, r, a) + cost(decay, weight - r, b), 0.0, weight)[0]
        assert_close(whole, split, rtol=1e-9, atol=1e-9)

    def test_a_mask_under_euclidean_decay_does_not(self):
        whole = 0.5 * 1.0 / 1.0**2  # (lam/2) |v|^2 / a^2 at a = 1, against two copies of 1/2
        split = least(lambda r: 0.5 * (r**2 + (1 - r) ** 2) / 0.5**2, 0.0, 1.0)[0]
        with pytest.raises(AssertionError):
            assert_close(split, whole, rtol=1e-3, atol=0)

    def test_no_gradient_is_nan_where_a_gate_is_off(self):
        gates = torch.tensor([0.0, 0.5], dtype=torch.float64, requires_grad=True)
        v = torch.tensor([[0.0, 0.0], [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
        slopes = torch.autograd.grad(perspective(v, gates, PowerDecay(1.0, 1.5)).sum(), (v, gates))
        assert all(bool(slope.isfinite().all()) for slope in slopes)


class TestEnvelope:
    @given(decays, vectors, positive)
    def test_is_the_minimum_over_the_gate_and_the_best_gate_attains_it(self, decay, v, price):
        penalty, r = Perspective(decay, price), v.norm().item()
        expected = least(lambda a: cost(decay, r, a, price), 0.0, 1.0)[0]
        assert_close(penalty.value(v).item(), expected, rtol=1e-8, atol=1e-9)
        gate = penalty.gates(v)
        assert_close(perspective(v, gate, decay) + price * gate, penalty.value(v), rtol=1e-11, atol=1e-13)

    @given(decays, positive)
    def test_the_threshold_buys_a_unit(self, decay, price):
        mu = torch.tensor(Perspective(decay, price).threshold, dtype=torch.float64)
        assert_close(decay.conjugate(mu).item(), price, rtol=1e-10, atol=1e-13)

    @given(positive, positive, vectors, positive)
    def test_two_is_the_reverse_huber_penalty(self, decay, price, v, step):
        penalty = Perspective(PowerDecay(decay), price)
        assert (penalty.threshold, penalty.full_norm) == (threshold(decay, price), full_norm(decay, price))
        assert torch.equal(penalty.gates(v), best_gates(v, decay, price))
        assert_close(penalty.value(v), reverse_huber(v, decay, price), rtol=1e-15, atol=0)
        # A length |z| - tau mu is a difference, so that it is compared with |z|.
        atol = 4e-15 * v.norm().item()
        assert_close(penalty.prox(v, step), reverse_huber_prox(v, step, decay, price), rtol=1e-15, atol=atol)

    @pytest.mark.parametrize("power", [4 / 3, 1.5, 3.0])
    def test_no_other_power_is(self, power):
        v = column(0.5, 1.0, 3.0)
        with pytest.raises(AssertionError):
            assert_close(Perspective(PowerDecay(1.0, power), 0.5).value(v), reverse_huber(v, 1.0, 0.5))

    @pytest.mark.parametrize("decay", [PowerDecay(0.7, 4 / 3), PowerDecay(0.7, 1.2), COSH])
    def test_gradients(self, decay):
        v = torch.tensor([[0.1, 0.2], [2.0, 1.0], [-3.0, 0.5]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(Perspective(decay, 0.3).value, (v,))


class TestProx:
    @given(decays, vectors, positive, positive)
    def test_optimality(self, decay, z, step, price):
        """(z - v)/tau is a subgradient of P at v: by Fenchel P(v) + P*(g) = <g, v>, P* = (h* - rho)_+."""
        penalty = Perspective(decay, price)
        v = penalty.prox(z, step)
        g = (z - v) / step
        dual = (decay.conjugate(g.norm(dim=-1)) - price).clamp(min=0)
        gap = (penalty.value(v) + dual - (g * v).sum(-1)).item()
        size = 1 + penalty.value(v).item() + dual.item()
        assert gap == pytest.approx(0, abs=1e-9 * size)

    @given(decays, vectors, positive, positive)
    def test_equals_a_numerical_minimiser(self, decay, z, step, price):
        penalty, r = Perspective(decay, price), z.norm().item()
        objective = lambda s: (s - r) ** 2 / (2 * step) + penalty.value(column(s)).item()  # noqa: E731
        actual = penalty.prox(z, step)
        assert objective(actual.norm().item()) <= least(objective, 0.0, r)[0] + 1e-10 * (1 + r * r / step)
        assert_close(actual * r, z * actual.norm(), rtol=1e-12, atol=1e-12)  # along z

    @given(decays, vectors, positive, positive)
    def test_moreau_identity(self, decay, z, step, price):
        """z = prox_{tau P}(z) + tau prox_{P*/tau}(z/tau), the second one by minimising over P* = (h* - rho)_+."""
        r = z.norm().item()
        conjugate = lambda s: max(decay.conjugate(torch.tensor(s, dtype=torch.float64)).item() - price, 0)  # noqa: E731
        best = least(lambda s: step / 2 * (s - r / step) ** 2 + conjugate(s), 0.0, r / step)[1]
        rest = r - step * best
        assert_close(Perspective(decay, price).prox(z, step).norm().item(), rest, rtol=1e-5, atol=1e-5 * (1 + r))

    @given(decays, positive, positive)
    def test_firmly_nonexpansive(self, decay, step, price):
        z = torch.randn(40, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        v = Perspective(decay, price).prox(z, step)
        moved, apart = v[:, 0] - v[:, 1], z[:, 0] - z[:, 1]
        assert ((moved * apart).sum(-1) >= moved.square().sum(-1) - 1e-11).all()

    @pytest.mark.parametrize("decay", [PowerDecay(0.7, 4 / 3), PowerDecay(0.7, 1.5), PowerDecay(0.7, 5.0), KINKED])
    def test_a_step_for_every_unit_and_batches(self, decay):
        z, steps = 3 * torch.randn(3, 5, 2, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
        penalty = Perspective(decay, 0.2)
        whole = penalty.prox(z, steps)
        for i in range(5):
            one = penalty.prox(z[:, i : i + 1], float(steps[i]))
            assert_close(whole[:, i : i + 1], one, rtol=1e-14, atol=0)

    @pytest.mark.parametrize("power", [4 / 3, 1.5, 2.0, 3.0, 1.2])
    def test_gradients(self, power):
        z = torch.tensor([[0.9, 0.2], [4.0, 1.0], [-0.01, 0.02]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda v: Perspective(PowerDecay(0.7, power), 0.3).prox(v, 0.4), (z,))

    def test_a_cap_on_the_length(self):
        """h = 0 up to 3 and infinite beyond, h* = 3 s: P = rho |v|/3, at most 3 long."""
        penalty = Perspective(CAPPED, 1.5)
        assert_close(penalty.prox(column(0.3, 1.2, 4.0), 1.0), column(0.0, 0.7, 3.0), rtol=1e-15, atol=1e-15)
        assert_close(CAPPED.conjugate(column(0.5, 2.0)), column(1.5, 6.0), rtol=1e-15, atol=0)

    def test_other_powers_are_rejected(self):
        z = column(0.5, 1.5, 5.0)
        exact = Perspective(PowerDecay(1.0, 1.5), 0.5).prox(z, 0.8)
        for power in (4 / 3, 1.51, 2.0):
            with pytest.raises(AssertionError):
                assert_close(Perspective(PowerDecay(1.0, power), 0.5).prox(z, 0.8), exact, rtol=1e-5, atol=0)


@pytest.mark.usefixtures("unchecked")
def test_bad_input():
    v = torch.ones(1, 2)
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(BadInput, match="price"):
            Perspective(PowerDecay(1.0), wrong)
        with pytest.raises(BadInput, match="decay"):
            PowerDecay(wrong)
    with pytest.raises(BadInput, match="L1"):
        PowerDecay(1.0, power=1.0)
    with pytest.raises(BadInput, match="0 at the length 0"):
        ConvexDecay(lambda r: 1 + r.square(), lambda r: 2 * r)
    with pytest.raises(BadInput, match="without bound"):
        _ = Perspective(ConvexDecay(lambda r: r, torch.ones_like), 0.1).threshold
    with pytest.raises(BadInput, match="step"):
        Perspective(PowerDecay(1.0), 0.1).prox(v, -0.1)
    for gates in (torch.ones(2), -torch.ones(1)):
        with pytest.raises(BadInput, match="one gate >= 0 per row"):
            perspective(v, gates, PowerDecay(1.0))
