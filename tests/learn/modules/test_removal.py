"""Removal by blocks: against least squares, and against the removal of the first edition where a block is one row."""

import numpy as np
import pytest
import torch

from continuum.learn.modules.adam import BlockAdam
from continuum.learn.modules.chain import chain_of
from continuum.learn.modules.removal import activations, block_removals, columns_of, remove, scaled_removals
from continuum.learn.rounding import removals
from tests.learn.modules.chains import CHAINS


def sample(columns, rows=300, units=6, outputs=2, seed=0):
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(rows, units * columns)) @ random.normal(size=(units * columns, units * columns))
    h = np.tanh(mixed / np.sqrt(units * columns) + 1).reshape(rows, units, columns)
    return h, random.normal(size=(units, columns, outputs))


def error(h, v, order, kept, shift):
    change = np.einsum("ruc,uco->ro", h, v) - np.einsum("ruc,uco->ro", h[:, order], kept) - shift
    return np.square(change).sum(1).mean()


def best_error(h, v, order):
    columns = np.concatenate([h[:, order].reshape(len(h), -1), np.ones((len(h), 1))], 1)
    sums = np.einsum("ruc,uco->ro", h, v)
    return np.square(sums - columns @ np.linalg.lstsq(columns, sums, rcond=None)[0]).sum(1).mean()


@pytest.mark.parametrize("columns", [1, 3])
def test_the_others_replace_what_is_removed_as_well_as_they_can(columns):
    h, v = sample(columns)
    for keep in range(1, 6):
        order, kept, shift = block_removals(h, v, keep)
        assert len(order) == keep
        np.testing.assert_allclose(error(h, v, order, kept, shift), best_error(h, v, order), rtol=1e-3)
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(error(h, v, order, v[order], 0 * shift), best_error(h, v, order), rtol=0.05)


@pytest.mark.parametrize("columns", [1, 3])
def test_one_removal_takes_the_unit_of_least_cost(columns):
    for seed in range(5):
        h, v = sample(columns, seed=seed)
        costs = [best_error(h, v, np.delete(np.arange(6), unit)) for unit in range(6)]
        assert sorted({*range(6)} - {*block_removals(h, v, 5)[0]}) == [int(np.argmin(costs))]


def test_blocks_of_one_row_are_those_of_removals():
    h, v = sample(1)
    for one, other in zip(block_removals(h, v, 3), removals(h[:, :, 0], v[:, 0], 3), strict=True):
        np.testing.assert_allclose(one.reshape(other.shape), other, rtol=1e-9, atol=1e-12)


def test_a_factor_each_replaces_copies_and_never_more_than_blocks_can():
    h, v = sample(3)
    doubled, weights = np.concatenate([h, h[:, :1]], 1), np.concatenate([v, 2 * v[:1]])
    assert error(doubled, weights, *scaled_removals(doubled, weights, 6)) < 1e-8
    order, kept, shift = scaled_removals(h, v, 4)
    assert best_error(h, v, order) <= error(h, v, order, kept, shift) < error(h, v, order, v[order], 0 * shift)


def test_without_a_bias_nothing_is_shifted():
    h, v = sample(2)
    for result in (block_removals(h, v, 4, centred=False), scaled_removals(h, v, 4, centred=False)):
        assert not result[2].any()


@pytest.mark.parametrize("name", CHAINS)
def test_columns_times_blocks_are_what_the_next_map_computes(name):
    """Padding, stride, dilation and the order of places are right."""
    net, x = CHAINS[name]()
    chain = chain_of(net)
    for number, layer in enumerate(chain.layers):
        h = activations(chain, number, x)
        bias = 0 if layer.target.bias is None else layer.target.bias
        sums = torch.einsum("ruc,ouc->ro", columns_of(layer, h), layer.blocks()) + bias
        expected = layer.target(h)
        expected = expected if expected.dim() == 2 else expected.flatten(2).transpose(1, 2).flatten(0, 1)
        torch.testing.assert_close(sums, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", CHAINS)
def test_a_unit_that_is_a_copy_goes_without_a_trace(name):
    net, x = CHAINS[name]()
    chain = chain_of(net.eval())
    optimizer = BlockAdam(chain)
    for layer in chain.layers:
        optimizer.keep(layer, torch.tensor([0, *range(layer.units)]))  # twice the first one
        layer.blocks()[:, :2] *= 0.5
    before, units = net(x), chain.units()
    for number, count in enumerate(units):
        remove(chain, optimizer, number, count - 1, x)
    assert chain.units() == [count - 1 for count in units]
    torch.testing.assert_close(net(x), before, rtol=1e-3, atol=1e-3)  # the Gram matrix has a ridge of 1e-6
