"""The fused output layer, loss and Adam against autograd and torch's own optimiser."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from continuum.compiled import kernels

CLOSE = {torch.float32: {"rtol": 2e-5, "atol": 2e-7}, torch.float64: {"rtol": 1e-12, "atol": 1e-14}}
#: Fewer than four rows, whole fours, and a rest.
ROWS = [1, 4, 3, 9]


class Networks:
    """Some small networks on 32 columns, and what the kernel makes of them."""

    def __init__(self, dtype, outputs, activation, classes):
        self.starts = np.array([0, *np.cumsum(ROWS)])
        shapes = (self.starts[-1], 32), (self.starts[-1], outputs), (len(ROWS), outputs), (self.starts[-1], outputs)
        self.before, self.weight, self.bias, self.gates = (torch.randn(*s, dtype=dtype) for s in shapes)
        labels = torch.randint(outputs, (32,))
        self.target = torch.eye(outputs, dtype=dtype)[labels].T.contiguous() if classes else torch.randn(outputs, 32)
        self.target = self.target.to(dtype)
        self.share = torch.rand(32, dtype=dtype)
        self.activation, self.classes = activation, classes

    def ours(self):
        hidden = self.before.clone() if self.activation is torch.relu else self.activation(self.before)
        to_weight, to_bias = torch.empty_like(self.weight), torch.empty_like(self.bias)
        run = kernels.readout(
            hidden.numpy(),
            self.starts,
            (self.weight.numpy(), to_weight.numpy()),
            (self.bias.numpy(), to_bias.numpy()),
            self.target.numpy(),
            self.share.numpy(),
            relu=self.activation is torch.relu,
            classes=self.classes,
        )
        run(self.gates.numpy())
        return hidden, to_weight, to_bias

    def expected(self):
        leaves = [x.clone().requires_grad_() for x in (self.before, self.weight, self.bias)]
        hidden, loss = self.activation(leaves[0]), 0
        for number, (start, stop) in enumerate(zip(self.starts[:-1], self.starts[1:], strict=True)):
            gated = (leaves[1] * self.gates)[start:stop]
            z = gated.T @ hidden[start:stop] + leaves[2][number].unsqueeze(1)
            if self.classes:
                each = cross_entropy(z.T, self.target.T, reduction="none")
            else:
                each = (z - self.target).square().sum(0) / 2
            loss = loss + (each * self.share).sum()
        return torch.autograd.grad(loss, leaves)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("activation", [torch.relu, torch.tanh])
@pytest.mark.parametrize(("outputs", "classes"), [(2, True), (3, True), (10, True), (1, False), (2, False)])
def test_gradients_are_those_of_autograd(dtype, activation, outputs, classes):
    networks = Networks(dtype, outputs, activation, classes)
    assert_close(networks.ours(), networks.expected(), **CLOSE[dtype])


@pytest.mark.parametrize("dtype", CLOSE)
def test_a_gradient_without_gates_is_rejected(dtype):
    networks = Networks(dtype, 3, torch.relu, True)
    ours = networks.ours()
    networks.gates = torch.ones_like(networks.gates)
    assert (ours[1] - networks.expected()[1]).abs().max() > 1e-3


def test_logits_of_any_size_have_probabilities():
    networks = Networks(torch.float32, 3, torch.relu, True)
    networks.bias *= 1e4
    for ours, expected in zip(networks.ours(), networks.expected(), strict=True):
        assert_close(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_network_that_diverged_stays_so_and_leaves_its_neighbours_alone(bad):
    networks = Networks(torch.float32, 3, torch.relu, True)
    sound = networks.ours()
    networks.weight[2] = bad  # of the second network: rows 1 to 4
    for ours, before, of_rows in zip(networks.ours(), sound, (True, True, False), strict=True):
        own = slice(1, 5) if of_rows else slice(1, 2)
        assert not ours[own].isfinite().all()
        others = torch.ones(len(ours), dtype=torch.bool)
        others[own] = False
        assert torch.equal(ours[others], before[others])


@pytest.mark.parametrize("dtype", CLOSE)
def test_adam_is_that_of_torch(dtype):
    parameters, first, second = torch.randn(1003, dtype=dtype), *torch.zeros(2, 1003, dtype=dtype)
    expected, gradient = parameters.clone().requires_grad_(), torch.empty(1003, dtype=dtype)
    adam = torch.optim.Adam([expected], lr=0.01)
    ours = kernels.adam([t.numpy() for t in (parameters, gradient, first, second)], (0.9, 0.999), 1e-8)
    for step in range(1, 6):
        gradient.normal_()
        expected.grad = gradient.clone()
        adam.step()
        ours(0.01 / (1 - 0.9**step), 1 / (1 - 0.999**step) ** 0.5)
    assert_close(parameters, expected.detach(), rtol=1e-5 if dtype == torch.float32 else 1e-13, atol=1e-7)
