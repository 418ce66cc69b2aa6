"""The straight map beside the hidden layers: its gradient, its plain form, and what it takes over of units that go."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.learn.loss import objective
from continuum.learn.network import NetworkWeights, activations, gradient, sequential, weights_of
from continuum.learn.rounding import removals, remove
from continuum.nn import Skip
from tests.learn.networks import by_autograd, sample


def gradients(inputs, activation, loss):
    weights, x, y, importance = inputs
    out = weights.zeros()
    gradient(weights, x, y, importance, activation, objective(loss), out)
    return [torch.from_numpy(array) for array in out.arrays()]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_the_gradient_equals_autograd(layers, activation, loss):
    inputs = sample(layers, skip=True)
    expected = by_autograd(*inputs, activation, loss)
    for part, other in zip(gradients(inputs, activation, loss), expected, strict=True):
        assert_close(part, other, rtol=1e-12, atol=1e-14)
    weights, *rows = inputs
    weights.skip = weights.skip * 1.01  # the falsifier: another line has another gradient, in all weights
    for part, other in zip(gradients((weights, *rows), activation, loss), expected, strict=True):
        with pytest.raises(AssertionError):
            assert_close(part, other, rtol=1e-6, atol=1e-8)


def without_units(weights: NetworkWeights) -> NetworkWeights:
    return weights.take(0, np.zeros(0, np.int64))


def zero_skip(weights: NetworkWeights) -> NetworkWeights:
    return NetworkWeights(weights.incoming, weights.outgoing, weights.biases, 0 * weights.skip)


KINDS = {"skip": (2, lambda w: w), "no units": (1, without_units), "zeros": (2, zero_skip)}


@pytest.mark.parametrize(("layers", "change"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_plain_network_computes_the_same_and_is_read_back(layers, change, activation):
    weights, x, _, _ = sample(layers, skip=True)
    weights = change(weights)
    plain, outputs = sequential(weights, activation), activations(weights, x, activation)[-1]
    assert_close(plain(torch.from_numpy(x[:, :-1])).numpy(force=True), outputs, rtol=1e-12, atol=1e-13)
    back = weights_of(plain)
    assert back.units == weights.units
    assert_close(activations(back, x, activation)[-1], outputs, rtol=1e-12, atol=1e-13)
    assert isinstance(plain[0], Skip) == bool(weights.skip.any())  # of zeros nothing is left
    assert (back.skip is None) == (not weights.skip.any())
    back.biases[-1] += 1e-3
    with pytest.raises(AssertionError):
        assert_close(activations(back, x, activation)[-1], outputs, rtol=1e-6, atol=1e-6)


def test_reading_back_copies():
    weights, x, _, _ = sample(1, skip=True)
    plain = sequential(weights, "tanh")
    outputs = plain(torch.from_numpy(x[:, :-1])).detach().clone()
    for array in weights_of(plain).arrays():
        array += 1.0
    weights.skip += 1.0
    weights.incoming += 1.0
    assert_close(plain(torch.from_numpy(x[:, :-1])), outputs, rtol=0, atol=0)
    assert isinstance(plain, nn.Sequential)
    assert not plain.training


def layer(rows=200, units=6, fixed=2, outputs=2, seed=0):
    """Activations that depend on the fixed columns, which are inputs, and weights of all of them."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, fixed))
    h = np.tanh(random.normal(size=(rows, units)) + x @ random.normal(size=(fixed, units)))
    return np.hstack([h, x]), random.normal(size=(units + fixed, outputs))


def check_least_squares(columns, v, order, kept, shift, weight=None):
    """The change is that of the best weights of the columns that are left, and a constant."""
    root = np.ones((len(columns), 1)) if weight is None else np.sqrt(weight)
    design = root * np.hstack([columns[:, order], np.ones((len(columns), 1))])
    best = torch.linalg.lstsq(torch.from_numpy(design), torch.from_numpy(root * (columns @ v))).solution.numpy()
    # A ridge of 1e-6 of the mean variance is in the Gram matrix, so that it can always be inverted.
    np.testing.assert_allclose(kept, best[:-1], rtol=0, atol=1e-4)
    np.testing.assert_allclose(shift, best[-1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("keep", [0, 1, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_fixed_columns_stay_and_take_over_by_least_squares(keep, weighted):
    columns, v = layer()
    weight = np.random.default_rng(1).uniform(0.2, 2, (len(columns), 1)) if weighted else None
    weight = weight if weight is None else weight / weight.mean()
    order, kept, shift = removals(columns, v, keep, weight, fixed=2)
    assert order[-2:].tolist() == [6, 7]
    assert len(order) == keep + 2
    check_least_squares(columns, v, order, kept, shift, weight)
    for wrong in ((order, v[order], shift), (order, kept, shift + 0.01), (order[::-1], kept, shift)):
        with pytest.raises(AssertionError):
            check_least_squares(columns, v, *wrong, weight)


def test_fixed_columns_stay_though_they_are_worth_nothing():
    columns, v = layer()
    v[-2:] = 0.0
    assert removals(columns, v, 1, None, fixed=2)[0][-2:].tolist() == [6, 7]
    free = removals(columns, v, 1)[0]  # the falsifier: as units they would be the first to go
    assert 6 not in free
    assert 7 not in free


def test_a_line_takes_over_the_straight_part_of_units_that_go():
    """Units of a tiny slope are nearly straight: with the line nothing is lost, without it nearly all."""
    random = np.random.default_rng(0)
    x = np.hstack([random.normal(size=(300, 2)), np.ones((300, 1))])
    incoming = 1e-3 * random.normal(size=(4, 3))
    weights = NetworkWeights(incoming, [1e3 * random.normal(size=(4, 1))], [np.zeros(1)], np.zeros((2, 1)))
    h, outputs = activations(weights, x, "tanh")
    for straight, harmless in ((x[:, :2], True), (None, False)):
        mine = NetworkWeights(incoming, [weights.outgoing[0].copy()], [np.zeros(1)], np.zeros((2, 1)))
        order = remove(mine, 0, h, 0, None, straight)
        change = activations(mine.take(0, order), x, "tanh")[-1] - outputs
        # What tanh bends at arguments of a few thousandths is 1e-8 of a unit, times outgoing weights of 1e3; the ridge
        # of 1e-6 of the mean variance is the larger part.
        assert (np.abs(change).max() < 1e-3 * np.abs(outputs).max()) == harmless
