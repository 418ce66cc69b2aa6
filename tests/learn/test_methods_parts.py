"""Gradients of gated networks and of laws against autograd and finite differences."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.learn.loss import Likelihood, objective
from continuum.learn.methods.concrete import ConcreteMethod
from continuum.learn.methods.fuzzy import FuzzyMethod
from continuum.learn.methods.gated import new_gated_network, plain_network
from continuum.learn.methods.gated_run import GatedRun
from continuum.learn.methods.interval import IntervalMethod
from continuum.learn.methods.lookahead import AHEAD, Lookahead, square_root_gates
from continuum.learn.methods.soft_support import SoftSupportMethod
from continuum.learn.network import activations
from continuum.learn.rows import TrainingRows
from continuum.learn.settings import LearnConfig

FLOAT = np.dtype(np.float64)


def sample(layers=1, activation="tanh"):
    random = np.random.default_rng(0)
    gated = new_gated_network((3, layers, 2), 8, 4.0, activation, 0, FLOAT)
    x = np.concatenate([random.normal(size=(9, 3)), np.ones((9, 1))], 1)
    rows = TrainingRows(x, np.eye(2)[random.integers(0, 2, 9)], random.uniform(0.5, 2, (9, 1)))
    gates = [np.array([1.0, 1.0, 0.7, 0.2, 0.0]) for _ in range(layers)]
    return gated, rows, gates


def by_autograd(gated, rows, gates, decay, l2):
    """Gradients in the weights' active parts and in the gates, written as one formula."""
    part = gated.active_part(gated.weights, gates)
    arrays = [part.incoming, *part.outgoing, *part.biases, *gates]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    depth, act = len(gates), torch.tanh if gated.activation == "tanh" else torch.relu
    blocks, biases, masks = (tensors[1 + k * depth : 1 + (k + 1) * depth] for k in range(3))
    h = torch.from_numpy(rows.x) @ tensors[0].T
    norm = torch.zeros((), dtype=torch.float64)
    for block, bias, mask in zip(blocks, biases, masks, strict=True):
        h = (act(h) * mask) @ block + bias
        norm = norm + ((mask if l2 else torch.ones_like(mask)) * block.square().sum(1)).sum()
    each = -(h.log_softmax(1) * torch.from_numpy(rows.y)).sum(1)
    total = (each * torch.from_numpy(rows.importance[:, 0])).mean() + decay / 2 * norm
    return torch.autograd.grad(total, tensors)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("l2", [True, False])
class TestGated:
    def gradients(self, layers, activation, l2):
        gated, rows, gates = sample(layers, activation)
        slopes = gated.differentiate(gates, rows, objective("cross_entropy"), 0.3, l2=l2)
        part = gated.active_part(gated.gradients, gates)
        return [torch.tensor(a) for a in (part.incoming, *part.outgoing, *part.biases, *slopes)], gated, rows, gates

    def test_gradient_equals_autograd(self, layers, activation, l2):
        gradients, *inputs = self.gradients(layers, activation, l2)
        for gradient, expected in zip(gradients, by_autograd(*inputs, 0.3, l2), strict=True):
            assert_close(gradient, expected, rtol=1e-12, atol=1e-14)

    def test_the_other_norm_is_rejected(self, layers, activation, l2):
        gradients, *inputs = self.gradients(layers, activation, l2)
        with pytest.raises(AssertionError):
            assert_close(gradients[1], by_autograd(*inputs, 0.3, not l2)[1], rtol=1e-6, atol=1e-8)

    def test_units_without_a_gate_get_none(self, layers, activation, l2):
        gated = self.gradients(layers, activation, l2)[1]
        assert not gated.gradients.incoming[5:].any()
        assert not gated.gradients.outgoing[0][5:].any()
        assert gated.gradients.incoming[:3].any()


@pytest.mark.parametrize("layers", [1, 2])
def test_the_plain_network_computes_the_same(layers):
    gated, rows, gates = sample(layers)
    expected = activations(gated.effective(gates), rows.x, "tanh")[-1]
    network = plain_network(gated, gates, [1] * layers)
    assert network.units == [4] * layers
    np.testing.assert_allclose(activations(network, rows.x, "tanh")[-1], expected, rtol=1e-12)
    assert plain_network(gated, gates, [5] * layers).units == [5] * layers
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(activations(gated.active_part(gated.weights, gates), rows.x, "tanh")[-1], expected)


