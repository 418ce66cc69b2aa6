"""The functions on the line: their formulas, where they are smooth, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths.fields.combined import Exponentials, Sum, breakpoints, reference
from continuum.widths.fields.field import Affine, Polynomial, RadialBasis
from continuum.widths.fields.piecewise import PiecewiseLinear, Tiled
from proofs_checks import strategies

POINTS = np.linspace(-2, 6, 41)
numbers = strategies.numbers(-5, 5, subnormal=True)


def double(value):
    return torch.as_tensor(value, dtype=torch.float64)


def at(f, points=POINTS):
    return f(double(points)).detach().numpy()


class TestFormulas:
    @given(numbers, numbers)
    def test_affine(self, gamma, slope):
        np.testing.assert_array_equal(at(Affine(double(gamma), double(slope))), slope * (gamma - POINTS))

    @given(strategies.vectors(-5, 5, most=6))
    def test_polynomial(self, coefficients):
        expected = np.polynomial.polynomial.polyval(POINTS, coefficients.numpy())
        np.testing.assert_allclose(at(Polynomial(coefficients)), expected, rtol=1e-12, atol=1e-11)

    @given(strategies.vectors(-5, 5, 4, 4))
    def test_piecewise_linear(self, values):
        knots = [-1.0, 0.25, 2.0, 5.0]
        expected = np.interp(POINTS, knots, values)
        np.testing.assert_allclose(at(PiecewiseLinear(values, knots)), expected, rtol=1e-12, atol=1e-14)

    @given(strategies.vectors(-5, 5, 3, 3), numbers, strategies.numbers(0.1, 3))
    def test_radial_basis(self, weights, offset, width):
        centers = np.array([0.0, 1.0, 4.0])
        expected = offset + np.exp(-((POINTS[:, None] - centers) ** 2) / (2 * width**2)) @ weights.numpy()
        field = RadialBasis(weights, double(centers), width, double(offset))
        np.testing.assert_allclose(at(field), expected, rtol=1e-12, atol=1e-13)

    def test_tiles_are_continuous_from_the_right_and_zero_outside(self):
        field = Tiled(double([[0.0, 1.0, 0.0], [5.0, 6.0, 7.0]]))
        points = [-0.1, 0.0, 0.25, 0.75, np.nextafter(1.0, 0), 1.0, 1.75, 2.0, 2.1]
        np.testing.assert_allclose(at(field, points), [0, 0, 0.5, 0.5, 0, 5, 6.5, 7, 0], atol=1e-15)

    def test_sum_is_weighted(self):
        f, g = Affine(double(1.0)), Polynomial(double([0.0, 0.0, 1.0]))
        np.testing.assert_allclose(
            at(Sum([f, g], [2.0, -0.5])), 2 * (1 - POINTS) - POINTS**2 / 2, rtol=1e-13, atol=1e-13
        )

    @pytest.mark.parametrize("batch", [(), (3,), (2, 3), (0,)], ids=str)
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
    def test_batches_equal_loops(self, batch, dtype):
        def values(*shape):
            return torch.randn(*batch, *shape, dtype=dtype)

        makers = [
            lambda v: Affine(v[..., 0], v[..., 1]),
            lambda v: Polynomial(v),
            lambda v: PiecewiseLinear(v, [0.0, 1.0, 2.5, 3.0]),
            lambda v: RadialBasis(v, [0.0, 1.0, 2.5, 3.0], 0.5, v[..., 0]),
            lambda v: Exponentials(v, [0.0, 1.0, 2.5, 3.0]),
            lambda v: Sum([Affine(v[..., 0]), Polynomial(v)]),
        ]
        points = torch.as_tensor(POINTS, dtype=dtype)
        for make in makers:
            v = values(4)
            actual = make(v)(points)
            assert actual.shape == (*batch, len(points))
            assert actual.dtype == dtype
            for index in np.ndindex(*batch):
                assert_close(actual[index], make(v[index])(points))


class TestKernel:
    """K(., z) represents the evaluation at z in H1(R)."""

    def product(self, scale: float) -> tuple[float, float]:
        z = 0.7
        grid, weights = np.polynomial.legendre.leggauss(60)
        total = 0.0
        for low, high in ((-12.0, z), (z, 13.0)):
            u = double((low + high) / 2 + (high - low) / 2 * grid).requires_grad_()
            kernel, bump = scale * Exponentials(double([1.0]), [z])(u), torch.exp(-((u - 1) ** 2) / 2)
            slopes = [torch.autograd.grad(f.sum(), u)[0] for f in (kernel, bump)]
            values = (kernel * bump + slopes[0] * slopes[1]).detach().numpy()
            total += (high - low) / 2 * float(weights @ values)
        return total, math.exp(-((z - 1) ** 2) / 2)

    def test_reproduces(self):
        product, value = self.product(1.0)
        assert product == pytest.approx(value, rel=1e-12)

    def test_the_check_rejects_a_kernel_without_the_half(self):
        product, value = self.product(2.0)
        assert product != pytest.approx(value, rel=1e-2)


class TestSmoothness:
    def test_breakpoints(self):
        knots = PiecewiseLinear([0.0, 1.0], [0.0, 2.0])
        both = Sum([knots, Exponentials([1.0], [0.5]), Affine(1.0)])
        assert both.breakpoints().tolist() == [0, 2, 0.5]
        assert Tiled(torch.zeros(2, 3)).breakpoints().tolist() == [0, 0.5, 1, 1.5, 2]
        assert breakpoints(torch.nn.Identity()) is None
        assert Sum([Affine(1.0)]).breakpoints() is None

    def test_a_sum_is_piecewise_linear_only_if_all_its_parts_are(self):
        linear = [Affine(1.0), PiecewiseLinear([0.0, 1.0], [0.0, 2.0])]
        assert Sum(linear).piecewise_linear
        assert not Sum([*linear, torch.nn.Identity()]).piecewise_linear

    def test_stationary_points_of_a_polynomial(self):
        cubic = Polynomial(double([0.0, 3.0, 0.0, -1.0]))  # 3u - u^3
        assert sorted(cubic.stationary().tolist()) == pytest.approx([-1, 1])
        assert Polynomial(double([1.0])).stationary().numel() == 0
        assert Polynomial(double([1.0, 0.0, 1.0, 1e-320])).stationary().tolist() == [0]
        assert Polynomial(torch.ones(2, 3)).stationary() is None

    def test_piecewise_linear_fields_turn_at_their_breakpoints_alone(self):
        knots = PiecewiseLinear([0.0, 1.0], [0.0, 2.0])
        for field in (Affine(1.0), knots, Sum([Affine(1.0), knots])):
            assert field.stationary().tolist() == []

    def test_what_a_field_is_made_of_is_copied_without_its_graph(self):
        source = 1.0 * double([0.0, 2.0]).requires_grad_()
        fields = [
            PiecewiseLinear(source, source),
            RadialBasis(source, source),
            Exponentials(source, source),
            Sum([Affine(source[0], source[1]), Polynomial(source)], source),
        ]
        for field in fields:
            assert all(value.is_leaf for value in field.parameters())
            assert not any(value.requires_grad for value in field.buffers())

    def test_reference_is_the_first_floating_tensor(self):
        assert reference(Affine(double(1.0))).dtype == torch.float64
        assert reference(torch.nn.Identity()).dtype == torch.get_default_dtype()


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize(
        ("make", "match"),
        [
            (lambda: Affine(math.nan), "gamma: expected finite"),
            (lambda: Affine(1.0, math.inf), "slope: expected finite"),
            (lambda: Polynomial([]), "coefficients: expected at least one"),
            (lambda: Polynomial(torch.tensor(1.0)), "coefficients: expected at least one"),
            (lambda: PiecewiseLinear([1.0, 2.0], [1.0, 0.0]), "knots: expected two or more, increasing"),
            (lambda: PiecewiseLinear([1.0], [1.0]), "knots: expected two or more"),
            (lambda: PiecewiseLinear([1.0, 2.0], [1.0, 2.0, 3.0]), "knots: expected"),
            (lambda: RadialBasis([1.0], [1.0], 0.0), "width: expected"),
            (lambda: RadialBasis([1.0], [1.0, 2.0]), "centers: expected"),
            (lambda: Exponentials([1.0], [1.0, 2.0]), "centers: expected"),
            (lambda: Tiled(torch.zeros(3, 1)), "values: expected"),
            (lambda: Sum([Affine(1.0)], [1.0, 2.0]), "factors: expected"),
        ],
    )
    def test_refused(self, make, match):
        with pytest.raises(BadInput, match=match):
            make()
