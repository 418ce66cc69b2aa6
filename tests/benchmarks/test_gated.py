"""The rows of the gated networks can be measured, and compare with the network that they should."""

import torch

from benchmarks import gated
from continuum.nn import MLP


def test_every_row_is_measured() -> None:
    names = [*gated.LAWS, "gated_active"]
    measured = gated.measure("digits", names, quick=True)
    assert [row.name for row in measured] == names
    for row in measured:
        assert 0 < row.low <= row.value <= row.high
        assert row.ours > 0


def test_the_networks_have_as_many_units() -> None:
    for name in gated.LAWS:
        for ours, plain in gated._pairs(name, 64, 10, gated.UNITS):
            assert isinstance(ours, MLP)
            assert ours.layers[0].weight.shape == plain[0].weight.shape
    ((ours, plain),) = gated._pairs("gated_active", 64, 10, gated.UNITS)
    assert (ours.layers[0].out_features, plain[0].out_features) == (512, 16)


def test_steps_train() -> None:
    model = gated.plain(3, 4, 2)
    before = model[0].weight.clone()
    gated.steps_of(model, torch.randn(5, 3), torch.tensor([0, 1, 0, 1, 1]), steps=2)()
    assert not torch.equal(before, model[0].weight)
