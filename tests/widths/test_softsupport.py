"""The soft support law: exact gates, quadrature errors, limits with their rates, and wrong variants rejected."""

import copy
import math
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths.fields.cells import mean_sigmoid
from continuum.widths.fields.combined import Sum
from continuum.widths.fields.field import Affine, Polynomial, RadialBasis
from continuum.widths.fields.piecewise import PiecewiseLinear, Tiled
from continuum.widths.softsupport import SoftSupport
from proofs_checks import strategies
from tests.contracts import WidthContract

UNITS = 5
KNOTS = [-0.5, 0.7, 2.0, 3.4, 4.1, 6.0]
slopes = strategies.signed(strategies.magnitudes(-12, 1))
gammas = strategies.gammas(UNITS, beyond=1, subnormal=True)


class Opaque(nn.Module):
    """A field that does not say where it is smooth or linear."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, points):
        return self.f(points)


def double(value) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64)


def affine(gamma, kappa, slope=1.0, units=UNITS) -> SoftSupport:
    return SoftSupport(units, Affine(double(gamma), double(slope)), kappa)


class TestAffine(WidthContract):
    setting = "f"

    def field(self, batch, dtype):
        return Affine(5 * torch.rand(batch, dtype=dtype), 0.5 + torch.rand(batch, dtype=dtype))

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        return SoftSupport(self.units, self.field(batch, dtype), kappa=4.0, learnable=learnable)

    def edge_cases(self):
        cases = [(0.0, 1.0, 1.0), (3.0, 1e4, 1.0), (5.0, 1e12, 1.0), (-7.0, 30.0, 2.0), (90.0, 30.0, 2.0)]
        return [affine(g, k, s) for g, k, s in [*cases, (2.5, 3.0, 0.0), (2.5, 3.0, 1e-300), (1.0, 1e-6, 1e-6)]]


class TestPolynomial(TestAffine):
    ordered = False
    units = 3  # gradients are checked one gate at a time

    def field(self, batch, dtype):
        return Polynomial(torch.randn(*batch, 3, dtype=dtype) / torch.tensor([1, 1, 4]))

    def edge_cases(self):
        return [SoftSupport(UNITS, Polynomial(double([0.0, 0.0])), 1e8), SoftSupport(1, Polynomial(double([3.0])), 9.0)]


class TestPiecewiseLinear(TestPolynomial):
    def field(self, batch, dtype):
        return PiecewiseLinear(torch.randn(*batch, 5, dtype=dtype), [-0.5, 0.7, 1.5, 2.0, 3.4])


class TestRadialBasis(TestPolynomial):
    def field(self, batch, dtype):
        weights, offset = torch.randn(*batch, 2, dtype=dtype), torch.randn(batch, dtype=dtype)
        return RadialBasis(weights, [1.5, 3.0], 0.8, offset)


class TestTiled(TestPolynomial):
    def field(self, batch, dtype):
        return Tiled(torch.randn(*batch, self.units, 2, dtype=dtype))


class TestNetwork(TestPolynomial):
    """A user's own module, with parameters of its own."""

    def field(self, batch, dtype):
        class Wave(nn.Module):
            def __init__(self):
                super().__init__()
                self.phase = nn.Parameter(torch.randn(batch, dtype=dtype))

            def forward(self, points):
                return torch.sin(points + self.phase.unsqueeze(-1))

        return Wave()

    @pytest.mark.skip("a class in a function cannot be pickled")
    def test_a_copy_is_equal_and_independent(self):
        pass


def exact_mean(low: Decimal, high: Decimal) -> Decimal:
    if low == high:
        return 1 / (1 + (-low).exp())
    return (exact_softplus(high) - exact_softplus(low)) / (high - low)


@lru_cache(maxsize=64)  # neighbouring units share an end
def exact_softplus(end: Decimal) -> Decimal:
    return (1 + end.exp()).ln()


def worst_relative_error(gates: Tensor, gamma: float, kappa: float, slope: float, floor: str = "1e-200") -> float:
    """Against decimals of 240 digits, from the very floats that the law was given."""
    worst = Decimal(0)
    with localcontext() as context:
        context.prec = 240
        ends = [Decimal(kappa) * Decimal(slope) * (Decimal(gamma) - i) for i in range(len(gates) + 1)]
        for gate, low, high in zip(gates.tolist(), ends, ends[1:], strict=False):
            truth = exact_mean(low, high) if min(low, high) < 400 else Decimal(1)  # 1 - e^-400
            worst = max(worst, abs(Decimal(gate) - truth) / max(truth, Decimal(floor)))
    return float(worst)


