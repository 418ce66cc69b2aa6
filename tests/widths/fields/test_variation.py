"""Functional derivatives: against autograd, against moved zeros, and in the limit with its rate."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import functional_call
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths.fields.combined import Sum
from continuum.widths.fields.field import Affine, Polynomial, RadialBasis
from continuum.widths.fields.piecewise import PiecewiseLinear
from continuum.widths.fields.variation import hard_derivative, soft_density, soft_derivative
from continuum.widths.fields.zeros import hard_gates
from continuum.widths.softsupport import SoftSupport
from proofs_checks import strategies

UNITS = 4
C = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)


def double(value):
    return torch.as_tensor(value, dtype=torch.float64)


def by_autograd(f, phi, kappa: float, panels: int) -> float:
    """d/deps J_kappa[f + eps phi] at 0, through the gates of the law."""
    width = SoftSupport(UNITS, Sum([f, phi]), kappa, panels=panels)
    factors = double([1.0, 0.0]).requires_grad_()
    (slope,) = torch.autograd.grad(functional_call(width, {"f.factors": factors}, ()) @ C, factors)
    return slope[1].item()


def soft(f, phi, kappa: float, panels: int = 16) -> float:
    return soft_derivative(SoftSupport(UNITS, f, kappa, panels=panels), C, phi).item()


BUMP = RadialBasis(double([1.0, -0.7]), [1.0, 2.6], 0.9, double(0.3))
LINE = Affine(double(2.3), double(0.8))
BEND = PiecewiseLinear(double([1.0, -0.5, 0.4, -1.0]), [0.0, 1.3, 2.2, 3.6])
WAVE = Polynomial(double([1.0, -2.0, 0.8, -0.07]))


class TestSoft:
    @pytest.mark.parametrize("f", [BUMP, LINE, BEND, WAVE], ids=lambda f: type(f).__name__)
    @pytest.mark.parametrize("phi", [BUMP, LINE, BEND, WAVE], ids=lambda f: type(f).__name__)
    @pytest.mark.parametrize("kappa", [1.0, 12.0])
    def test_equals_autograd_of_the_gates(self, f, phi, kappa):
        assert soft(f, phi, kappa) == pytest.approx(by_autograd(f, phi, kappa, 16), rel=1e-12)

    def test_the_check_rejects_wrong_densities(self):
        kappa, width = 12.0, SoftSupport(UNITS, WAVE, 12.0, panels=16)
        points, weights = width.cells(BUMP).nodes(width.rule)
        right = soft_density(width, C, points) * BUMP(points)
        assert (right @ weights).item() == pytest.approx(by_autograd(WAVE, BUMP, kappa, 16), rel=1e-12)
        for wrong in (right / kappa, right * BUMP(points), -right, right * points.floor().add(1)):
            assert (wrong @ weights).item() != pytest.approx(by_autograd(WAVE, BUMP, kappa, 16), rel=1e-2)

    @given(strategies.gammas(UNITS, beyond=2), strategies.magnitudes(-1, 3), strategies.gammas(UNITS, beyond=1))
    def test_density(self, gamma, kappa, u):
        density = soft_density(SoftSupport(UNITS, Affine(double(gamma)), kappa), C, double([u])).item()
        argument = kappa * (gamma - u)
        contribution = C[int(u)].item() if 0 <= u < UNITS else 0.0
        bell = math.exp(-abs(argument)) / (1 + math.exp(-abs(argument))) ** 2
        assert density == pytest.approx(kappa * bell * contribution, rel=1e-9, abs=1e-250)

    def test_batches(self):
        width = SoftSupport(UNITS, Affine(double([0.4, 2.3, 3.9])), double([1.0, 5.0, 9.0]))
        derivatives = soft_derivative(width, C * double([[1.0], [2.0], [-1.0]]), BUMP)
        for n, (gamma, kappa, factor) in enumerate([(0.4, 1.0, 1.0), (2.3, 5.0, 2.0), (3.9, 9.0, -1.0)]):
            assert derivatives[n].item() == pytest.approx(
                factor * soft(Affine(double(gamma)), BUMP, kappa, 1), rel=1e-13
            )

    def test_vanishes_with_kappa_where_f_keeps_off_zero(self):
        f, phi = Polynomial(double([0.5, 0.0, 0.1])), Polynomial(double([1.0]))  # f >= 1/2
        for kappa in (10.0, 40.0, 160.0):
            bound = kappa * math.exp(-kappa * 0.5) * C.abs().sum().item()
            assert abs(soft(f, phi, kappa)) <= bound
            assert abs(soft(f, phi, kappa)) > 0
        assert abs(soft(f, phi, 10.0)) > math.exp(-10 * 0.5) / 4  # falsifier: the bound without kappa and sizes
        assert hard_derivative(f, C, phi).value.item() == 0

    def test_wrong_sensitivity(self):
        with pytest.raises(BadInput, match="sensitivity"):
            soft_density(SoftSupport(UNITS, LINE, 1.0), C[:2], double([0.0]))


def moved(f, phi, epsilon: float) -> float:
    """J[f + eps phi] in the hard limit, with its zeros solved afresh."""
    return (hard_gates(Sum([f, phi], [1.0, epsilon]), UNITS) @ C).item()


places = strategies.crossings(UNITS, most=4, parts=8)
directions = strategies.vectors(-1, 1, 3, 3)


class TestHard:
    @given(places, directions, st.sampled_from([-0.5, 2.0]))
    def test_is_the_sum_over_zeros_with_the_jacobian(self, roots, phi, lead):
        f = Polynomial(double(lead * np.polynomial.polynomial.polyfromroots(roots)))
        variation = hard_derivative(f, C, Polynomial(phi))
        terms = [
            np.polynomial.polynomial.polyval(z, phi.numpy())
            * C[int(z)].item()
            / abs(lead * np.prod([z - other for other in roots if other != z]))
            for z in roots
        ]
        assert variation.differentiable
        size = sum(map(abs, terms))
        assert variation.value.item() == pytest.approx(sum(terms), rel=1e-9, abs=1e-8 * size + 1e-12)
        assert torch.equal(variation.ahead, variation.behind)

    @pytest.mark.parametrize("f", [Affine(double(2.3), double(-3.0)), WAVE, BEND, BUMP], ids=lambda f: type(f).__name__)
    def test_equals_differences_with_moved_zeros(self, f):
        phi = Polynomial(double([1.0, 0.3, -0.2]))
        h = 1e-4
        differences = [(moved(f, phi, s) - moved(f, phi, -s)) / (2 * s) for s in (h, 2 * h)]
        derivative = (4 * differences[0] - differences[1]) / 3
        variation = hard_derivative(f, C, phi)
        assert variation.value.item() == pytest.approx(derivative, rel=1e-8)
        printed = sum(phi(double([z])).item() * C[int(z)].item() for z in variation.zeros.simple)
        assert printed != pytest.approx(derivative, rel=1e-2)  # falsifier: the source's sum, without 1/|f'|

    def test_is_exact_for_an_affine_field(self):
        variation = hard_derivative(Affine(double(2.25), double(-3.0)), C, Polynomial(double([0.5, 1.0])))
        assert variation.value.item() == pytest.approx(2.75 * 3.0 / 3.0, rel=1e-12)

    def test_soft_tends_to_it_at_rate_two(self):
        lead, roots = -0.8, (0.6, 2.7)
        f = Polynomial(double([lead * roots[0] * roots[1], -lead * sum(roots), lead]))
        phi = Polynomial(double([1.0, 0.5, -0.3]))
        hard = hard_derivative(f, C, phi).value.item()
        kappas = np.array([40.0, 80.0, 160.0, 320.0])
        errors = np.array([soft(f, phi, kappa, 128) for kappa in kappas]) - hard
        constant = math.pi**2 / 6 * sum(C[int(z)].item() * second_slope(f, phi, z) for z in roots)
        assert np.polyfit(np.log(kappas), np.log(np.abs(errors)), 1)[0] == pytest.approx(-2, abs=0.02)
        assert errors[-1] * kappas[-1] ** 2 == pytest.approx(constant, rel=5e-3)
        for wrong in (2 * constant, constant / 2, -constant):
            assert errors[-1] * kappas[-1] ** 2 != pytest.approx(wrong, rel=5e-3)

    def test_soft_tends_to_the_middle_at_an_integer(self):
        variation = hard_derivative(Affine(double(2.0)), C, Polynomial(double([1.0])))
        middle = (variation.ahead + variation.behind).item() / 2
        assert soft(Affine(double(2.0)), Polynomial(double([1.0])), 500.0, 256) == pytest.approx(middle, rel=1e-12)
        assert middle not in (variation.ahead.item(), variation.behind.item())

    @pytest.mark.parametrize("slope", [-2.0, 2.0])
    @pytest.mark.parametrize("push", [-1.0, 1.5])
    @pytest.mark.parametrize("border", [0.0, 2.0, 4.0])
    def test_one_sided_at_a_border(self, slope, push, border):
        f, phi = Affine(double(border), double(slope)), Polynomial(double([push]))
        variation, h = hard_derivative(f, C, phi), 1e-5
        assert (variation.zeros.border, variation.differentiable) == ((border,), False)
        assert variation.ahead.item() == pytest.approx((moved(f, phi, h) - moved(f, phi, 0)) / h, rel=1e-6, abs=1e-12)
        assert variation.behind.item() == pytest.approx((moved(f, phi, 0) - moved(f, phi, -h)) / h, rel=1e-6, abs=1e-12)
        assert variation.ahead != variation.behind
        with pytest.raises(BadInput, match=f"border zero at {border:.6g}"):
            _ = variation.value

    @pytest.mark.parametrize("push", [-1.0, 1.5])
    def test_one_sided_at_a_kink(self, push):
        f, phi = PiecewiseLinear(double([1.0, 0.0, -3.0]), [0.0, 1.3, 2.8]), Polynomial(double([push]))
        variation, h = hard_derivative(f, C, phi), 1e-5
        assert variation.ahead.item() == pytest.approx((moved(f, phi, h) - moved(f, phi, 0)) / h, rel=1e-6)
        assert variation.behind.item() == pytest.approx((moved(f, phi, 0) - moved(f, phi, -h)) / h, rel=1e-6)
        with pytest.raises(BadInput, match=r"kink zero at 1\.3"):
            _ = variation.value

    def test_none_at_a_double_zero(self):
        f = Polynomial(double([1.69, -2.6, 1.0]))
        variation = hard_derivative(f, C, Polynomial(double([1.0])))
        assert variation.ahead.isnan()
        assert variation.behind.isnan()
        with pytest.raises(BadInput, match=r"double zero at 1\.3"):
            _ = variation.value

    def test_soft_derivative_diverges_at_a_double_zero(self):
        f, one = Polynomial(double([1.69, -2.6, 1.0])), Polynomial(double([1.0]))
        kappas = [1e3, 4e3, 16e3]
        sizes = [abs(soft(f, one, kappa, 256)) for kappa in kappas]
        assert np.polyfit(np.log(kappas), np.log(sizes), 1)[0] == pytest.approx(0.5, abs=0.01)

    def test_batch_of_sensitivities(self):
        many = torch.stack([C, -2 * C, C.flip(0)])
        derivatives = hard_derivative(WAVE, many, BUMP).value
        assert_close(derivatives, torch.stack([hard_derivative(WAVE, row, BUMP).value for row in many]))


def second_slope(f, phi, z: float) -> float:
    """Second derivative of phi/|f'| as a function of the value t of f, where d/dt = (1/f') d/du."""
    u = double([z]).requires_grad_()

    def along(values):
        return torch.autograd.grad(values.sum(), u, create_graph=True)[0]

    slope = along(f(u))
    first = along(phi(u) / slope.abs()) / slope
    return (along(first) / slope).item()
