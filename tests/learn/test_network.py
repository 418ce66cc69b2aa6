"""The gradient by hand against autograd, and the plain network that computes the same."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.learn.loss import objective
from continuum.learn.network import activations, gradient, sequential
from tests.learn.networks import by_autograd, sample


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
class TestGradient:
    def gradients(self, layers, activation, loss):
        weights, x, y, importance = sample(layers)
        out = weights.zeros()
        gradient(weights, x, y, importance, activation, objective(loss), out)
        parts = [torch.from_numpy(a) for a in (out.incoming, *out.outgoing, *out.biases)]
        return parts, (weights, x, y, importance)

    def test_equals_autograd(self, layers, activation, loss):
        gradients, inputs = self.gradients(layers, activation, loss)
        for part, expected in zip(gradients, by_autograd(*inputs, activation, loss), strict=True):
            assert_close(part, expected, rtol=1e-12, atol=1e-14)

    def test_the_other_activation_or_no_importance_is_rejected(self, layers, activation, loss):
        gradients, (weights, x, y, importance) = self.gradients(layers, activation, loss)
        other = {"tanh": "relu", "relu": "tanh"}[activation]
        for wrong in (
            by_autograd(weights, x, y, importance, other, loss),
            by_autograd(weights, x, y, importance**0, activation, loss),
        ):
            with pytest.raises(AssertionError):
                assert_close(gradients[0], wrong[0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_plain_network_computes_the_same(activation):
    weights, x, _, _ = sample(2)
    outputs = activations(weights, x, activation)[-1]
    assert_close(
        sequential(weights, activation)(torch.from_numpy(x[:, :-1])).numpy(force=True), outputs, rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_units_may_stand_in_any_order(layer):
    """A hidden layer with its units reversed computes the same; the falsifier leaves one of them out."""
    weights, x, _, _ = sample(3)
    outputs, reverse = activations(weights, x, "tanh")[-1], np.arange(weights.units[layer])[::-1]
    assert_close(activations(weights.take(layer, reverse), x, "tanh")[-1], outputs, rtol=1e-12, atol=1e-13)
    with pytest.raises(AssertionError):
        assert_close(activations(weights.take(layer, reverse[1:]), x, "tanh")[-1], outputs, rtol=1e-6, atol=0)
