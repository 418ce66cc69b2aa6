"""Networks with a line beside them are stored, and cooled, like others."""

import pytest
import torch
from torch import nn

from continuum.nn import Skip
from continuum.sklearn.saving import packed, unpacked
from continuum.sklearn.temperature import cooled


@pytest.mark.parametrize("last", [True, False])
def test_a_network_with_a_line_beside_it_is_stored(last):
    """Also behind the layers of an encoding."""
    body = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    skip = Skip(body, nn.Linear(3, 2))
    network = nn.Sequential(skip) if last else nn.Sequential(nn.Linear(2, 3), nn.ReLU(), skip)
    x = torch.randn(5, network[0].in_features if not last else 3)
    opened = unpacked(packed(network))
    assert torch.equal(opened(x), network(x))
    cold = cooled(unpacked(packed(network)), 2.0)
    torch.testing.assert_close(cold(x), network(x) / 2)
