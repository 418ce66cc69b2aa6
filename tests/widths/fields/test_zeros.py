"""Zeros on the line: every kind is found and named, and a plain search for changes of sign would not do."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from continuum.errors import BadInput
from continuum.widths.fields.combined import Exponentials, Sum
from continuum.widths.fields.field import Affine, Field, Polynomial
from continuum.widths.fields.piecewise import PiecewiseLinear, Tiled
from continuum.widths.fields.zeros import hard_gates, zeros
from proofs_checks import strategies


class Opaque(nn.Module):
    """A function that tells nothing about itself."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, points):
        return self.function(points)


class Parabola(Field):
    """(u - v)^2 - 1/4, which knows its vertex v; that is a parameter, and comes with its graph."""

    def __init__(self, vertex):
        super().__init__()
        self.vertex = nn.Parameter(double(vertex))

    def forward(self, points):
        return (points - self.vertex).square() - 0.25

    def stationary(self):
        return 1.0 * self.vertex.unsqueeze(0)


def double(value):
    return torch.as_tensor(value, dtype=torch.float64)


def with_roots(roots, lead=1.0) -> Polynomial:
    return Polynomial(double(lead * np.polynomial.polynomial.polyfromroots(roots)))


def kinds(crossings) -> list[tuple[float, str]]:
    return [(round(zero.at, 6), zero.kind) for zero in crossings.zeros]


def by_signs(f, low, high, grid=64) -> list[float]:
    """The plain finder: every change of sign on a grid is a zero."""
    points = torch.linspace(low, high, (high - low) * grid + 1, dtype=torch.float64)
    values = f(points).detach()
    return points[1:][values[1:] * values[:-1] < 0].tolist()


places = strategies.crossings(4, most=5, parts=8)


class TestSimple:
    @settings(max_examples=25)
    @given(places, st.sampled_from([-3.0, -0.01, 1.0]), st.booleans())
    def test_roots_of_a_polynomial(self, roots, lead, known):
        f = with_roots(roots, lead)
        crossings = zeros(f if known else Opaque(f), 0, 4)
        assert crossings.regular
        np.testing.assert_allclose(crossings.simple, roots, rtol=0, atol=1e-10)
        for zero in crossings.zeros:
            expected = lead * np.prod([zero.at - root for root in roots if abs(root - zero.at) > 1e-3])
            assert zero.left == zero.right == pytest.approx(expected, rel=1e-6)

    @given(strategies.vectors(0.1, 3, 5, 5))
    def test_piecewise_linear_zeros_are_exact(self, sizes):
        knots, values = np.array([0.0, 0.9, 1.7, 2.6, 4.0]), sizes.numpy() * [1, -1, 1, -1, 1]
        exact = knots[:-1] + np.diff(knots) * values[:-1] / (values[:-1] - values[1:])
        crossings = zeros(PiecewiseLinear(double(values), double(knots)), 0, 4)
        np.testing.assert_allclose([zero.at for zero in crossings.zeros], exact, rtol=1e-14)
        slopes = np.diff(values) / np.diff(knots)
        np.testing.assert_allclose([zero.right for zero in crossings.zeros], slopes, rtol=1e-12)

    def test_a_module_of_the_user(self):
        crossings = zeros(Opaque(lambda u: torch.sin(5 * u + 0.1)), 0, 4)
        np.testing.assert_allclose(crossings.simple, (np.arange(1, 7) * math.pi - 0.1) / 5, rtol=1e-14)

    def test_two_close_zeros_within_a_step_of_the_grid(self):
        f = Opaque(with_roots([1.301, 1.303]))
        np.testing.assert_allclose(zeros(f, 0, 3).simple, [1.301, 1.303], atol=1e-12)
        assert by_signs(f, 0, 3) == []  # falsifier

    def test_zeros_too_close_for_the_width_of_a_stretch_stay_two_if_f_is_not_0_between(self):
        np.testing.assert_allclose(zeros(with_roots([1.3012, 1.3018]), 0, 3).simple, [1.3012, 1.3018], atol=1e-11)

    def test_float32_is_looked_at_in_float64(self):
        f = Affine(1.3)
        (place,) = zeros(f, 0, 3).simple
        assert place == f.gamma.item()
        assert f.gamma.dtype == torch.float32

    def test_none(self):
        assert zeros(Opaque(lambda u: torch.exp(-u * u)), -3, 3).zeros == ()
        assert zeros(Polynomial(double([2.0])), 0, 3).zeros == ()

    def test_a_field_of_the_user_that_knows_where_it_turns(self):
        f = Parabola(1.3)
        assert f.stationary().requires_grad
        np.testing.assert_allclose(zeros(f, 0, 3).simple, [0.8, 1.8], rtol=1e-14)

    @pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
    @pytest.mark.parametrize(
        "f",
        [
            with_roots([0.3, 1.3, 1.3, 2.0]),
            Polynomial(double([1.69 + 1e-12, -2.6, 1.0])),
            PiecewiseLinear(double([1.0, 0.0, -3.0]), [0.0, 1.3, 2.8]),
            Opaque(lambda u: torch.sign(u - 1.3) + 0 * u),
        ],
        ids=["simple, double, border", "double up to the tolerance", "kink", "jump"],
    )
    def test_the_unit_of_f_does_not_matter(self, f, unit):
        """A power of two scales every number on the way without rounding."""
        plain, scaled = (zeros(Opaque(lambda u, c=c: c * f(u)), 0, 3).zeros for c in (1.0, unit))
        assert [(zero.at, zero.kind) for zero in scaled] == [(zero.at, zero.kind) for zero in plain]
        assert [(zero.left, zero.right) for zero in scaled] == [(unit * zero.left, unit * zero.right) for zero in plain]

    @pytest.mark.parametrize("shift", [-7.0, 5.0])
    def test_a_range_off_the_origin(self, shift):
        f = with_roots([0.3, 1.301, 1.303, 2.0])
        moved = zeros(Opaque(lambda u: f(u - shift)), shift, shift + 3)
        assert kinds(moved) == [(round(at + shift, 6), kind) for at, kind in kinds(zeros(Opaque(f), 0, 3))]

    def test_a_range_shorter_than_a_step_of_the_grid(self):
        for f in (Affine(double(1.3)), Opaque(Affine(double(1.3)))):
            np.testing.assert_allclose(zeros(f, 1.299, 1.302).simple, [1.3], rtol=1e-14)

    def test_the_grid_sees_a_dip_on_its_points_and_none_between(self):
        def dip(at):
            return Opaque(lambda u: (1e4 * (u - at)).square().clamp(max=1))

        between = 1.5 + 1 / 128
        assert kinds(zeros(dip(1.5), 0, 3)) == [(1.5, "double")]
        assert zeros(dip(between), 0, 3).zeros == ()
        assert kinds(zeros(dip(between), 0, 3, grid=128)) == [(round(between, 6), "double")]

    @pytest.mark.parametrize("slope", [1.0, -3.0, 0.25])
    def test_a_zero_just_off_a_point_of_the_grid_is_not_moved_onto_it(self, slope):
        f = Opaque(Affine(double(1.5 + 1e-10), double(slope)))
        assert zeros(f, 0, 3).simple[0] == pytest.approx(1.5 + 1e-10, abs=1e-15)

    @pytest.mark.parametrize("scale", [1e-200, 1e200])
    def test_signs_are_compared_without_a_product_that_leaves_the_range(self, scale):
        def scaled(f):
            return Opaque(lambda u: scale * f(u))

        assert zeros(scaled(lambda u: 1 + u + 0.3 * torch.sin(u)), 0, 3).zeros == ()
        assert kinds(zeros(scaled(with_roots([0.3, 1.301, 2.6])), 0, 3)) == [(at, "simple") for at in (0.3, 1.301, 2.6)]
        assert kinds(zeros(scaled(lambda u: (u - 1.5).abs()), 0, 3)) == [(1.5, "double")]

    def test_a_parameter_that_is_no_slope(self):
        class Constant(nn.Module):
            def __init__(self, value):
                super().__init__()
                self.value = nn.Parameter(double(value))

            def forward(self, points):
                return self.value.expand(points.shape)

        assert zeros(Constant(0.5), 0, 3).zeros == ()
        assert hard_gates(Constant(0.5), 3).tolist() == [1.0, 1.0, 1.0]


