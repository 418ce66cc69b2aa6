"""Chains: which weights are whose, and what is refused with which reason."""

import pytest
import torch
from torch import nn

from continuum.errors import BadInput
from continuum.learn.modules.adam import BlockAdam
from continuum.learn.modules.chain import chain_of
from tests.learn.modules.chains import CHAINS


def silenced(chain, silent):
    """The chain with these units' blocks at 0, and everything else as it is."""
    for layer in chain.layers:
        layer.blocks()[:, silent] = 0
    return chain


def dropped(chain, silent):
    optimizer = BlockAdam(chain)
    for layer in chain.layers:
        kept = torch.tensor([unit for unit in range(layer.units) if unit not in silent])
        optimizer.keep(layer, kept)


@pytest.mark.parametrize("name", CHAINS)
def test_silent_units_go_without_a_trace(name):
    net, x = CHAINS[name]()
    chain = silenced(chain_of(net.eval()), [0, 2])
    before, units = net(x), chain.units()
    dropped(chain, [0, 2])
    assert chain.units() == [count - 2 for count in units]
    torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)
    net.train()(x).sum().backward()  # sizes that a module keeps of itself are right, too
    assert all(layer.source.weight.grad.shape[0] == layer.units for layer in chain.layers)


@pytest.mark.parametrize("name", CHAINS)
def test_dropping_units_that_are_on_is_seen(name):
    net, x = CHAINS[name]()
    chain = chain_of(net.eval())
    before = net(x)
    dropped(chain, [0])
    with pytest.raises(AssertionError):
        torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)


def test_a_wrong_block_through_flatten_is_rejected():
    """Columns that lie apart by the number of units belong to places, not to channels."""
    for right in (True, False):
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 2)).double()
        chain, x = chain_of(net), torch.randn(5, 1, 5, 5, dtype=torch.float64)
        weight = net[3].weight.detach()
        columns = slice(9, 18) if right else slice(1, None, 4)
        weight[:, columns] = 0
        before = net(x)
        assert (chain.layers[0].live().tolist() == [True, False, True, True]) is right
        dropped(chain, [1])
        if right:
            torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)
        else:
            with pytest.raises(AssertionError):
                torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)


def test_what_only_silent_units_hear_costs_nothing_and_keeps_no_unit_on():
    net, x = CHAINS["relu"]()
    chain = chain_of(net)
    first, second = chain.layers
    second.blocks()[:, 3] = 0
    norms, columns = first.norms(), first.blocks().norm(dim=(0, 2))
    net[2].weight.detach()[3] *= 100
    torch.testing.assert_close(first.norms(), norms, rtol=0, atol=0)
    assert (first.blocks().norm(dim=(0, 2)) > 2 * columns).any()  # the falsifier: whole columns
    net[2].weight.detach()[[0, 1, 2, 4], 5] = 0
    before = net(x)
    assert first.live().tolist() == [True] * 5 + [False]
    BlockAdam(chain).keep(first, torch.arange(5))
    torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return x + self.inner(x)


class Forked(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


SHARED = nn.Linear(4, 4)


def tied():
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    return net


def frozen():
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    net[0].requires_grad_(False)
    return net


REFUSED = {
    "Residual": lambda: nn.Sequential(nn.Linear(4, 4), Residual(), nn.Linear(4, 2)),
    "expected an nn.Sequential, got Forked": lambda: Forked(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)),
    "expected an nn.Sequential, got Linear": lambda: nn.Linear(2, 2),
    "a shared one": lambda: nn.Sequential(SHARED, nn.ReLU(), SHARED, nn.ReLU(), nn.Linear(4, 2)),
    "every weight used once": tied,
    "frozen": frozen,
    "groups=2": lambda: nn.Sequential(nn.Conv2d(2, 4, 3, groups=2), nn.ReLU(), nn.Conv2d(4, 2, 3)),
    "a hidden layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 2)),
    "call the module once": lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 2)),
    "got Softmax": lambda: nn.Sequential(nn.Linear(4, 4), nn.Softmax(1), nn.Linear(4, 2)),
    "got LayerNorm": lambda: nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 2)),
    "got MaxPool1d": lambda: nn.Sequential(nn.Linear(4, 4), nn.MaxPool1d(2), nn.Linear(2, 2)),
    "Linear behind Conv1d": lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.Linear(4, 2)),
    "6 inputs for 4 units": lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(6, 2)),
    "8 inputs for 4 units": lambda: nn.Sequential(nn.Linear(4, 4), nn.Flatten(), nn.Linear(8, 2)),
    "BatchNorm1d of 5": lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(5), nn.Linear(4, 2)),
    "got Flatten(2, -1)": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(2), nn.Conv1d(4, 2, 3)),
    "return_indices": lambda: nn.Sequential(
        nn.Conv1d(2, 4, 3), nn.MaxPool1d(2, return_indices=True), nn.Conv1d(4, 2, 3)
    ),
    "contiguous weights": lambda: CHAINS["convolutional"]()[0].to(memory_format=torch.channels_last),
    "weights that are parameters": lambda: nn.Sequential(pruned(nn.Linear(4, 4)), nn.ReLU(), nn.Linear(4, 2)),
}


def pruned(linear):
    from torch.nn.utils import prune

    return prune.random_unstructured(linear, "weight", 0.5)


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_chain_is_refused_with_the_reason(reason):
    with pytest.raises(BadInput) as caught:
        chain_of(REFUSED[reason]())
    assert reason in str(caught.value)


def test_an_activation_without_weights_may_stand_in_two_places_and_softmax_behind_the_last_map():
    relu = nn.ReLU()
    net = nn.Sequential(nn.Linear(4, 5), relu, nn.Linear(5, 6), relu, nn.Linear(6, 2), nn.LogSoftmax(1))
    assert chain_of(net).units() == [5, 6]