def test_effective_incoming_weights_have_length_1():
    gated, _, gates = sample(2, "relu")
    gated.normalise(gates)
    network = gated.effective(gates)
    np.testing.assert_allclose(np.square(network.incoming).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.square(network.outgoing[0]).sum(0) + network.biases[0] ** 2, 1, rtol=1e-9)


LAWS = {
    "interval": lambda: IntervalMethod(8, 3.3, 1.0),
    "square-root gate": lambda: IntervalMethod(8, 3.3, 0.5),
    "soft_support": lambda: SoftSupportMethod(8, 3.3),
    "fuzzy": lambda: FuzzyMethod(8, 3.3),
    "concrete": lambda: ConcreteMethod(8, 3.3, torch.Generator().manual_seed(0)),
}


@pytest.mark.parametrize("name", LAWS)
class TestLaws:
    def test_pull_is_the_gradient(self, name):
        """Of <slopes, gates> + price * width, along a random direction of all parameters."""
        law = LAWS[name]()
        slopes = np.random.default_rng(1).normal(size=8)
        law.prepare(0.3)
        values = list(law.parameters)
        directions = [torch.randn(v.shape, generator=torch.Generator().manual_seed(k)) for k, v in enumerate(values)]

        def value(shift: float) -> float:
            for parameter, direction in zip(values, directions, strict=True):
                parameter.data.add_(shift * direction)
            if name == "concrete":
                law.generator.manual_seed(5)
            gates = law.gates()
            objective_value = float(gates @ slopes[: len(gates)]) + 0.7 * law.width()
            for parameter, direction in zip(values, directions, strict=True):
                parameter.data.sub_(shift * direction)
            return objective_value

        h = 1e-2 if name == "concrete" else 1e-5  # whose logits are in single precision
        expected = (value(h) - value(-h)) / (2 * h)
        value(0.0)
        law.backward(slopes[: len(law._gates) if hasattr(law, "_gates") else len(law.gates())], 0.7)
        slope = sum(float((p.grad * direction).sum()) for p, direction in zip(values, directions, strict=True))
        assert slope == pytest.approx(expected, rel=2e-3 if name == "concrete" else 1e-6)
        with pytest.raises(AssertionError):
            assert slope == pytest.approx(expected + 0.7, rel=2e-3)

    def test_the_start_is_the_width(self, name):
        law = LAWS[name]()
        assert law.width() == pytest.approx(3.3, abs=0.01 if name != "soft_support" else 0.8)
        assert law.width() <= len(law.final_gates()) <= 8


def test_the_slope_of_a_root_is_finite_at_integers():
    for law in (IntervalMethod(8, 3.0, 0.5), IntervalMethod(8, 8.0, 0.5), FuzzyMethod(8, 1.0)):
        law.backward(np.ones(len(law.gates())), 0.0)
        assert all(bool(p.grad.isfinite().all()) for p in law.parameters)


def test_grades_share_out_more_when_more_is_to_be_shared():
    law = FuzzyMethod(512, 8.0)
    before = law.final_gates()
    assert len(before) == 64
    law.total.data.fill_(40.0)
    law.prepare(0.5)
    assert len(law.final_gates()) == 128
    law.total.data.fill_(500.0)
    law.prepare(0.5)
    assert len(law.final_gates()) == 512
    assert np.square(law.final_gates()).sum() == pytest.approx(500.0)


