"""The pool: packing changes no output, reserves are silent, limits hold."""

import copy

import numpy as np
import pytest

from continuum.learn.network import activations
from continuum.learn.pool import directions_of, new_pool
from continuum.learn.settings import POOL, LearnConfig

FLOAT = np.dtype(np.float64)


LEAST_RESERVE = POOL // 2


def pool(layers=1, start=5.0, limit=128, activation="tanh", **options):
    return new_pool((3, layers, 2), LearnConfig(start=start, max_units=limit, **options), activation, FLOAT)


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
        assert network.weights.units == [POOL]
        np.testing.assert_allclose(network.weights.incoming, born[0].weights.incoming, rtol=1e-12)
    for network in born:
        network.repack(reserve=True)  # a reserve of so many, whatever is on
    with pytest.raises(AssertionError):
        assert len({network.weights.units[0] for network in born}) == 1


def test_a_reserve_is_half_of_what_is_on_and_at_least_64():
    network = pool(start=200.0, limit=1000)
    network.repack(reserve=True)
    assert network.weights.units == [300]
    network.keep(0, np.arange(128))
    network.repack(reserve=True)
    assert network.weights.units == [128 + LEAST_RESERVE]
    network.repack(reserve=False)
    assert network.weights.units == [128]
    network.repack(reserve=True, least=500)
    assert network.weights.units == [500]


def test_fresh_units_know_no_past():
    network = pool(layers=3)
    for part in (network.memory.mean, network.memory.square):
        for array in part.arrays():
            array[:] = 1.0
    for layer, block in enumerate(network.memory.block):
        block[:] = np.arange(len(block))
        assert len(network.memory.block[layer]) == POOL
    typical = [block.mean() for block in network.memory.block]
    network.repack(reserve=True)
    for layer in range(3):
        new = slice(5, None)
        assert (network.memory.block[layer][new] == typical[layer]).all()
        assert network.memory.block[layer][:5].tolist() == [0, 1, 2, 3, 4]
        assert not network.memory.mean.outgoing[layer][new].any()
        assert not network.memory.square.outgoing[layer][new].any()
        assert not network.weights.outgoing[layer][new].any()
    assert network.memory.mean.incoming[:5].all()
    assert not network.memory.mean.incoming[5:].any()
    assert not network.memory.square.biases[0][5:].any()
    assert not network.memory.square.outgoing[0][:, 5:].any()
    assert not network.memory.square.outgoing[1][:, 5:].any()
    assert network.memory.square.outgoing[2][:5].all()


def test_fresh_units_of_a_later_layer_listen_to_those_that_speak():
    network = pool(layers=2, start=9.0)
    network.repack(reserve=True)
    fresh = network.weights.outgoing[0][:, 9:]
    assert fresh[:9].all()
    assert not fresh[9:].any()
    assert fresh[:9].std() == pytest.approx(10**-0.5, rel=0.1)
    assert network.weights.biases[0][9:].std() == pytest.approx(10**-0.5, rel=0.2)
    assert not network.weights.biases[0][:9].any()


@pytest.mark.parametrize(("activation", "length"), [("tanh", 2.0), ("relu", 1.0)])
def test_lengths_of_fresh_directions(activation, length):
    drawn = directions_of(np.random.default_rng(0), 4000, 7, activation)
    assert drawn.shape == (4000, 7)
    assert np.sqrt(np.square(drawn).sum(1).mean()) == pytest.approx(length, rel=0.02)
    assert (np.ptp(np.linalg.norm(drawn, axis=1)) < 1e-12) == (activation == "relu")


def test_the_first_blocks_have_the_scale_of_the_start():
    network = new_pool((3, 1, 400), LearnConfig(start=6.25, max_units=128), "tanh", FLOAT)
    block = network.weights.outgoing[0][:7]
    assert block[:6].std() == pytest.approx(6.25**-0.5, rel=0.05)
    assert block[6].std() == pytest.approx(0.25 * 6.25**-0.5, rel=0.1)
    assert not any(bias.any() for bias in network.weights.biases)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_fresh_units_have_no_memory(layer):
    """All moments of the units that join a layer begin at 0, those behind and in front of it, and no others'."""
    network = pool(layers=3, start=4.0)
    network.repack(reserve=False)
    for part in (network.memory.mean, network.memory.square):
        for array in part.arrays():
            array[...] = 1.0
    network._refill(layer, np.arange(4), 2)
    for part in (network.memory.mean, network.memory.square):
        into = part.incoming if layer == 0 else np.c_[part.outgoing[layer - 1].T, part.biases[layer - 1]]
        for joined in (into, part.outgoing[layer]):
            assert (joined[:4] == 1).all()
            assert (joined[4:] == 0).all()
        assert sum(int((array == 0).sum()) for array in part.arrays()) == 2 * (
            into.shape[1] + part.outgoing[layer].shape[1]
        )


@pytest.mark.parametrize("feeding", [1, 3])
def test_fresh_units_of_a_later_layer_hear_all_live_ones_alike(feeding):
    """Weights of deviation 1 / sqrt(n + 1) from each of n live units, and a bias of the same."""
    network = pool(layers=2, start=4.0)
    network.repack(reserve=False)
    network.weights.outgoing[0][feeding:] = 0
    random = copy.deepcopy(network.random)
    network._refill(1, np.arange(4), 3)
    scale = 1 / np.sqrt(feeding + 1)
    expected = random.normal(0, scale, (4, 3)) * (np.arange(4) < feeding)[:, None]
    np.testing.assert_allclose(network.weights.outgoing[0][:, 4:], expected, rtol=1e-12)
    np.testing.assert_allclose(network.weights.biases[0][4:], random.normal(0, scale, 3), rtol=1e-12)
