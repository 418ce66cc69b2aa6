"""The pool: packing changes no output, reserves are silent, limits hold."""

import numpy as np
import pytest

from continuum.learn.network import activations
from continuum.learn.pool import AT_START, LEAST_RESERVE, new_pool
from continuum.learn.rows import TrainingRows

FLOAT = np.dtype(np.float64)


def pool(layers=1, start=5.0, limit=128, activation="tanh"):
    return new_pool((3, layers, 2), start, activation, limit, 0, FLOAT)


def outputs(pool):
    x = np.concatenate([np.random.default_rng(1).normal(size=(9, 3)), np.ones((9, 1))], 1)
    return activations(pool.weights, x, pool.activation)[-1]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_packing_keeps_the_function(layers, activation):
    network = pool(layers, activation=activation)
    network.weights.outgoing[-1][1] = 0  # a unit falls silent
    before = outputs(network)
    for reserve in (True, False, True):
        network.repack(reserve=reserve)
        assert network.counts()[-1] == 4
        np.testing.assert_allclose(outputs(network), before, rtol=1e-12, atol=1e-14)
    assert network.weights.units[-1] == 4 + LEAST_RESERVE


def test_dropping_a_unit_that_speaks_is_rejected():
    network = pool()
    before = outputs(network)
    network.keep(0, np.arange(4))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(outputs(network), before, rtol=1e-6)


def test_the_limit_holds_and_a_silent_layer_keeps_a_unit():
    network = pool(limit=7)
    network.repack(reserve=True)
    assert network.weights.units == [7]
    network.weights.outgoing[0][:] = 0
    network.repack(reserve=False)
    assert network.weights.units == [1]


def test_a_fractional_start_weakens_the_last_unit():
    one, other = pool(start=4.25), pool(start=4.0)
    assert one.counts() == [5]
    assert other.counts() == [4]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_start_decides_only_which_units_are_on(activation):
    born = [pool(start=start, activation=activation) for start in (1.0, 8.0, 64.0)]
    for network in born:
        assert network.weights.units == [AT_START]
        np.testing.assert_allclose(network.weights.incoming, born[0].weights.incoming, rtol=1e-12)
    for network in born:
        network.repack(reserve=True)  # a reserve of so many, whatever is on
    with pytest.raises(AssertionError):
        assert len({network.weights.units[0] for network in born}) == 1


def test_batches_take_every_row_once_an_epoch():
    rows = TrainingRows(np.arange(20.0)[:, None], np.zeros((20, 1)))
    batches = rows.batches(5, np.random.default_rng(0))
    for _ in range(3):
        seen = np.concatenate([next(batches).x[:, 0] for _ in range(4)])
        assert sorted(seen) == list(range(20))
    whole = rows.batches(50, np.random.default_rng(0))
    assert len(next(whole)) == 20
