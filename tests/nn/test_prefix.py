"""Active gates are the leading gates of the law to the bit, and so are their gradients."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from continuum.nn import MLP
from continuum.nn.prefix import active_gates
from continuum.widths import Interval
from proofs_checks import strategies


@given(
    gamma=strategies.gammas(600, subnormal=True),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    side=st.sampled_from(["right", "left"]),
)
def test_bits(gamma, dtype, side):
    law = Interval(600, torch.tensor(gamma, dtype=dtype), side=side)
    active = active_gates(law)
    assert torch.equal(active, law.gates()[: len(active)])
    direction = torch.randn(len(active), dtype=dtype)
    slopes = [
        torch.autograd.grad((gates * direction).sum(), law.gamma)[0] for gates in (active, law.gates()[: len(active)])
    ]
    assert torch.equal(*slopes)


def test_coarse_numbers_keep_their_unit():
    law = Interval(600, torch.tensor(301.0, dtype=torch.float64)).bfloat16()  # which rounds to 302 or 300
    assert torch.equal(active_gates(law).float(), law.gates()[: len(active_gates(law))].float())


def test_the_root_at_minus_zero():
    law = Interval(6, torch.tensor(0.0, dtype=torch.float64), exponent=0.5)
    with torch.no_grad():
        law.gamma.copy_(torch.tensor(-0.0))
    for gates in (active_gates(law), law.gates()):
        assert torch.autograd.grad(gates[0], law.gamma)[0].item() == math.inf


def test_gates_of_a_subclass_are_its_own():
    class Half(Interval):
        def gates(self, generator=None):
            return torch.full((self.units,), 0.5)

    net, x = MLP(3, 2, [Half(6, 2.5)]), torch.randn(5, 3)
    assert torch.equal(active_gates(net.widths[0]), torch.full((6,), 0.5))
    torch.testing.assert_close(net(x), net.sequential()(x))


def test_a_layer_without_bias():
    net, x = MLP(3, 2, [Interval(6, 2.5)]), torch.randn(5, 3)
    net.layers[0] = nn.Linear(3, 6, bias=False)
    torch.testing.assert_close(net(x), net.sequential()(x))


@pytest.mark.parametrize("gamma", [math.nan, math.inf, -0.5, 6.5])
def test_beyond_what_it_may_be(gamma):
    law = Interval(6, 2.5)
    with torch.no_grad():
        law.gamma.fill_(gamma)
    active = active_gates(law)
    torch.testing.assert_close(active, law.gates()[: len(active)], equal_nan=True)