class TestNotSimple:
    @pytest.mark.parametrize(
        "f",
        [
            with_roots([1.3, 1.3]),
            with_roots([1.3, 1.3], -2.0),
            with_roots([1.3, 1.3, 1.3]),
            with_roots([1.3] * 4),
            Opaque(with_roots([1.3, 1.3])),
            Opaque(lambda u: (u - 1.3).abs()),
            Opaque(lambda u: 1 - torch.cos(u - 1.3)),
            PiecewiseLinear([1.0, 0.0, 2.0], [0.0, 1.3, 3.0]),
        ],
    )
    def test_double(self, f):
        crossings = zeros(f, 0, 3)
        assert len(crossings.zeros) == len(crossings.double) == 1
        assert crossings.double[0] == pytest.approx(1.3, abs=1e-5)  # rounding blurs a zero of multiplicity four
        assert not crossings.regular

    def test_a_search_for_changes_of_sign_misses_tangency(self):
        assert by_signs(with_roots([1.3, 1.3]), 0, 3) == []

    def test_tangency_after_another_extremum(self):
        assert kinds(zeros(Opaque(with_roots([0.4, 1.3, 1.3])), 0, 3)) == [(0.4, "simple"), (1.3, "double")]

    def test_near_tangency_on_both_sides(self):
        base = double([1.69, -2.6, 1.0])
        above, below = (Polynomial(base + double([shift, 0, 0])) for shift in (1e-5, -1e-5))
        assert zeros(above, 0, 3).zeros == ()
        np.testing.assert_allclose(zeros(below, 0, 3).simple, 1.3 + math.sqrt(1e-5) * np.array([-1, 1]), atol=1e-12)
        lifted = Polynomial(base + double([1e-12, 0, 0]))  # below what the tolerance tells apart
        assert kinds(zeros(lifted, 0, 3)) == [(1.3, "double")]

    @pytest.mark.parametrize("wrap", [lambda f: f, Opaque])
    @pytest.mark.parametrize("at", [0.0, 1.0, 2.0, 3.0])
    def test_border(self, at, wrap):
        assert kinds(zeros(wrap(Affine(double(at), double(-0.3))), 0, 3)) == [(at, "border")]

    def test_border_up_to_rounding(self):
        crossings = zeros(with_roots([0.3, 1 + 1e-13, 2.4]), 0, 3)
        assert kinds(crossings) == [(0.3, "simple"), (1.0, "border"), (2.4, "simple")]
        assert crossings.border == (1.0,)

    def test_no_tolerance_leaves_an_exact_border(self):
        assert zeros(Affine(double(1.0)), 0, 3, tolerance=0.0).border == (1.0,)

    def test_ends_of_a_range_off_the_integers_are_borders(self):
        assert zeros(with_roots([0.5, 2.5]), 0.5, 2.5).border == (0.5, 2.5)

    def test_double_at_a_border_is_double(self):
        assert kinds(zeros(with_roots([2.0, 2.0]), 0, 3)) == [(2.0, "double")]

    def test_kink(self):
        crossings = zeros(PiecewiseLinear(double([1.0, 0.0, -3.0]), [0.0, 1.3, 2.8]), 0, 3)
        assert kinds(crossings) == [(1.3, "kink")]
        assert (crossings.zeros[0].left, crossings.zeros[0].right) == pytest.approx((-1 / 1.3, -2.0))

    @pytest.mark.parametrize(("jump", "kind"), [(1.5e-6, "kink"), (0.7e-6, "simple")])
    def test_how_small_a_jump_of_the_slope_is_a_kink(self, jump, kind):
        f = PiecewiseLinear(double([1.3, 0.0, -1.5 * (1 + jump)]), double([0.0, 1.3, 2.8]))
        assert kinds(zeros(f, 0, 2.5)) == [(1.3, kind)]

    def test_a_knot_on_a_straight_line_is_no_kink(self):
        assert kinds(zeros(PiecewiseLinear(double([1.5, 0.0, -1.5]), [0.0, 1.5, 3.0]), 0, 3)) == [(1.5, "simple")]

    def test_the_centre_of_a_kernel_is_a_kink(self):
        f = Sum([Affine(double(1.5)), Exponentials(double([0.4, -0.4]), [1.5, 9.0])], [1.0, 1.0])
        shifted = Sum([f, Polynomial(-f(double([1.5])).detach())])
        assert kinds(zeros(shifted, 0, 3)) == [(1.5, "kink")]

    def test_a_stretch_of_zeros_ends_in_double_zeros(self):
        crossings = zeros(PiecewiseLinear([1.0, 0.0, 0.0, -1.0], [0.0, 0.6, 1.4, 2.0]), 0, 2)
        assert kinds(crossings) == [(0.6, "double"), (1.4, "double")]

    def test_a_short_stretch_of_zeros_is_one_double_zero_in_its_middle(self):
        f = PiecewiseLinear(double([1.0, 0.0, 0.0, -1.0]), double([0.0, 1.3, 1.3005, 3.0]))
        assert kinds(zeros(f, 0, 3)) == [(1.30025, "double")]

    def test_where_f_is_0_throughout_every_point_looked_at_is_a_double_zero(self):
        assert zeros(Polynomial([0.0]), 0, 2).double == (0.0, 2.0)
        crossings = zeros(Opaque(torch.zeros_like), 0, 2, grid=4)
        assert crossings.double == tuple(np.arange(9) / 4)
        assert len(crossings.zeros) == 9

    def test_a_jump_through_zero_is_no_zero(self):
        assert zeros(Tiled(torch.tensor([[1.0, 2.0], [-1.0, -1.0]])), 0, 2).zeros == ()
        assert zeros(Opaque(lambda u: torch.sign(u - 1.3) + 0 * u), 0, 2).zeros == ()


class TestHardGates:
    @settings(max_examples=25)
    @given(places, st.sampled_from([-1.0, 1.0]))
    def test_lengths_of_the_support(self, roots, lead):
        points = (torch.arange(4 * 4096, dtype=torch.float64) + 0.5) / 4096  # roots lie on the corners of these cells
        f = with_roots(roots, lead)
        counted = (f(points) > 0).double().reshape(4, -1).mean(-1)
        torch.testing.assert_close(hard_gates(f, 4), counted, rtol=0, atol=1e-9)

    def test_jumps_at_integers(self):
        assert hard_gates(Tiled(torch.tensor([[1.0, 2.0], [-1.0, -1.0]])), 2).tolist() == [1, 0]


class TestBadInput:
    @pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
    def test_range(self, low, high):
        with pytest.raises(BadInput, match=r"low|high"):
            zeros(Affine(1.0), low, high)

    def test_batch(self):
        with pytest.raises(BadInput, match="f: expected no batch shape"):
            zeros(Affine(torch.rand(2)), 0, 3)

    def test_grid(self):
        with pytest.raises(BadInput, match="grid"):
            zeros(Affine(1.0), 0, 3, grid=1)
