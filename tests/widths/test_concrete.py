"""The concrete law: its gates, the limit of low temperature, its expected size, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths.concrete import MODES, Concrete, tail_sums
from continuum.widths.schedule import LogSchedule
from continuum.widths.tilt import tilted
from proofs_checks import strategies
from tests.contracts import WidthContract, never_grow, state

logits = strategies.vectors(-30, 30)
modes = pytest.mark.parametrize("mode", MODES)
Q = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
DRAWS = 200_000


def many(q: Tensor, temperature: float, mode: str = "relaxed", draws: int = DRAWS) -> Concrete:
    return Concrete(len(q), temperature, q.log().expand(draws, -1), mode=mode)


class TestConcrete(WidthContract):
    setting = "logits"

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        return Concrete(self.units, 0.5, torch.randn(*batch, self.units, dtype=dtype), learnable=learnable).eval()

    def edge_cases(self):
        extremes = [[0.0] * 5, [1e4, 0, 0, 0, 0], [0, 0, 0, 0, 1e4], [-700, -700, 0, -1e300, 700]]
        return [
            Concrete(5, 1e-3, torch.tensor(values, dtype=torch.float64), mode=mode).train(training)
            for values in extremes
            for mode in ("relaxed", "straight_through")
            for training in (True, False)
        ]


class TestTiltedTemperatures(TestConcrete):
    """One temperature for each member of the batch."""

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        values = torch.randn(*batch, self.units, dtype=dtype)
        return Concrete(self.units, 0.1 + torch.rand(batch, dtype=dtype), values, learnable=learnable).eval()


class TestGates:
    @given(logits, st.sampled_from(MODES), st.sampled_from([10.0, 1.0, 0.1, 1e-3]))
    def test_they_lie_in_the_unit_interval_start_at_one_and_never_grow(self, values, mode, temperature):
        width = Concrete(len(values), temperature, values, mode=mode)
        for gates in (width.gates(), width.expected_gates()):
            assert gates[0] == 1
            assert gates.min() >= 0
            assert never_grow(gates)

    def test_one_hot_size_k_turns_k_units_on_and_the_appendix_is_the_wrong_way_round(self):
        for k in range(1, 5):
            one_hot = torch.nn.functional.one_hot(torch.tensor(k - 1), 4).double()
            assert tail_sums(one_hot).tolist() == [1.0] * k + [0.0] * (4 - k)
        assert one_hot.flip(-1).cumsum(-1).flip(-1).sum() == 4
        appendix = torch.nn.functional.one_hot(torch.tensor(1), 4).cumsum(-1)
        assert appendix.tolist() == [0, 1, 1, 1]  # k = 2 of 4: K + 1 - k units, and the last ones

    @given(logits)
    def test_sum_of_gates_is_the_mean_size(self, values):
        width = Concrete(len(values), 0.3, values)
        share = width.log_sample(torch.Generator().manual_seed(1)).exp()
        gates = width.gates(torch.Generator().manual_seed(1))
        assert_close(gates.sum(), (share * torch.arange(1, len(values) + 1)).sum(), rtol=1e-12, atol=0)

    def test_hard_gates_have_the_expected_gates_as_mean(self):
        width = many(Q, 0.5, "hard")
        gates, mean = width.gates(), width.expected_gates()[0]
        assert not gates.requires_grad
        assert_close(mean, torch.tensor([1.0, 0.9, 0.7, 0.4], dtype=torch.float64))
        error = (mean * (1 - mean) / DRAWS).sqrt() + 1e-12
        assert ((gates.mean(0) - mean).abs() < 5 * error).all()  # sees a bias of 0.006
        strict = mean - Q  # P(k > i) counted from 1
        assert ((gates.mean(0) - strict).abs() > 5 * error).any()

    def test_straight_through_has_the_value_of_hard_and_the_gradient_of_relaxed(self):
        weights, by_mode = torch.randn(4, dtype=torch.float64), {}
        for mode in MODES:
            width = Concrete(4, 0.7, Q.log(), mode=mode)
            gates = width.gates(torch.Generator().manual_seed(4))
            gradient = torch.autograd.grad(gates @ weights, width.logits)[0] if gates.requires_grad else None
            by_mode[mode] = gates.detach(), gradient
        assert torch.equal(by_mode["straight_through"][0], by_mode["hard"][0])
        assert torch.equal(by_mode["straight_through"][1], by_mode["relaxed"][1])
        assert by_mode["hard"][1] is None

    @modes
    def test_nan_logits_never_look_like_gates(self, mode):
        width = Concrete(3, 0.5, torch.zeros(2, 3), mode=mode)
        with torch.no_grad():
            width.logits[0, 1] = torch.nan
        assert width.gates()[0].isnan().all()
        assert width.gates()[1].isfinite().all()
        assert width.eval().gates()[0].isnan().all()


class TestLowTemperature:
    def test_finite_in_float32_at_a_thousandth(self):
        width = Concrete(64, 1e-3, torch.randn(500, 64) * 30)
        assert width.log_sample().isfinite().all()
        (gradient,) = torch.autograd.grad((width.gates() @ torch.randn(64)).sum(), width.logits)
        assert gradient.isfinite().all()

    def test_samples_approach_one_hot_like_the_temperature(self):
        temperatures, distances = [0.03, 0.01, 0.003, 0.001], []
        for temperature in temperatures:
            share = many(Q, temperature).log_sample(torch.Generator().manual_seed(0)).exp().detach()
            one_hot = torch.nn.functional.one_hot(share.argmax(-1), 4)
            distances.append((share - one_hot).abs().amax(-1).mean().item())
        slope = np.polyfit(np.log(temperatures), np.log(distances), 1)[0]
        assert abs(slope - 1) < 0.05
        assert abs(slope - 0.5) > 0.3
        assert abs(slope - 2) > 0.3

    @pytest.mark.parametrize("temperature", [1.0, 0.1])
    def test_the_largest_share_is_drawn_from_q_at_every_temperature(self, temperature):
        winners = many(Q, temperature).log_sample().argmax(-1)
        frequency = torch.nn.functional.one_hot(winners, 4).double().mean(0)
        assert ((frequency - Q).abs() < 5 * (Q * (1 - Q) / DRAWS).sqrt()).all()

    @pytest.mark.parametrize("alpha", [9.0, 2.0, 0.25])
    def test_mean_share_at_temperature_one_in_closed_form(self, alpha):
        q = torch.tensor([alpha, 1.0], dtype=torch.float64) / (alpha + 1)
        share = many(q, 1.0).log_sample().exp()[:, 0].detach()
        exact = alpha * (alpha - 1 - math.log(alpha)) / (alpha - 1) ** 2
        error = share.std() / DRAWS**0.5
        assert abs(share.mean() - exact) < 5 * error
        assert abs(share.mean() - q[0]) > 5 * error  # the relaxed mean is not q


class TestSize:
    @given(logits)
    def test_gradient_of_the_expected_size(self, values):
        width = Concrete(len(values), 0.5, values)
        q, sizes = values.softmax(-1), torch.arange(1, len(values) + 1)
        assert_close(width.cardinality(), (q * sizes).sum(), rtol=1e-13, atol=0)
        (gradient,) = torch.autograd.grad(width.cardinality(), width.logits)
        assert_close(gradient, width.cardinality_gradient(), rtol=1e-12, atol=1e-13)

    def test_wrong_gradients_are_rejected(self):
        width, sizes = Concrete(4, 0.5, Q.log()), torch.arange(1, 5)
        (gradient,) = torch.autograd.grad(width.cardinality(), width.logits)
        for wrong in (Q * sizes, Q * (sizes - 1 - width.cardinality())):
            assert (gradient - wrong).abs().max() > 0.1

    def test_cardinality_is_never_random(self):
        width = Concrete(4, 0.5, Q.log())
        assert torch.equal(width.cardinality(), width.cardinality())
        assert not torch.equal(width.gates(), width.gates())
        assert torch.equal(width.eval().gates().sum(-1), width.cardinality())

    @given(st.integers(2, 300), strategies.fractions(1e-9))
    def test_tilted_logits_have_the_wanted_size(self, units, fraction):
        target = torch.tensor(1 + fraction * (units - 1), dtype=torch.float64)
        values = tilted(units, target)
        assert_close(Concrete(units, 0.5, values).cardinality(), target, rtol=1e-12, atol=1e-12)
        assert_close(values.diff(n=2), torch.zeros(units - 2, dtype=torch.float64), rtol=0, atol=1e-11)

    def test_tilted_batches(self):
        target = torch.linspace(1.5, 15.5, 6).reshape(2, 3)
        width = Concrete(16, 0.5, tilted(16, target))
        assert_close(width.cardinality(), target)
        assert_close(tilted(5, 3.0), torch.zeros(5))


class TestUse:
    @modes
    def test_seeds(self, mode):
        width = Concrete(8, 0.5, torch.randn(30, 8), mode=mode)
        one, two, other = (width.gates(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(one, two)
        assert not torch.equal(one, other)

    @modes
    def test_vmap_draws_members_apart(self, mode):
        width, single = Concrete(8, 0.5, torch.zeros(50, 8), mode=mode), Concrete(8, 0.5, mode=mode)
        values = {"logits": width.logits, "temperature": width.temperature}
        mapped = vmap(
            lambda values: functional_call(single, values, ()),
            in_dims=({"logits": 0, "temperature": None},),
            randomness="different",
        )(values)
        assert mapped.shape == (50, 8)
        assert len(mapped.unique(dim=0)) > 1

    @modes
    @pytest.mark.usefixtures("unchecked")
    def test_compiles_while_training(self, mode):
        torch.compiler.reset()
        width = Concrete(8, 0.5, torch.randn(3, 8), mode=mode)
        compiled = torch.compile(width, backend="eager", fullgraph=True)
        torch.manual_seed(0)
        expected = width()
        torch.manual_seed(0)
        assert torch.equal(compiled(), expected)

    def test_the_temperature_is_state_and_follows_a_schedule(self):
        width, schedule = Concrete(4, 1.0), LogSchedule(1.0, 1e-3, steps=10)
        temperatures = []
        for step in range(12):
            width.set_temperature(schedule(step))
            temperatures.append(state(width)["temperature"].item())
        assert_close(torch.tensor(temperatures[:11]).log10(), torch.linspace(0, -3, 11))
        assert temperatures[10] == temperatures[11]

    def test_the_temperature_is_a_constant(self):
        temperature = 1.0 * torch.tensor(0.5, requires_grad=True)
        width = Concrete(4, temperature)
        assert not width.temperature.requires_grad
        width.set_temperature(temperature)
        assert not width.temperature.requires_grad


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
    def test_temperature(self, temperature):
        for value in (temperature, torch.tensor([1.0, temperature])):
            with pytest.raises(BadInput, match="temperature: expected a finite number > 0"):
                Concrete(4, value, torch.zeros(2, 4))
            with pytest.raises(BadInput, match="temperature"):
                Concrete(4, torch.ones(2), torch.zeros(2, 4)).set_temperature(value)

    def test_options(self):
        with pytest.raises(BadInput, match="hard, relaxed, straight_through"):
            Concrete(4, 0.1, mode="soft")
        with pytest.raises(BadInput, match="units"):
            Concrete(0, 0.1)

    @pytest.mark.parametrize("values", [torch.zeros(3), torch.tensor(0.0), torch.tensor([0.0, math.nan, 0, 0])])
    def test_logits(self, values):
        with pytest.raises(BadInput, match="logits"):
            Concrete(4, 0.1, values)

    @pytest.mark.parametrize("cardinality", [1.0, 4.0, 0.5, math.nan])
    def test_tilted(self, cardinality):
        with pytest.raises(BadInput, match="strictly between 1 and 4"):
            tilted(4, cardinality)
        with pytest.raises(BadInput, match="units"):
            tilted(1, 1.0)

    @pytest.mark.parametrize(
        ("start", "end", "steps"), [(0.0, 1.0, 1), (1.0, math.nan, 1), (1.0, 0.0, 1), (1.0, 0.1, 0)]
    )
    def test_schedule(self, start, end, steps):
        with pytest.raises(BadInput):
            LogSchedule(start, end, steps)
        with pytest.raises(BadInput, match="step"):
            LogSchedule(1.0, 0.1, 5)(-1)


def test_each_member_of_a_batch_has_its_own_temperature():
    logits, temperature = torch.randn(3, 5, dtype=torch.float64), torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)
    together = Concrete(5, temperature, logits).log_sample(torch.Generator().manual_seed(0))
    for member, value in enumerate(temperature.tolist()):
        alone = Concrete(5, value, logits).log_sample(torch.Generator().manual_seed(0))
        assert_close(together[member], alone[member], rtol=1e-12, atol=0)


def test_the_cardinality_gradient_of_a_batch_is_that_of_autograd():
    law = Concrete(5, 0.5, torch.randn(2, 3, 5, dtype=torch.float64))
    (slope,) = torch.autograd.grad(law.cardinality().sum(), law.logits)
    assert_close(law.cardinality_gradient(), slope, rtol=1e-12, atol=1e-14)
