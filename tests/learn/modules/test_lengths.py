"""Lengths: the function stays where it can, nothing moves a second time, and no scale escapes."""

import pytest
import torch
from torch import nn

from continuum.learn.modules.chain import chain_of
from continuum.learn.modules.kinds import growth
from continuum.learn.modules.lengths import LONGEST, row_lengths, settle
from tests.learn.modules.chains import CHAINS, convolutional, perceptron


def stretched(net, factor):
    """The same function with rows of every hidden map longer and blocks shorter."""
    for layer in chain_of(net).layers:
        for tensor in (layer.source.weight, layer.source.bias):
            if tensor is not None:
                tensor.detach().mul_(factor)
        layer.blocks().div_(factor)
    return net


@pytest.mark.parametrize("name", CHAINS)
def test_the_second_time_changes_nothing(name):
    net, x = CHAINS[name]()
    settle(chain_of(net.eval()), moved=True)
    before = net(x)
    settle(chain_of(net))
    torch.testing.assert_close(net(x), before, rtol=1e-12, atol=1e-12)


def test_rectifiers_keep_the_function_and_stretching_them_makes_no_block_cheaper():
    net, x = perceptron()
    before = net(x)
    settle(chain_of(net), moved=True)
    torch.testing.assert_close(net(x), before, rtol=1e-12, atol=1e-12)
    norms = [layer.norms() for layer in chain_of(net).layers]
    escaped = [layer.norms() for layer in chain_of(stretched(net, 10.0)).layers]
    assert escaped[-1].max() < 0.2 * norms[-1].max()  # of the same function, before lengths are put back
    settle(chain_of(net), moved=True)
    torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-12)
    for layer, norm in zip(chain_of(net).layers, norms, strict=True):
        torch.testing.assert_close(layer.norms(), norm, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(row_lengths(layer.source), torch.ones_like(norm), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("activation", "longest"), [(nn.GELU, LONGEST), (nn.Tanh, torch.inf)])
def test_the_others_are_bounded_where_they_must_be(activation, longest):
    net, _ = perceptron(activation)
    net[0].weight.detach().mul_(100)
    long = row_lengths(net[0])
    settle(chain_of(net))
    torch.testing.assert_close(row_lengths(net[0]), long.clamp(max=longest), rtol=1e-12, atol=0)


def test_batch_norm_frees_neither_its_own_scale_nor_the_blocks_before_it():
    net, x = convolutional()
    chain = chain_of(net)
    settle(chain, moved=True)
    net.train()
    net[-2].p = 0.0
    before, norms = net(x), [layer.norms() for layer in chain.layers]
    with torch.no_grad():
        net[1].weight.mul_(1e-3)  # the blocks of the first layer, which BatchNorm behind them scales up again
        net[0][1].weight.mul_(1e3)
        net[0][1].bias.mul_(1e3)
    assert chain.layers[0].norms().max() < 2e-3 * norms[0].max()
    settle(chain)
    for layer, norm in zip(chain.layers, norms, strict=True):
        torch.testing.assert_close(layer.norms(), norm, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(net(x), before, rtol=1e-9, atol=1e-9)


def test_a_slope_of_prelu_is_no_scale_to_escape_by():
    net, _ = perceptron(nn.PReLU)
    net[1].weight.detach().fill_(-30.0)
    settle(chain_of(net))
    assert net[1].weight.item() == -1


def test_a_bound_anywhere_is_a_bound():
    assert growth([nn.ReLU(), nn.Dropout(), nn.AvgPool2d(2)]) == "homogeneous"
    assert growth([nn.SiLU(), nn.ReLU()]) == "unbounded"
    assert growth([nn.SiLU(), nn.ReLU6()]) == "bounded"
    assert growth([]) == "homogeneous"
