"""The compiled perceptron equals the general form: values, gradients, derivatives of gradients, numbers drawn."""

import math

import pytest
import torch
from torch.testing import assert_close

from continuum.nn import MLP, native
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport

#: Two ways of adding up the same numbers.
CLOSE = {"rtol": 1e-12, "atol": 1e-13}
ACTIVATIONS = ("tanh", "relu", "gelu")


def fuzzy(cardinality: float, exponent: float = 1.0) -> Fuzzy:
    law = Fuzzy(6, cardinality, exponent=exponent)
    with torch.no_grad():
        law.scores.copy_(torch.randn(6))
    return law


LAWS = {
    **{
        f"interval {gamma:g} {side} {exponent:g}": (
            lambda gamma=gamma, side=side, exponent=exponent: [Interval(6, gamma, exponent, side=side)]
        )
        for gamma in (0.5, 3.0, 5.5, 6.0)
        for side in ("right", "left")
        for exponent in (1.0, 2.0)
    },
    "interval at 0": lambda: [Interval(6, 0.0)],
    "root": lambda: [Interval(6, 2.5, 0.5), Interval(6, 1.25, 0.5)],
    "beyond": lambda: [beyond()],
    "fuzzy": lambda: [fuzzy(2.5)],
    "fuzzy root": lambda: [fuzzy(2.5, 0.5), fuzzy(3.0, 2.0)],
    "fuzzy, equal": lambda: [Fuzzy(6, 2.5, mode="systematic").eval()],
    "soft": lambda: [SoftSupport(6, Affine(2.5, 1.5), 10.0)],
    "blunt": lambda: [SoftSupport(6, Affine(2.5, 0.3), 0.5), SoftSupport(6, Affine(2.5, -0.3), 50.0)],
    "one unit": lambda: [SoftSupport(1, Affine(0.25), 2.0)],
    "concrete": lambda: [Concrete(6, 0.5, torch.randn(6)), Concrete(4, 0.1)],
    "mixed": lambda: [Concrete(6, 0.5), fuzzy(2.5), Interval(5, 3.25), SoftSupport(6, Affine(2.5), 3.0)],
}


def beyond() -> Interval:
    law = Interval(6, 6.0)
    with torch.no_grad():
        law.gamma.fill_(7.5)
    return law


def network(name: str, activation: str = "tanh", dtype: torch.dtype = torch.float64) -> MLP:
    return MLP(3, 2, LAWS[name](), activation).to(dtype)


def first(form, net, x):
    torch.manual_seed(1)
    outputs = form(x)
    return [outputs, *torch.autograd.grad(outputs.square().sum() + outputs.sum(), [*net.parameters(), x])]


def second(form, net, x):
    torch.manual_seed(1)
    outputs = form(x)
    inputs = [*net.parameters(), x]
    gradients = torch.autograd.grad(outputs.square().sum() + outputs.sum(), inputs, create_graph=True)
    penalty = sum(gradient.square().sum() for gradient in gradients)
    return [*gradients, *torch.autograd.grad(penalty, inputs, allow_unused=True, materialize_grads=True)]


def served(net: MLP, x: torch.Tensor) -> bool:
    state = torch.get_rng_state()
    answer = native.outputs(net, x)
    torch.set_rng_state(state)
    return answer is not None


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LAWS)
def test_values_and_gradients(name, activation):
    net, x = network(name, activation), torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    assert served(net, x)
    assert_close(first(net, net, x), first(net.general, net, x), **CLOSE)


@pytest.mark.parametrize("name", [name for name in LAWS if name not in {"fuzzy root", "interval at 0"}])
def test_derivatives_of_gradients(name):  # a root has none at 0
    net, x = network(name), torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    assert served(net, x)
    assert_close(second(net, net, x), second(net.general, net, x), **CLOSE)


@pytest.mark.parametrize("name", LAWS)
def test_in_float32(name):
    net, x = network(name, dtype=torch.float32), torch.randn(7, 3, requires_grad=True)
    assert served(net, x)
    torch.manual_seed(1)
    exact = MLP(3, 2, LAWS[name]()).double()
    exact.load_state_dict(net.state_dict())
    outputs = net(x) if "concrete" not in name and "mixed" not in name else None  # which draw other numbers
    if outputs is not None:
        assert outputs.dtype == torch.float32
        assert_close(outputs.double(), exact.general(x.double()), rtol=1e-5, atol=1e-5)
    assert_close(first(net, net, x), first(net.general, net, x), rtol=1e-3, atol=1e-4)


def test_the_same_random_numbers_are_drawn():
    net, x, states = network("mixed"), torch.randn(7, 3, dtype=torch.float64), []
    for form in (net, net.general):
        torch.manual_seed(2)
        form(x)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_nothing_is_drawn_for_a_network_that_is_refused():
    net = MLP(3, 2, [Concrete(4, 0.5), Interval(4, 2.0)])
    with torch.no_grad():
        net.widths[1].gamma.fill_(math.nan)
    state = torch.get_rng_state()
    assert native.outputs(net, torch.randn(5, 3)) is None
    torch.set_rng_state(state)
    torch.randn(5, 3)
    before = torch.get_rng_state()
    assert native.outputs(net, torch.ones(5, 3)) is None
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("wrong", ["side", "exponent", "total", "activation"])
def test_what_is_wrong_is_seen(wrong):
    """The comparison above rejects a network that differs in one thing."""
    net, x = network("mixed"), torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        net.widths[2].gamma.fill_(3.0)  # at an integer the side matters, and for the gradient alone
    torch.manual_seed(0)
    before = first(net, net, x)
    if wrong == "side":
        net.widths[2].side = "left"
    if wrong == "exponent":
        net.widths[1].exponent = 1.0 + 1e-9
    if wrong == "total":
        net.widths[1].total += 1e-9
    if wrong == "activation":
        net.activations[0] = torch.nn.GELU()
    with pytest.raises(AssertionError):
        assert_close(before, first(net.general, net, x), **CLOSE)
