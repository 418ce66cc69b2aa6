"""A law of width as a layer."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.nn import Gate
from continuum.widths import Interval

UNITS = 6


def network(gamma=2.25, **options) -> nn.Sequential:
    width = Interval(UNITS, torch.as_tensor(gamma, dtype=torch.float64), **options)
    layers = nn.Sequential(nn.Linear(3, UNITS), nn.Tanh(), Gate(width), nn.Linear(UNITS, 2))
    return layers.double()


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


class TestForward:
    @pytest.mark.parametrize("shape", [(), (5,), (2, 5), (4, 2, 5), (0,)], ids=str)
    def test_a_scalar_width_takes_any_leading_shape(self, shape):
        hidden, gate = rows(*shape, UNITS), network()[2]
        gated = gate(hidden)
        assert gated.shape == hidden.shape
        assert torch.equal(gated, hidden * torch.tensor([1, 1, 0.25, 0, 0, 0]))

    @pytest.mark.parametrize("batch", [(3,), (2, 3)], ids=str)
    def test_a_batch_of_widths_gates_its_own_rows(self, batch):
        gamma, hidden = torch.rand(batch, dtype=torch.float64) * UNITS, rows(*batch, 5, UNITS)
        gated = network(gamma)[2](hidden)
        assert gated.shape == hidden.shape
        for i in np.ndindex(*batch):
            assert torch.equal(gated[i], network(gamma[i])[2](hidden[i]))

    def test_as_many_rows_as_widths_are_no_batch(self):
        """The confusion that broadcasting would hide: rows gated each by another width."""
        gamma = torch.rand(5, dtype=torch.float64) * UNITS
        assert network(gamma)[2](rows(5, 5, UNITS)).shape == (5, 5, UNITS)
        message = r"Gate input: expected shape \(5, rows, 6\), got shape \(5, 6\); give one set"
        with pytest.raises(BadInput, match=message):
            network(gamma)[2](rows(5, UNITS))

    @pytest.mark.parametrize("gamma", range(UNITS + 1))
    def test_at_an_integer_it_is_the_network_of_that_width(self, gamma):
        net, x = network(gamma), rows(5, 3)
        plain = nn.Sequential(nn.Linear(3, gamma), nn.Tanh(), nn.Linear(gamma, 2)).double() if gamma else None
        if plain is None:
            expected = net[3].bias.expand(5, 2)
        else:
            with torch.no_grad():
                plain[0].weight.copy_(net[0].weight[:gamma])
                plain[0].bias.copy_(net[0].bias[:gamma])
                plain[2].weight.copy_(net[3].weight[:, :gamma])
                plain[2].bias.copy_(net[3].bias)
            expected = plain(x)
        assert_close(net(x), expected, rtol=1e-14, atol=1e-15)

    def test_between_integers_it_interpolates_the_outputs(self):
        x, net = rows(5, 3), network(2.0)
        outputs = {}
        for gamma in (2.0, 2.25, 3.0):
            with torch.no_grad():
                net[2].width.gamma.fill_(gamma)
            outputs[gamma] = net(x)
        assert_close(outputs[2.25], torch.lerp(outputs[2.0], outputs[3.0], 0.25), rtol=1e-13, atol=1e-14)

    def test_float32(self):
        net = network().float()
        assert net(rows(5, 3).float()).dtype == torch.float32


class TestGradients:
    @pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
    @pytest.mark.parametrize("side", ["right", "left"])
    def test_reaches_gamma_and_equals_differences(self, exponent, side):
        net, x, h = network(exponent=exponent, side=side), rows(5, 3), 1e-6

        def loss(gamma):
            return functional_call(net, {"2.width.gamma": gamma}, (x,)).square().mean()

        gamma = net[2].width.gamma
        (gradient,) = torch.autograd.grad(loss(gamma), gamma)
        assert gradient != 0
        assert_close(gradient, (loss(gamma + h) - loss(gamma - h)) / (2 * h), rtol=1e-7, atol=1e-9)

    def test_reaches_every_width_of_a_batch(self):
        gamma, hidden = torch.tensor([[0.5, 2.25], [4.0, 6.0]], dtype=torch.float64), rows(2, 2, 5, UNITS)
        gate = network(gamma)[2]
        gate(hidden).square().sum().backward()
        for i in np.ndindex(2, 2):
            alone = network(gamma[i])[2]
            alone(hidden[i]).square().sum().backward()
            assert_close(gate.width.gamma.grad[i], alone.width.gamma.grad, rtol=1e-14, atol=0)
        assert gate.width.gamma.grad.bool().tolist() == [[True, True], [False, False]]

    @pytest.mark.parametrize("gamma", [0.0, 2.0, 2.25, 6.0])
    @pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
    def test_units_that_are_off_get_exactly_zero(self, gamma, exponent):
        net = network(gamma, exponent=exponent)
        net(rows(5, 3)).square().sum().backward()
        off = net[2].width.gates() == 0
        incoming, bias, outgoing = net[0].weight.grad, net[0].bias.grad, net[3].weight.grad.T
        for gradient in (incoming, bias, outgoing):
            assert not gradient[off].any()
            assert gradient[~off].all()
            assert gradient.isfinite().all()

    def test_a_fixed_width_gets_none(self):
        net = network(learnable=False)
        net(rows(5, 3)).sum().backward()
        assert [name for name, p in net.named_parameters() if p.grad is None] == []
        assert "2.width.gamma" not in dict(net.named_parameters())

    def test_descent_moves_gamma_towards_a_narrower_network(self):
        net, x = network(3.5), rows(64, 3)
        optimiser = torch.optim.SGD([net[2].width.gamma], lr=0.05)
        start = (net(x) - net[3].bias).square().mean()
        for _ in range(200):
            optimiser.zero_grad()
            loss = (net(x) - net[3].bias).square().mean()  # best with no unit at all
            loss.backward()
            optimiser.step()
        assert loss < start


class TestAsAModule:
    def test_state_dict_round_trip(self):
        net, other, x = network(2.25), network(4.5), rows(5, 3)
        assert "2.width.gamma" in net.state_dict()
        other.load_state_dict(net.state_dict(), strict=True)
        assert torch.equal(net(x), other(x))
        assert torch.equal(copy.deepcopy(net)(x), net(x))

    def test_vmap_over_widths_equals_the_batch(self):
        gamma, hidden = torch.tensor([0.5, 2.0, 5.75], dtype=torch.float64), rows(3, 5, UNITS)
        single = network()[2]
        mapped = vmap(lambda g, y: functional_call(single, {"width.gamma": g}, (y,)))(gamma, hidden)
        assert torch.equal(mapped, network(gamma)[2](hidden))

    @pytest.mark.usefixtures("unchecked")
    # PyTorch itself instantiates autograd.Function while it compiles one, and then warns of that.
    @pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
    @pytest.mark.parametrize("exponent", [0.5, 1.0])
    def test_compiles_into_one_graph(self, exponent):
        torch.compiler.reset()
        net, x = network(exponent=exponent), rows(5, 3)
        compiled = torch.compile(net, backend="eager", fullgraph=True)
        assert_close(compiled(x), net(x), rtol=1e-14, atol=1e-15)
        expected, actual = (torch.autograd.grad(f(x).sum(), list(net.parameters())) for f in (net, compiled))
        assert_close(actual, expected, rtol=1e-13, atol=1e-15)


class TestBadInput:
    @pytest.mark.parametrize("units", [0, 1, UNITS - 1, UNITS + 1])
    @pytest.mark.parametrize("gamma", [2.25, [1.0, 2.0]], ids=["scalar", "batch"])
    def test_wrong_number_of_units(self, units, gamma):
        with pytest.raises(BadInput) as raised:
            network(gamma)[2](rows(2, 5, units))
        assert str(raised.value) == (
            f"Gate input: expected 6 units on the last axis, got shape (2, 5, {units}); "
            "give the layer before the gate as many outputs as the width has units"
        )

    @pytest.mark.parametrize("shape", [(6,), (5, 6), (3, 5, 6), (1, 5, 6), (4, 2, 5, 6)], ids=str)
    def test_rows_that_fit_no_batch(self, shape):
        with pytest.raises(BadInput, match=r"Gate input: expected shape \(2, rows, 6\), got shape "):
            network([1.0, 2.0])[2](rows(*shape))
