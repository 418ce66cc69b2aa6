"""Gates on the channels of a convolution."""

import pytest
import torch

from continuum.errors import BadInput
from continuum.nn import Gate
from continuum.widths import Interval


@pytest.mark.parametrize("axis", [1, -3])
def test_channels(axis):
    x, gate = torch.randn(2, 4, 5, 4), Gate(Interval(4, 2.25), axis)
    assert torch.equal(gate(x), x * torch.tensor([1, 1, 0.25, 0])[:, None, None])
    assert f"axis={axis}" in repr(gate)


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 3, 4)), (5, (2, 4)), (0, (2, 4))])
def test_refuses_other_shapes(axis, shape):
    with pytest.raises(BadInput, match=rf"Gate input: expected 4 units on axis {axis}, got shape .*; give the layer"):
        Gate(Interval(4, 2.25), axis)(torch.randn(shape))


def test_a_batch_takes_the_last_axis_only():
    gate = Gate(Interval(4, torch.tensor([1.0, 2.0])), axis=1)
    with pytest.raises(BadInput, match="Gate axis: expected -1 for a batch of widths, got 1; move the units last"):
        gate(torch.randn(2, 4, 5))