class TestClosedForm:
    @settings(max_examples=80)
    @given(strategies.gammas(UNITS, beyond=2, subnormal=True), strategies.magnitudes(-3, 4), slopes)
    def test_affine_gates_are_exact(self, gamma, kappa, slope):
        gates = affine(gamma, kappa, slope).gates().detach()
        assert worst_relative_error(gates, gamma, kappa, slope) < 1e-12

    @pytest.mark.parametrize("kappa", [0.5, 1e3])
    def test_far_units_are_exact(self, kappa):
        gates = affine(300.3, kappa, units=330).gates().detach()
        assert worst_relative_error(gates, 300.3, kappa, 1.0) < 1e-12
        assert (gates[:220] == 1).all()

    @pytest.mark.parametrize(("gamma", "kappa", "slope"), [(20.5, 1.0, 1.0), (3.3, 1e-3, 1e-9)])
    def test_the_check_rejects_a_plain_difference_of_softplus(self, gamma, kappa, slope):
        ends = kappa * slope * (gamma - torch.arange(UNITS + 1, dtype=torch.float64))
        gates = softplus(ends).diff() / ends.diff()
        assert worst_relative_error(gates, gamma, kappa, slope) > 1e-11

    @given(strategies.gammas(UNITS, beyond=0.5), strategies.numbers(0.1, 20), strategies.numbers(-1, 1, subnormal=True))
    def test_float32_is_exact_to_its_rounding(self, gamma, kappa, slope):
        law = SoftSupport(UNITS, Affine(gamma, slope), kappa)
        gates, truth = law.gates(), copy.deepcopy(law).double().gates()
        assert_close(gates.double(), truth, rtol=4e-5, atol=1e-38)  # 2^-23 times the argument, up to 130

    def test_gradients_do_not_jump_where_the_branches_meet(self):
        low = double([-30.0, -3.0, -0.5, 0.2, 40.0]).requires_grad_()
        close, wide = (torch.autograd.grad(mean_sigmoid(low, low + gap).sum(), low)[0] for gap in (1 - 1e-9, 1 + 1e-9))
        assert_close(close, wide, rtol=1e-8, atol=1e-14)

    @settings(max_examples=20)
    @given(strategies.vectors(-3, 3, len(KNOTS), len(KNOTS)), strategies.numbers(0.1, 50))
    def test_piecewise_linear_gates_equal_quadrature_between_knots(self, values, kappa):
        f = PiecewiseLinear(values, KNOTS)
        by_quadrature = SoftSupport(UNITS, Sum([f, Polynomial(double([0.0]))]), kappa, order=20, panels=32)
        assert not by_quadrature.f.piecewise_linear
        assert_close(SoftSupport(UNITS, f, kappa).gates(), by_quadrature.gates(), rtol=1e-12, atol=1e-14)

    def test_that_check_rejects_quadrature_across_the_knots(self):
        f = PiecewiseLinear(double([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]), KNOTS)
        across = SoftSupport(UNITS, Opaque(f), 9.0, order=24)
        assert (SoftSupport(UNITS, f, 9.0).gates() - across.gates()).abs().max() > 1e-6


class TestQuadrature:
    def errors(self, orders, kappa=8.0, panels=1):
        exact = affine(2.3, kappa).gates()
        f = Opaque(Affine(double(2.3)))
        laws = [SoftSupport(UNITS, f, kappa, order=order, panels=panels) for order in orders]
        return np.array([(law.gates() - exact).abs().max().item() for law in laws])

    @pytest.mark.parametrize(("kappa", "panels"), [(8.0, 1), (20.0, 1), (60.0, 4)])
    def test_error_falls_at_the_stated_rate(self, kappa, panels):
        b = 2 * math.pi / (kappa / panels)
        rho = b + math.sqrt(1 + b * b)
        orders = np.arange(4, 20)
        errors = self.errors(orders.tolist(), kappa, panels)
        assert (errors < 4 * rho ** (-2.0 * orders)).all()
        used = errors > 1e-14
        rate = np.polyfit(orders[used], np.log(errors[used]), 1)[0]
        assert rate == pytest.approx(-2 * math.log(rho), rel=0.2)
        assert rate != pytest.approx(-math.log(rho), rel=0.2)  # falsifier: an interpolatory rule of half the degree

    def test_estimate_is_the_error(self):
        law = SoftSupport(UNITS, Opaque(Affine(double(2.3))), 20.0, order=8)
        error = (law.gates() - affine(2.3, 20.0).gates()).abs().max().item()
        assert law.quadrature_error() == pytest.approx(error, rel=0.1)
        assert affine(2.3, 20.0).quadrature_error() == 0

    @pytest.mark.parametrize("slope", [1.0, -1.0])
    def test_estimate_knows_no_sign(self, slope):
        """With -f for f every gate m turns into 1 - m, so that its change turns into the opposite."""
        law, finer = (
            SoftSupport(UNITS, Opaque(Affine(double(2.3), double(slope))), 20.0, order=order) for order in (8, 16)
        )
        change = finer.gates() - law.gates()
        assert law.quadrature_error() == pytest.approx(change.abs().max().item(), rel=1e-12)

    def test_too_few_nodes_for_a_sharp_edge_are_reported(self):
        coarse = SoftSupport(UNITS, Opaque(Affine(double(2.3))), 1000.0, order=8)
        fine = SoftSupport(UNITS, Opaque(Affine(double(2.3))), 1000.0, order=16, panels=256)
        assert coarse.quadrature_error() > 1e-3
        assert fine.quadrature_error() < 1e-10