class TestLookahead:
    def part(self):
        gated, rows, _ = sample()
        return gated.active_part(gated.weights, [np.ones(4)]), rows, replace(rows, y=rows.y[::-1].copy())

    def by_differences(self, response: bool, h: float = 1e-5) -> float:
        """Of the held-out loss after steps of descent, which follow the width or, without response, do not."""
        weights, rows, held = self.part()

        def loss(tensors, width, batch):
            gates = torch.tensor([1.0, 1.0, 1.0, (width - 3) ** 0.5], dtype=torch.float64)
            outputs = (torch.tanh(torch.from_numpy(batch.x) @ tensors[0].T) * gates) @ tensors[1] + tensors[2]
            each = -(outputs.log_softmax(1) * torch.from_numpy(batch.y)).sum(1)
            return (each * torch.from_numpy(batch.importance[:, 0])).mean() + 0.01 / 2 * tensors[1].square().sum() * (
                batch is rows
            )

        def ahead(trained_width: float, held_out_width: float) -> float:
            tensors = [torch.tensor(a) for a in (weights.incoming, weights.outgoing[0], weights.biases[0])]
            for _ in range(AHEAD):
                tensors = [t.detach().requires_grad_() for t in tensors]
                slopes = torch.autograd.grad(loss(tensors, trained_width, rows), tensors)
                tensors = [t - 0.1 * slope for t, slope in zip(tensors, slopes, strict=True)]
            return float(loss(tensors, held_out_width, held).detach())

        first, last = (ahead(3.5 + sign * h * response, 3.5 + sign * h) for sign in (-1, 1))
        return (last - first) / (2 * h)

    def test_direct_term_and_response(self):
        weights, rows, held = self.part()
        (slope,) = Lookahead("cross_entropy", "tanh", 0.01)(weights, [3.5], rows, held)
        assert float(slope) == pytest.approx(self.by_differences(response=True), rel=1e-6)
        with pytest.raises(AssertionError):
            assert float(slope) == pytest.approx(self.by_differences(response=False), rel=1e-3)

    def test_a_rate_that_is_too_high_is_halved_and_nothing_is_said(self):
        gated, rows, _ = sample()
        gated.weights.outgoing[0][:] *= 50
        part = gated.active_part(gated.weights, [np.ones(4)])
        lookahead = Lookahead("squared_error", "tanh", 0.01, lr=10.0)
        assert lookahead(part, [3.5], rows, rows) is None
        assert lookahead.lr == 5.0


def test_the_interval_keeps_its_range():
    law = IntervalMethod(8, 3.0, 1.0)
    for gamma, kept in ((0.1, 0.5), (9.0, 8.0), (7.5, 7.5)):
        law.gamma.data.fill_(gamma)
        law.prepare(0.0)
        assert law.width() == kept


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_the_slope_of_a_gate_that_hardly_is_is_taken_a_hundredth_above(exponent):
    law = IntervalMethod(8, 3.0, exponent)
    law.backward(np.array([1.0, 1.0, 1.0, 4.0]), 0.3)
    assert law.gamma.grad.item() == pytest.approx(4 * exponent * 0.01 ** (exponent - 1) + 0.3)
    full = IntervalMethod(8, 8.0, exponent)
    full.backward(np.arange(8.0), 0.3)
    assert full.gamma.grad.item() == pytest.approx(7 * exponent + 0.3)


def test_the_temperature_falls_over_the_whole_run():
    law = ConcreteMethod(8, 3.3, torch.Generator())
    temperatures = []
    for share in (0.0, 0.5, 1.0):
        law.prepare(share)
        temperatures.append(float(law.law.temperature))
    assert temperatures == pytest.approx([1.0, 0.1**0.5, 0.1])


@pytest.mark.parametrize(("units", "start", "width"), [(8, 1.0, 2.0), (8, 8.0, 7.99), (8, 5.0, 5.0), (1, 1.0, 1.0)])
def test_a_distribution_starts_sure_of_nothing(units, start, width):
    assert ConcreteMethod(units, start, torch.Generator()).width() == pytest.approx(width, rel=1e-4)


def test_the_support_sharpens_in_a_hundred_stages_and_keeps_its_range():
    law = SoftSupportMethod(8, 3.3)
    law.prepare(0.0)
    assert float(law.law.kappa) == pytest.approx(0.1)
    law.prepare(0.009)
    assert float(law.law.kappa) == pytest.approx(0.1)
    law.prepare(0.505)
    assert float(law.law.kappa) == pytest.approx(0.1 * 300**0.5, rel=1e-6)
    law.prepare(0.5)  # no way back
    assert float(law.law.kappa) == pytest.approx(0.1 * 300**0.5, rel=1e-6)
    law.prepare(1.0)
    assert float(law.law.kappa) == pytest.approx(30.0)
    for value, kept in ((9.0, 8.0), (0.3, 0.3), (-1.0, 0.0)):
        law.gamma.data.fill_(value)
        law.prepare(1.0)
        assert law.gamma.item() == pytest.approx(kept)


@pytest.mark.parametrize(
    ("units", "start", "shared"), [(512, 8.0, 64), (512, 40.5, 82), (50, 8.0, 50), (512, 32.0, 64)]
)
def test_grades_begin_among_64_units_or_twice_the_start(units, start, shared):
    law = FuzzyMethod(units, start)
    assert law.shared == shared
    assert np.square(law.final_gates()).sum() == pytest.approx(start)


