"""The perceptron that computes its active units only equals the chain of layers that computes all."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.nn import MLP
from continuum.nn.prefix import active_gates
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport
from proofs_checks import strategies

CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def same(net: MLP, x: torch.Tensor) -> None:
    """Values and all gradients, which are never None."""
    results = []
    for model in (net, net.sequential()):
        torch.manual_seed(0)  # for laws that sample
        out = model(x)
        results.append((out, *torch.autograd.grad(out.square().sum(), list(net.parameters()))))
    assert_close(*results, **CLOSE)


@given(
    gamma=strategies.gammas(6, subnormal=True),
    exponent=st.sampled_from([0.5, 1.0, 2.0]),
    side=st.sampled_from(["right", "left"]),
    activation=st.sampled_from(["tanh", "relu", "gelu", nn.SiLU]),
)
def test_equals_the_chain_of_layers(gamma, exponent, side, activation):
    widths = [Interval(6, torch.tensor(g, dtype=torch.float64), exponent, side=side) for g in (gamma, 2.5)]
    same(MLP(3, 2, widths, activation).double(), torch.randn(5, 3, dtype=torch.float64))


@pytest.mark.parametrize("gamma", [-0.5, 6.5])
def test_beyond_the_ends_too(gamma):
    net = MLP(3, 2, [Interval(6, 3.0)]).double()
    with torch.no_grad():
        net.widths[0].gamma.fill_(gamma)
    same(net, torch.randn(5, 3, dtype=torch.float64))


@pytest.mark.parametrize(
    "width",
    [Fuzzy(6, 2.5), Fuzzy(6, 2.5, mode="bernoulli"), Concrete(6, 0.5), SoftSupport(6, Affine(2.5), 5.0)],
    ids=lambda width: f"{type(width).__name__}-{getattr(width, 'mode', '')}",
)
def test_other_laws(width):
    same(MLP(3, 2, [width]).double(), torch.randn(4, 5, 3, dtype=torch.float64))


def test_a_batch_of_widths():
    gamma = torch.tensor([0.5, 2.0, 6.0], dtype=torch.float64)
    net, x = MLP(3, 2, [Interval(6, gamma), Interval(4, 1.5)]).double(), torch.randn(3, 5, 3, dtype=torch.float64)
    same(net, x)


def test_vmap_over_widths_when_it_computes_all():
    net, x = MLP(3, 2, [Interval(6, 1.0)], compute="all"), torch.randn(5, 3)
    gammas = torch.tensor([0.5, 2.0, 5.75])
    mapped = vmap(lambda gamma: functional_call(net, {"widths.0.gamma": gamma}, (x,)))(gammas)
    for gamma, outputs in zip(gammas, mapped, strict=True):
        assert_close(outputs, functional_call(net, {"widths.0.gamma": gamma}, (x,)))


def test_parameters_have_full_size_but_few_units_are_computed():
    shapes = []
    net = MLP(3, 2, [Interval(512, 8.5)])
    net.activations[0].register_forward_hook(lambda module, args, out: shapes.append(out.shape))
    net(torch.randn(5, 3))
    assert shapes == [(5, 9)]
    assert net.state_dict()["layers.0.weight"].shape == (512, 3)


def test_nan_is_not_hidden():
    width = Interval(6, 2.5)
    with torch.no_grad():
        width.gamma.fill_(torch.nan)
    assert active_gates(width).isnan().any()
    assert MLP(3, 2, [width])(torch.randn(5, 3)).isnan().all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 0}, r"inputs: expected an integer >= 1, got 0; give 1 or more"),
        ({"outputs": 0}, r"outputs: expected an integer >= 1, got 0; give 1 or more"),
        ({"widths": [3]}, r"widths: expected laws of width, got int; give e\.g\. \[Interval"),
        ({"activation": "tanhh"}, r"activation: expected one of gelu, relu, tanh, got 'tanhh'; did you mean tanh\?"),
        ({"activation": nn.Tanh()}, r"activation: expected a name or a factory of modules, got Tanh\(\); give"),
        ({"compute": "some"}, r"compute: expected one of active, all, got 'some'; "),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(BadInput, match=message):
        MLP(**{"inputs": 3, "outputs": 1, "widths": [Interval(4, 1.5)]} | options)