def sup_error(kappa: float) -> float:
    return math.log(2 / (1 + math.exp(-kappa))) / kappa


class TestLimits:
    @given(gammas, strategies.numbers(0.1, 500))
    def test_gates_are_within_the_bound_of_the_interval_law(self, gamma, kappa):
        interval = (gamma - torch.arange(UNITS, dtype=torch.float64)).clip(0, 1)
        error = (affine(gamma, kappa).gates() - interval).abs().max().item()
        assert error <= sup_error(kappa) * (1 + 1e-12)

    @pytest.mark.parametrize("kappa", [0.3, 2.0, 40.0, 1e3])
    @pytest.mark.parametrize("edge", [2, 3])
    def test_the_bound_is_attained_at_both_ends_of_the_tile(self, kappa, edge):
        error = abs(affine(float(edge), kappa).gates()[2].item() - (edge - 2))
        assert error == pytest.approx(sup_error(kappa), rel=1e-12 / min(1, sup_error(kappa)))
        assert error != pytest.approx(math.log(2) / (2 * kappa), rel=1e-2)  # falsifiers
        assert error != pytest.approx(math.log(2), rel=1e-2)

    @given(gammas, strategies.numbers(0.5, 100))
    def test_cardinality_is_one_integral(self, gamma, kappa):
        whole = UNITS * mean_sigmoid(double(kappa * gamma), double(kappa * (gamma - UNITS)))
        cardinality = affine(gamma, kappa).cardinality()
        assert cardinality.item() == pytest.approx(whole.item(), rel=1e-12)
        bound = math.log(2 / (1 + math.exp(-kappa * UNITS))) / kappa
        assert abs(cardinality.item() - min(max(gamma, 0), UNITS)) <= bound * (1 + 1e-12)

    def test_cardinality_is_not_gamma_at_zero(self):
        assert affine(0.0, 10.0).cardinality().item() == pytest.approx(math.log(2) / 10, rel=1e-6)

    @given(gammas, strategies.numbers(0.1, 60))
    def test_slope_in_gamma(self, gamma, kappa):
        law = affine(gamma, kappa)
        jacobian = torch.autograd.functional.jacobian(
            lambda gamma: torch.func.functional_call(law, {"f.gamma": gamma}, ()), law.f.gamma.detach()
        )
        ends = torch.sigmoid(kappa * (gamma - torch.arange(UNITS + 1, dtype=torch.float64)))
        assert_close(jacobian, -ends.diff(), rtol=1e-10, atol=1e-13)
        assert jacobian.max() <= math.tanh(kappa / 4) * (1 + 1e-12)

    def test_derivative_at_an_integer_tends_to_the_middle_of_the_clarke_interval(self):
        c, target = double([0.3, 2.0, -1.0, 0.5, 0.1]), 0.7
        kappas = [50.0, 100.0, 200.0, 400.0]
        errors = []
        output = c[:2].sum().item()
        left, right = ((output - target) * c[k].item() for k in (1, 2))
        for kappa in kappas:
            law = affine(2.0, kappa)
            ((law.gates() @ c - target) ** 2 / 2).backward()
            errors.append(law.f.gamma.grad.item() - (left + right) / 2)
        constant = math.log(2) / 2 * (c[2] ** 2 - c[1] ** 2).item()
        assert errors[-1] * kappas[-1] == pytest.approx(constant, rel=1e-2)
        assert np.polyfit(np.log(kappas), np.log(np.abs(errors)), 1)[0] == pytest.approx(-1, abs=0.02)
        assert abs(errors[-1] + (left + right) / 2 - right) > 0.5  # falsifier: the limit is the right derivative

    def test_integral_tends_to_that_over_the_support_at_rate_two(self):
        c, roots, lead = double([1.0, -2.0, 3.0, 0.5]), (0.6, 2.7), -0.8
        f = Polynomial(double([lead * roots[0] * roots[1], -lead * sum(roots), lead]))
        hard = 0.4 * 1.0 - 2.0 + 0.7 * 3.0
        slope = abs(lead) * (roots[1] - roots[0])
        # h = yW/|f'| as a function of the value of f has slope h'(0) = -yW f''/|f'|^3.
        constant = -(math.pi**2) / 6 * sum(-y * 2 * lead / slope**3 for y in (1.0, 3.0))
        kappas = np.array([40.0, 80.0, 160.0, 320.0])
        soft = [(SoftSupport(4, f, kappa, panels=128).gates() @ c).item() for kappa in kappas]
        errors = np.array(soft) - hard
        assert np.polyfit(np.log(kappas), np.log(np.abs(errors)), 1)[0] == pytest.approx(-2, abs=0.02)
        assert errors[-1] * kappas[-1] ** 2 == pytest.approx(constant, rel=1e-3)
        for wrong in (2 * constant, constant / 2, -constant):  # falsifiers: pi^2/3, pi^2/12, the sign
            assert errors[-1] * kappas[-1] ** 2 != pytest.approx(wrong, rel=1e-3)