def test_new_grades_are_on_the_verge():
    law = FuzzyMethod(256, 8.0)
    law.scores.data[:64] = torch.linspace(0, 1, 64, dtype=torch.float64)
    law.total.data.fill_(33.0)
    before = law.final_gates()
    law.prepare(0.5)
    assert law.shared == 128
    np.testing.assert_allclose(law.final_gates()[:64], before, atol=1e-9)
    np.testing.assert_allclose(law.final_gates()[64:], 0, atol=1e-3)
    law.scores.data[64:128] += 1e-3
    assert (law.final_gates()[64:] > 0).all()


def test_the_total_keeps_its_range_and_half_of_the_units_share_it():
    law = FuzzyMethod(256, 8.0)
    law.total.data.fill_(32.0)
    law.prepare(0.5)
    assert law.shared == 64
    for total, kept in ((-1.0, 0.0), (300.0, 256.0)):
        law.total.data.fill_(total)
        law.prepare(0.5)
        assert law.width() == kept
    assert law.shared == 256


def test_the_slope_of_a_small_grade_is_taken_a_hundredth_above():
    law = FuzzyMethod(2, 1.0)
    law.scores.data[:] = torch.tensor([0.999, 0.001])
    law.gates()
    law.backward(np.array([0.0, 1.0]), 0.0)
    assert law.scores.grad[1].item() == pytest.approx(0.5 / (2 * 0.1))


def test_lookahead_of_a_loss_of_your_own_and_of_two_layers():
    gated, rows, _ = sample(2)
    part = gated.active_part(gated.weights, [np.ones(4), np.ones(4)])
    rows = replace(rows, importance=None)
    likelihood = Likelihood(lambda z, t: -(z.log_softmax(1) * t).sum(1).mean(), 2)
    one, other = (
        Lookahead(loss, "tanh", 0.01)(part, [3.5, 3.25], rows, rows) for loss in (likelihood, "cross_entropy")
    )
    assert_close(one, other, rtol=1e-9, atol=0)
    assert len(one) == 2


@pytest.mark.parametrize(("width", "units", "last"), [(2.25, 4, 0.5), (2.0, 4, 0.0), (4.0, 4, 1.0)])
def test_square_root_gates_to_the_first_order(width, units, last):
    gamma = torch.tensor(width, dtype=torch.float64, requires_grad=True)
    gates = square_root_gates(gamma, width, units)
    edge = min(int(width), units - 1)
    expected = [1.0] * edge + [last] + [0.0] * (units - edge - 1)
    assert gates.tolist() == pytest.approx(expected)
    gates.sum().backward()
    assert gamma.grad.item() == pytest.approx(0.5 / max(width - edge, 0.01) ** 0.5)


def test_a_new_gated_network():
    gated = new_gated_network((3, 2, 500), 300, 6.25, "tanh", 0, FLOAT)
    assert gated.weights.units == [300, 300]
    assert gated.weights.incoming.shape == (300, 4)
    assert gated.weights.outgoing[0].std() == pytest.approx(6.25**-0.5, rel=0.02)
    assert gated.weights.outgoing[1].std() == pytest.approx(0.1, rel=0.02)
    assert not any(bias.any() for bias in gated.weights.biases)


def test_a_plain_network_has_no_fewer_units_than_wanted_and_those_of_the_largest_gates():
    gated, _, _ = sample()
    gates = [np.array([0.5, 0.0, 2e-6, 0.9, 1e-6])]
    order = plain_network(gated, gates, [4])
    np.testing.assert_array_equal(order.incoming, gated.weights.incoming[[0, 2, 3, 4]])
    np.testing.assert_array_equal(plain_network(gated, gates, [1]).incoming, gated.weights.incoming[[0, 2, 3]])
    assert plain_network(gated, gates, [9]).units == [5]


@pytest.mark.parametrize(("widths", "saturated"), [((7.6, 1.0), True), ((1.0, 7.6), True), ((7.5, 7.5), False)])
def test_one_full_layer_saturates(widths, saturated):
    """A width above 95 % of ``max_units``, here 7.6 of 8, may have been held back by them."""
    run = SimpleNamespace(config=LearnConfig(max_units=8, start=2), widths=lambda: list(widths))
    assert (GatedRun.saturation(run) is not None) == saturated
