"""Closed one-sided derivatives in gamma, against autograd and against finite differences of the definition."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import Interval, gamma_derivative
from proofs_checks import strategies
from tests.widths.problem import TOLERANCE, clip_gates, one_sided, problem

UNITS = 4
KINDS = ["squared error", "cross-entropy"]
SIDES = ["right", "left"]
kinds = pytest.mark.parametrize("kind", KINDS)
sides = pytest.mark.parametrize("side", SIDES)
shapes = pytest.mark.parametrize("batch", [(), (3,), (2, 3)], ids=str)


def closed_form(p, width, side="right"):
    return gamma_derivative(width, p.activations, p.weights, p.output_gradient(width.gates()), side)


def at(gamma, exponent=1.0, *, side="right", units=UNITS) -> Interval:
    return Interval(units, torch.as_tensor(gamma, dtype=torch.float64), exponent, side=side)


def equal_to_rounding(actual, expected, size) -> bool:
    """Relative to the sum without cancellation, of which both sides are roundings."""
    return bool(((actual - expected).abs() <= 1e-12 * size).all())


def case(layer, kind, exponent):
    """A problem of any size and a width off the integers."""
    p = problem(layer.units, kind, batch=layer.batch, rows=layer.rows, outputs=layer.outputs, seed=layer.seed)
    return p, at(layer.gamma, exponent, units=layer.units)


cases = given(strategies.layers(), st.sampled_from(KINDS), st.sampled_from([1.0, 0.5, 2.0, 3.0]))


class TestOffTheIntegers:
    @cases
    def test_both_sides_equal_autograd(self, layer, kind, exponent):
        p, width = case(layer, kind, exponent)
        for side in SIDES:
            actual = closed_form(p, width, side)
            assert actual.shape == width.gamma.shape
            assert equal_to_rounding(actual, p.by_autograd(width), p.size(width))

    @cases
    def test_equals_central_differences_of_the_definition(self, layer, kind, exponent):
        p, width = case(layer, kind, exponent)
        gamma, h = width.gamma.detach(), 1e-5
        fractions = (gamma.frac(), 1 - gamma.frac())

        def loss(gamma):
            return p.loss(clip_gates(gamma, width.units, width.exponent))

        expected = (loss(gamma + h) - loss(gamma - h)) / (2 * h)
        # A root is bent like a^(-5/2) near its integer, so that a fixed step is good only in proportion to it.
        bend = torch.stack(fractions).amin(0) ** min(width.exponent - 3, 0)
        assert (closed_form(p, width) - expected).abs().div(1e-7 * bend + 1e-7 * p.size(width)).amax() < 10

    def test_the_identity_rejects_wrong_formulas(self):
        p, width = problem(UNITS), at(1.25)
        truth, size = p.by_autograd(width), p.size(width)
        g = p.output_gradient(width.gates())
        assert equal_to_rounding(gamma_derivative(width, p.activations, p.weights, g), truth, size)
        shifted = torch.einsum("nu,uc,nc->u", p.activations, p.weights, g)[2]
        without_loss = gamma_derivative(width, p.activations, p.weights, torch.ones_like(g))
        at_the_whole_unit = gamma_derivative(width, p.activations, p.weights, p.output_gradient(at(2.0).gates()))
        for wrong in (shifted, without_loss, at_the_whole_unit):
            assert not equal_to_rounding(wrong, truth, 1e6 * size)


class TestAtTheIntegers:
    @kinds
    @sides
    @pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0])
    @pytest.mark.parametrize("gamma", range(UNITS + 1))
    def test_equals_one_sided_differences(self, gamma, exponent, side, kind):
        p, width = problem(UNITS, kind), at(gamma, exponent)
        expected = one_sided(lambda g: p.loss(clip_gates(g, UNITS, exponent)), width.gamma.detach(), side)
        assert_close(closed_form(p, width, side), expected, rtol=TOLERANCE, atol=TOLERANCE)

    @kinds
    @pytest.mark.parametrize("gamma", range(1, UNITS))
    def test_differences_reject_the_other_side(self, gamma, kind):
        p, width = problem(UNITS, kind), at(gamma)
        for claimed, given_side in (SIDES, SIDES[::-1]):
            expected = one_sided(lambda g: p.loss(clip_gates(g, UNITS)), width.gamma.detach(), claimed)
            assert abs(closed_form(p, width, given_side) - expected) > 1000 * TOLERANCE

    @kinds
    def test_nothing_is_gained_beyond_the_ends(self, kind):
        p = problem(UNITS, kind)
        assert closed_form(p, at(0.0), "left") == 0
        assert closed_form(p, at(UNITS), "right") == 0

    @kinds
    @sides
    @pytest.mark.parametrize("gamma", range(UNITS + 1))
    def test_autograd_takes_the_side_of_the_law(self, gamma, side, kind):
        p, width = problem(UNITS, kind), at(gamma, side=side)
        assert equal_to_rounding(closed_form(p, width, side), p.by_autograd(width), p.size(width))

    @kinds
    @pytest.mark.parametrize("gamma", range(1, UNITS))
    def test_both_sides_are_the_limits_of_the_gradient(self, gamma, kind):
        """The ends of the Clarke subdifferential are the limits along widths off the integers, at rate h."""
        p, steps = problem(UNITS, kind), torch.tensor([1e-3, 1e-4, 1e-5, 1e-6], dtype=torch.float64)
        for side, sign in (("right", 1), ("left", -1)):
            end = closed_form(p, at(gamma), side)
            errors = torch.stack([abs(p.by_autograd(at(gamma + sign * float(h))) - end) for h in steps])
            rates = errors.log10().diff()
            assert_close(rates, torch.full_like(rates, -1), atol=0.02, rtol=0)

    @kinds
    @given(gamma=st.integers(1, UNITS - 1), seed=strategies.seeds(), same_sign=st.booleans())
    def test_clamp_gives_their_sum_which_leaves_the_interval(self, kind, gamma, seed, same_sign):
        p, width = problem(UNITS, kind, seed=seed), at(gamma)
        left, right = closed_form(p, width, "left"), closed_form(p, width, "right")
        if (left * right > 0) != same_sign:
            # The output at the integer, and with it the left derivative, does not see the unit about to be born.
            p.weights[gamma] *= -1
            right = closed_form(p, width, "right")
        low, high = sorted((float(left), float(right)))
        point = width.gamma.detach().clone().requires_grad_()
        (clamp,) = torch.autograd.grad(p.loss(torch.clamp(point - torch.arange(UNITS), 0, 1)), point)
        size = p.size(at(gamma, side="left")) + p.size(width)
        assert equal_to_rounding(clamp, left + right, size)
        assert (low <= clamp <= high) != same_sign
        for side in SIDES:
            slack = 1e-12 * float(size)
            assert low - slack <= p.by_autograd(at(gamma, side=side)) <= high + slack


class TestExponents:
    @pytest.mark.parametrize("gamma", range(UNITS))
    def test_a_root_has_an_infinite_right_derivative(self, gamma):
        p = problem(UNITS)
        linear, root = closed_form(p, at(gamma)), closed_form(p, at(gamma, 0.5))
        assert root == linear.sign() * torch.inf
        assert root == p.by_autograd(at(gamma, 0.5))

    @pytest.mark.parametrize("gamma", range(UNITS))
    def test_which_is_zero_if_the_unit_changes_nothing(self, gamma):
        p = problem(UNITS)
        p.weights[gamma] = 0
        assert closed_form(p, at(gamma, 0.5)) == 0
        assert p.by_autograd(at(gamma, 0.5)) == 0

    @pytest.mark.parametrize("exponent", [0.5, 2.0, 3.0])
    @pytest.mark.parametrize("gamma", range(1, UNITS + 1))
    def test_left_derivative_is_p_times_the_linear_one(self, gamma, exponent):
        p = problem(UNITS)
        assert_close(closed_form(p, at(gamma, exponent), "left"), exponent * closed_form(p, at(gamma), "left"))

    @pytest.mark.parametrize("exponent", [2.0, 3.0])
    @pytest.mark.parametrize("gamma", range(UNITS + 1))
    def test_a_power_above_one_is_flat_on_the_right(self, gamma, exponent):
        assert closed_form(problem(UNITS), at(gamma, exponent)) == 0

    def test_no_nan_in_a_batch_of_all_cases(self):
        p = problem(UNITS, batch=(4,))
        p.weights[1, 1] = 0
        actual = closed_form(p, at([0.0, 1.0, 2.5, 4.0], 0.5))
        assert not actual.isnan().any()
        assert actual.isinf().tolist() == [True, False, False, False]


class TestBatches:
    @shapes
    @sides
    def test_a_batch_equals_a_loop_over_it(self, batch, side):
        p, gamma = problem(UNITS, batch=batch), torch.rand(batch, dtype=torch.float64) * UNITS
        gradient = p.output_gradient(at(gamma).gates())
        together = gamma_derivative(at(gamma), p.activations, p.weights, gradient, side)
        assert together.shape == batch
        for i in np.ndindex(*batch):
            alone = gamma_derivative(at(gamma[i]), p.activations[i], p.weights[i], gradient[i], side)
            assert_close(together[i], alone, rtol=1e-13, atol=1e-15)


#: Shapes of activations, weights and output gradient for a batch of widths, where rows = 6 and outputs = 3.
BAD = {
    "units of the activations": ((), (6, 5), (4, 3), (6, 3)),
    "units of the weights": ((), (6, 4), (5, 3), (6, 3)),
    "units of both": ((), (6, 5), (5, 3), (6, 3)),
    "one output for three": ((), (6, 4), (4, 3), (6, 1)),
    "one row for six": ((), (6, 4), (4, 3), (1, 3)),
    "rows of the gradient": ((), (6, 4), (4, 3), (5, 3)),
    "no rows": ((), (6, 4), (4, 3), (3,)),
    "batch of the layer": ((), (2, 6, 4), (2, 4, 3), (2, 6, 3)),
    "batch of the width": ((2,), (6, 4), (4, 3), (6, 3)),
    "another batch": ((2,), (3, 6, 4), (3, 4, 3), (3, 6, 3)),
}


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize(("batch", "activations", "weights", "gradient"), BAD.values(), ids=BAD)
    def test_shapes(self, batch, activations, weights, gradient):
        tensors = [torch.zeros(shape, dtype=torch.float64) for shape in (activations, weights, gradient)]
        with pytest.raises(BadInput, match=r"gamma_derivative: expected activations \(.*rows, 4\)") as raised:
            gamma_derivative(at(torch.ones(batch)), *tensors)
        assert str(activations) in raised.value.came
        assert raised.value.remedy.startswith("pass the layer that the width gates")

    def test_side(self):
        p = problem(UNITS)
        with pytest.raises(BadInput, match="side: expected one of left, right, got 'both'"):
            closed_form(p, at(1.5), "both")


@pytest.mark.parametrize("shape", [(6, 5), (3, 4)], ids=str)
def test_annotations_are_checked_while_testing(shape):
    """The run-time check of shapes is on: it refuses what einsum or the library itself would refuse."""
    p = problem(UNITS)
    with pytest.raises(TypeError, match=r"activations|weights|output_gradient"):
        gamma_derivative(at(1.5), torch.zeros(shape, dtype=torch.float64), p.weights, torch.zeros(6, 3).double())
