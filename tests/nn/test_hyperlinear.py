"""A linear layer that follows hyperparameters."""

import pytest
import torch
from torch import nn
from torch.func import vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.nn import HyperLinear, row_scaled

INPUTS, OUTPUTS = 4, 3
CLOSE = {"rtol": 1e-12, "atol": 1e-13}  # the same sums in another order


def layer(hyperparameters: int = 2) -> HyperLinear:
    """Every parameter random: the fresh one does not move yet."""
    module = HyperLinear(INPUTS, OUTPUTS, hyperparameters).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def weight_form(module, x, change, axis=0):
    """W(lambda) x + b(lambda), with the weights built; ``axis`` is the one that the scales run along."""
    scale = module.weight_scale @ change
    scale = scale[:, None] if axis == 0 else torch.cat([scale, scale])[:INPUTS]
    weight = module.weight + scale * module.weight_direction
    return nn.functional.linear(x, weight, module.bias + (module.bias_scale @ change) * module.bias_direction)


class TestForward:
    def test_it_starts_as_a_plain_layer_that_can_learn_to_move(self):
        fresh, x = HyperLinear(INPUTS, OUTPUTS, 2), torch.randn(5, INPUTS)
        plain = nn.functional.linear(x, fresh.weight, fresh.bias)
        moved = fresh(x, torch.ones(2))
        assert torch.equal(moved, plain)
        moved.square().sum().backward()
        assert fresh.weight_scale.grad.abs().min() > 0
        assert fresh.bias_scale.grad.abs().min() > 0

    @pytest.mark.parametrize("shape", [(), (5,), (2, 5), (0,)], ids=str)
    def test_scaled_rows_are_scaled_preactivations(self, shape):
        module, x, change = layer(), rows(*shape, INPUTS), rows(2)
        assert_close(module(x, change), weight_form(module, x, change), **CLOSE)

    def test_scaled_columns_are_not(self):
        module, x, change = layer(), rows(5, INPUTS), rows(2)
        with pytest.raises(AssertionError):
            assert_close(module(x, change), weight_form(module, x, change, axis=1), **CLOSE)

    @pytest.mark.parametrize("shape", [(5,), (2, 5)], ids=str)
    def test_every_row_may_have_its_own_change(self, shape):
        module, x, change = layer(), rows(*shape, INPUTS), rows(*shape, 2)
        each = vmap(module)(x.flatten(0, -2), change.flatten(0, -2)).unflatten(0, shape)
        assert_close(module(x, change), each, **CLOSE)

    def test_the_change_receives_a_gradient(self):
        module, x, change = layer(), rows(5, INPUTS), rows(2).requires_grad_()
        assert torch.autograd.gradcheck(lambda change: module(x, change), change)

    @pytest.mark.parametrize(("inputs", "hyperparameters", "ratio"), [(4, 7, 4.8), (99, 1, 2.02)])
    def test_its_size(self, inputs, hyperparameters, ratio):
        sizes = [
            sum(p.numel() for p in module.parameters())
            for module in (HyperLinear(inputs, OUTPUTS, hyperparameters), nn.Linear(inputs, OUTPUTS))
        ]
        assert sizes[0] / sizes[1] == pytest.approx(ratio, rel=1e-12)


class TestRowScaled:
    @pytest.mark.parametrize("hyperparameters", [1, 2])
    def test_it_is_the_response_of_the_layer(self, hyperparameters):
        module, x, change = layer(hyperparameters), rows(5, INPUTS), rows(hyperparameters)
        moved = row_scaled(module.slopes(), change)
        weight, bias = (module.plain()[name] + moved[name] for name in ("weight", "bias"))
        assert_close(module(x, change), nn.functional.linear(x, weight, bias), **CLOSE)

    def test_it_takes_hyperparameters_in_any_pytree(self):
        slopes, change = layer(3).slopes(), rows(3)
        split = {"a": change[0], "b": [change[1:]]}
        assert_close(row_scaled(slopes, split), row_scaled(slopes, change), rtol=0, atol=0)

    def test_it_nests(self):
        slopes, change = layer().slopes(), rows(2)
        assert_close(row_scaled({"deep": slopes}, change), {"deep": row_scaled(slopes, change)}, rtol=0, atol=0)

    def test_rows_are_the_first_axis_of_a_kernel(self):
        scale, kernel, change = rows(3, 2), rows(3, 4, 5, 5), rows(2)
        moved = row_scaled({"weight": (scale, kernel)}, change)["weight"]
        assert_close(moved, torch.einsum("oh,h,oixy->oixy", scale, change, kernel), **CLOSE)

    def test_two_hyperparameters_move_a_row_along_one_direction(self):
        slopes, units = layer().slopes(), torch.eye(2, dtype=torch.float64)
        moves = torch.stack([row_scaled(slopes, unit)["weight"][0] for unit in units])
        assert torch.linalg.svdvals(moves)[1] < 1e-13


class TestBadInput:
    @pytest.mark.parametrize("argument", ["inputs", "outputs", "hyperparameters"])
    def test_sizes(self, argument):
        sizes = {"inputs": 3, "outputs": 2, "hyperparameters": 1, argument: 0}
        with pytest.raises(BadInput, match=rf"{argument}: expected an integer >= 1, got 0"):
            HyperLinear(**sizes)

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize("shape", [(5, 3), (4, 5), ()], ids=str)
    def test_features(self, shape):
        with pytest.raises(BadInput, match=r"input: expected 4 features on the last axis, got shape"):
            layer()(rows(*shape), rows(2))

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize("shape", [(1,), (), (4, 2), (1, 2), (2, 5, 2)], ids=str)
    def test_change(self, shape):
        with pytest.raises(BadInput, match=r"change: expected shape \(2,\) or shape \(5, 2\), got shape"):
            layer()(rows(5, INPUTS), rows(*shape))

    def test_slopes_of_other_hyperparameters(self):
        with pytest.raises(BadInput, match=r"slopes: expected a scale of shape \(3, 1\), got shape \(3, 2\)"):
            row_scaled(layer(2).slopes(), rows(1))
