"""Losses of modules: what a user's own may do wrong is said in words."""

import pytest
import torch

from continuum.errors import BadInput
from continuum.learn.modules.losses import nat_loss


def test_a_loss_of_the_user_s_own_to_which_shapes_are_strange():
    loss = nat_loss(lambda outputs, targets: (outputs - targets).square().mean(), torch.zeros(4, 2))
    with pytest.raises(BadInput, match=r"loss: expected one of outputs \(4, 3\) and targets \(4, 2\), got The size"):
        loss(torch.zeros(4, 3), torch.zeros(4, 2))


def test_a_loss_per_row_is_refused():
    loss = nat_loss(lambda outputs, targets: (outputs - targets).square(), torch.zeros(4, 2))
    with pytest.raises(BadInput, match=r"loss: expected a scalar tensor, got shape \(4, 2\)"):
        loss(torch.zeros(4, 2), torch.zeros(4, 2))