class TestSharpness:
    def test_a_kappa_for_each_member(self):
        kappas = double([1.0, 5.0, 50.0])
        gates = SoftSupport(UNITS, Affine(double(2.3)), kappas).gates()
        for kappa, row in zip(kappas.tolist(), gates, strict=True):
            assert_close(row, affine(2.3, kappa).gates(), rtol=1e-15, atol=0)

    def test_kappa_is_a_constant(self):
        kappa = double(3.0).requires_grad_()
        law = affine(2.3, 1.0 * kappa)
        assert not law.kappa.requires_grad
        law.set_kappa(2.0 * kappa)
        assert not law.kappa.requires_grad
        assert law.kappa == 6

    def test_annealing_leaves_earlier_graphs_alone(self):
        law = affine(2.3, 3.0)
        total, fresh = law.cardinality(), affine(2.3, 3.0).cardinality()
        law.set_kappa(30.0)
        assert law.state_dict()["kappa"].item() == 30
        assert law.kappa.dtype == torch.float64
        (slope,) = torch.autograd.grad(total, law.f.gamma)
        assert total == fresh
        assert slope.item() == pytest.approx(1 / (1 + math.exp(-6.9)) - 1 / (1 + math.exp(8.1)), rel=1e-12)


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize("kappa", [0.0, -1.0, math.nan, math.inf, [1.0, -1.0], [1.0, 2.0]])
    def test_kappa(self, kappa):
        f = Affine(torch.rand(3))
        with pytest.raises(BadInput, match="kappa: expected"):
            SoftSupport(UNITS, f, torch.tensor(kappa) if isinstance(kappa, list) else kappa)
        with pytest.raises(BadInput, match="kappa: expected"):
            SoftSupport(UNITS, f, 1.0).set_kappa(torch.tensor(kappa))

    @pytest.mark.parametrize(
        "options", [{"units": 0}, {"units": 2.5}, {"order": 0}, {"panels": 0}, {"order": 1.5}], ids=str
    )
    def test_counts(self, options):
        with pytest.raises(BadInput, match=f"{next(iter(options))}: expected an integer"):
            SoftSupport(**{"units": UNITS, "f": Affine(1.0), "kappa": 1.0} | options)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda points: points.unsqueeze(-1),
            lambda points: points.sum(),
            lambda points: points[:2].repeat(1, 1) if len(points) == 2 else points,
            lambda points: points.unsqueeze(-1) * points,
            lambda points: points.tolist(),
            lambda points: points > 0,
            lambda points: nn.functional.linear(points, torch.ones(7, 7)),
            lambda points: points / 0,
        ],
    )
    def test_a_field_of_another_shape(self, wrong):
        with pytest.raises(BadInput, match="f: expected"):
            SoftSupport(UNITS, Opaque(wrong), 1.0)

    def test_no_module(self):
        with pytest.raises(BadInput, match="f: expected"):
            SoftSupport(UNITS, lambda points: points, 1.0)

    def test_nan_in_a_parameter_that_the_probe_would_miss(self):
        f = Affine(1.0)
        with torch.no_grad():
            f.gamma.fill_(math.nan)
        with pytest.raises(BadInput, match=r"f\.gamma: expected finite"):
            SoftSupport(UNITS, f, 1.0)
