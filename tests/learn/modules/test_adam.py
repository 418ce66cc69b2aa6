"""The optimiser of a chain: the proximal operator, the steps of learn_width on tensors, units that come and go."""

import numpy as np
import pytest
import torch
from torch import nn

from continuum.learn.loss import objective
from continuum.learn.modules.adam import BlockAdam, layer_gates, shrink
from continuum.learn.modules.chain import HiddenLayer, chain_of
from continuum.learn.modules.lengths import settle
from continuum.learn.modules.recruitment import repack
from continuum.learn.network import gradient
from continuum.learn.optimizer import Memory, Penalty, step, to_unit_length
from continuum.widths import best_gates, reverse_huber_prox
from tests.learn.modules.chains import CHAINS, convolutional
from tests.learn.networks import sample

PENALTY = Penalty(0.4, 0.1)


@pytest.mark.parametrize("name", CHAINS)
def test_a_block_is_one_vector_to_the_proximal_operator(name):
    net, _ = CHAINS[name]()
    for layer in chain_of(net).layers:
        blocks = layer.blocks().transpose(0, 1).flatten(1)
        steps = torch.rand(layer.units, dtype=torch.float64)
        expected = reverse_huber_prox(blocks, steps, PENALTY.decay, PENALTY.price)
        gates = best_gates(blocks, PENALTY.decay, PENALTY.price)
        torch.testing.assert_close(layer_gates(layer, PENALTY), gates, rtol=1e-12, atol=1e-12)
        by_column = reverse_huber_prox(layer.blocks().flatten(1).T, 0.5, PENALTY.decay, PENALTY.price)
        shrink(layer, steps, PENALTY)
        torch.testing.assert_close(layer.blocks().transpose(0, 1).flatten(1), expected, rtol=1e-12, atol=1e-12)
        with pytest.raises(AssertionError):  # columns by themselves are no units
            torch.testing.assert_close(layer.blocks().flatten(1).T, by_column, rtol=1e-3, atol=1e-3)


def as_module(weights, activation):
    layers, maps = [], [(weights.incoming[:, :-1], weights.incoming[:, -1])]
    maps += [(block.T, bias) for block, bias in zip(weights.outgoing, weights.biases, strict=True)]
    for weight, bias in maps:
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        linear.weight.detach().copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        linear.bias.detach().copy_(torch.from_numpy(bias))
        layers += [linear, nn.ReLU() if activation == "relu" else nn.Tanh()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("layers", [1, 2])
def test_steps_are_those_of_learn_width_on_tensors(activation, layers, monkeypatch):
    """But for weights to silent units, which count there."""
    monkeypatch.setattr(HiddenLayer, "heard", lambda layer, blocks: blocks)
    weights, x, y, _ = sample(layers)
    if activation == "relu":
        to_unit_length(weights)
    net, memory, slope = as_module(weights, activation), Memory.of(weights), weights.zeros()
    chain = chain_of(net)
    optimizer, penalty = BlockAdam(chain), Penalty(1.0, 0.5)
    for _ in range(100):
        gradient(weights, x, y, None, activation, objective("cross_entropy"), slope)
        step(weights, slope, memory, 0.05, penalty)
        if activation == "relu":
            to_unit_length(weights)
        nn.functional.cross_entropy(net(torch.from_numpy(x[:, :-1])), torch.from_numpy(y)).backward()
        optimizer.step(0.05, penalty)
        settle(chain)
    for layer, block in zip(chain.layers, weights.outgoing, strict=True):
        torch.testing.assert_close(layer.target.weight.detach().T, torch.from_numpy(block), rtol=1e-8, atol=1e-10)
    assert not all(layer.live().all() for layer in chain.layers)  # something was switched off


def descended(net, optimizer, x):
    net(x).square().sum().backward()
    optimizer.step(1e-3, Penalty(0.4, 1e-9))


def test_after_units_came_and_went_everything_is_still_moved():
    net, x = convolutional()
    chain = chain_of(net.train())
    optimizer, random = BlockAdam(chain), torch.Generator().manual_seed(0)
    descended(net, optimizer, x)
    foreign = torch.optim.Adam(net.parameters())
    chain.layers[1].blocks()[:, 3:] = 0
    repack(chain, optimizer, random, [4, 5, 6], reserve=False)
    assert chain.units() == [4, 3, 6]
    repack(chain, optimizer, random, [4, 5, 6], reserve=True)
    assert chain.units() == [4, 5, 6]
    assert chain.layers[1].live().tolist() == [True] * 3 + [False] * 2
    for own in (True, False):
        before = [parameter.detach().clone() for parameter in net.parameters()]
        if own:
            descended(net, optimizer, x)
        else:  # who holds the old tensors misses the new ones
            net(x).square().sum().backward()
            foreign.step()
        assert all(not torch.equal(*pair) for pair in zip(before, net.parameters(), strict=True)) is own
    assert set(optimizer.moments) == set(net.parameters())


def test_moments_follow_their_units():
    net, x = convolutional()
    chain = chain_of(net.train())
    optimizer, order = BlockAdam(chain), torch.tensor([3, 1])
    descended(net, optimizer, x)
    layer = chain.layers[1]
    source, block = optimizer.moments[layer.source.weight], optimizer.moments[layer.parameter]
    expected = source.mean[order].clone(), source.square.clone(), layer.blocks(block.mean)[:, order].clone()
    squares = block.square[order].clone()
    optimizer.keep(layer, order)
    source, block = optimizer.moments[layer.source.weight], optimizer.moments[layer.parameter]
    for one, other in zip((source.mean, source.square, layer.blocks(block.mean)), expected, strict=True):
        assert torch.equal(one, other)
    assert torch.equal(block.square, squares)


def test_fresh_units_are_silent_and_feed_on_live_ones():
    net, x = convolutional()
    chain = chain_of(net.eval())
    chain.layers[0].blocks()[:, 1] = 0
    chain.layers[1].blocks()[:, [0, 4]] = 0
    before = net(x)
    repack(chain, BlockAdam(chain), torch.Generator().manual_seed(0), [4, 5, 6], reserve=True)
    torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)
    assert chain.layers[0].live().tolist() == [True, True, True, False]
    fresh = chain.layers[1].source.weight.detach()[3:]
    assert fresh[:, :3].ne(0).all()
    assert not fresh[:, 3].any()
