"""The proximal step: it solves its own problem, and the printed variants do not."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from continuum.errors import BadInput
from continuum.widths.fields.combined import Exponentials, Sum
from continuum.widths.fields.field import Affine, Polynomial, RadialBasis
from continuum.widths.fields.piecewise import Tiled
from continuum.widths.fields.proximal import proximal_step
from continuum.widths.fields.variation import hard_derivative, soft_density, soft_derivative
from continuum.widths.fields.zeros import hard_gates, zeros
from continuum.widths.softsupport import SoftSupport

UNITS, STEP = 4, 0.05
S = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)


def double(value):
    return torch.as_tensor(value, dtype=torch.float64)


F = Polynomial(double([1.3, -2.0, 0.8, -0.07]))
BUMP = RadialBasis(double([1.0, -0.7]), [1.0, 2.6], 0.4)


def difference(phi: nn.Module, f: nn.Module, scale: float = 1.0) -> Sum:
    return Sum([phi, f], [scale, -scale])


def inner(a: nn.Module, b: nn.Module, breaks: list[float], derivative: bool) -> float:
    """Inner product in L2 or H1 over [-20, 24], by Gauss-Legendre between the breaks."""
    places, weights = np.polynomial.legendre.leggauss(20)
    edges = np.unique([*np.arange(-20.0, 24.5, 0.5), *breaks])
    centres, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    u = double((centres[:, None] + halves[:, None] * places).ravel()).requires_grad_()
    values = a(u) * b(u)
    if derivative:
        values = values + torch.autograd.grad(a(u).sum(), u)[0] * torch.autograd.grad(b(u).sum(), u)[0]
    return float(values.detach().numpy() @ (halves[:, None] * weights).ravel())


class TestHardH1:
    step = staticmethod(lambda: proximal_step(F, S, STEP, "H1"))
    places = zeros(F, 0, UNITS).simple

    def test_is_stationary(self):
        gap = inner(difference(self.step(), F), BUMP, [*self.places], derivative=True)
        derivative = hard_derivative(F, S, BUMP).value.item()
        assert gap / STEP == pytest.approx(-derivative, rel=1e-10)

    def test_the_check_rejects_other_kernels_and_no_jacobian(self):
        derivative = hard_derivative(F, S, BUMP).value.item()
        twice = inner(difference(self.step(), F, 2.0), BUMP, [*self.places], derivative=True)
        raw = Exponentials(-STEP * S[[int(z) for z in self.places]], list(self.places))
        printed = inner(raw, BUMP, [*self.places], derivative=True)
        flat = inner(difference(self.step(), F), BUMP, [*self.places], derivative=False)
        for wrong in (twice, printed, flat, -twice / 2):
            assert wrong / STEP != pytest.approx(-derivative, rel=1e-2)

    def test_value_at_the_minimum(self):
        f, place = Affine(double(2.25), double(-2.0)), 2.25
        gap = difference(proximal_step(f, S, STEP, "H1"), f)
        value = hard_derivative(f, S, gap).value.item() + inner(gap, gap, [place], derivative=True) / (2 * STEP)
        c = 3.0 / 2.0
        assert value == pytest.approx(-(STEP / 2) * c**2 / 2, rel=1e-10)

    def test_the_loss_falls_as_predicted(self):
        for t in (1e-3, 1e-4):
            stepped = proximal_step(F, S, t, "H1")
            gain = ((hard_gates(stepped, UNITS) - hard_gates(F, UNITS)) @ S).item()
            gap = difference(stepped, F)
            assert gain == pytest.approx(-inner(gap, gap, [*self.places], derivative=True) / t, rel=20 * t)

    def test_repeated_steps_descend(self):
        f, losses = F, []
        for _ in range(4):
            losses.append((hard_gates(f, UNITS) @ S).item())
            f = proximal_step(f, S, 0.02, "H1")
        assert all(b < a for a, b in pairwise(losses))
        assert len(f.fields) == 2

    def test_refuses_zeros_that_are_not_simple(self):
        with pytest.raises(BadInput, match=r"border zero at 2"):
            proximal_step(Affine(double(2.0)), S, STEP, "H1")
        with pytest.raises(BadInput, match=r"double zero at 1\.3"):
            proximal_step(Polynomial(double([1.69, -2.6, 1.0])), S, STEP, "H1")

    def test_no_zeros_no_step(self):
        stepped = proximal_step(Polynomial(double([1.0])), S, STEP, "H1")
        assert stepped(double([0.3, 7.0])).tolist() == [1, 1]


class TestSoftL2:
    kappa = 6.0

    def test_is_the_formula_on_the_grid(self):
        stepped = proximal_step(F, S, STEP, "L2", self.kappa, resolution=8)
        u = torch.arange(0, UNITS, 1 / 8, dtype=torch.float64)
        bell = torch.sigmoid(self.kappa * F(u)) * torch.sigmoid(-self.kappa * F(u))
        expected = F(u) - STEP * self.kappa * bell * S[u.long()]
        torch.testing.assert_close(stepped(u), expected, rtol=1e-12, atol=1e-14)
        outside = double([-1.0, UNITS + 0.5])
        assert torch.equal(stepped(outside), F(outside))

    def test_is_stationary_up_to_the_grid(self):
        width = SoftSupport(UNITS, F, self.kappa, panels=64)
        derivative = soft_derivative(width, S, BUMP).item()
        errors = []
        for resolution in (16, 32, 64):
            stepped = proximal_step(F, S, STEP, "L2", self.kappa, resolution=resolution)
            marks = stepped.breakpoints().tolist()
            errors.append(abs(inner(difference(stepped, F), BUMP, marks, derivative=False) / STEP + derivative))
        assert np.polyfit(np.log([16, 32, 64]), np.log(errors), 1)[0] == pytest.approx(-2, abs=0.1)
        assert errors[-1] < 1e-3 * abs(derivative)

    @pytest.mark.parametrize("order", [1, 2])
    def test_the_boundary_moves_and_the_printed_update_does_not(self, order):
        f, t, kappa = Affine(double(2.25)), 1e-4, 6.0
        stepped = proximal_step(f, S, t, "L2", kappa, resolution=64)
        (place,) = zeros(stepped, 0, UNITS).simple
        assert place - 2.25 == pytest.approx(-t * kappa * 3.0 / 4, rel=1e-2)
        # As printed, phi = f - sigma' kappa phi g: solved for phi it is f over a factor, with the zeros of f.
        printed = f(double([2.25])) / (1 + soft_density(SoftSupport(UNITS, f, kappa), S, double([2.25])))
        assert printed.abs().item() < 1e-15

    def test_the_loss_falls_as_predicted(self):
        t, marks = 1e-4, np.arange(0, 4.01, 1 / 64).tolist()
        stepped = proximal_step(F, S, t, "L2", self.kappa, resolution=64)
        before, after = (SoftSupport(UNITS, f, self.kappa, panels=16).gates() @ S for f in (F, stepped))
        gap = difference(stepped, F)
        size = inner(gap, gap, marks, derivative=False) / t
        assert (after - before).item() == pytest.approx(-size, rel=1e-2)

    def test_repeated_steps_descend_and_stay_one_correction(self):
        f, losses = F, []
        for _ in range(4):
            losses.append((SoftSupport(UNITS, f, self.kappa).gates() @ S).item())
            before, f = f, proximal_step(f, S, 0.02, "L2", self.kappa)
        assert all(b < a for a, b in pairwise(losses))
        assert [type(field) for field in f.fields] == [Polynomial, Tiled]
        u = double([0.5, 1.25, 2.0, 3.75])
        density = soft_density(SoftSupport(UNITS, before, self.kappa), S, u)
        torch.testing.assert_close(f(u), before(u) - 0.02 * density, rtol=1e-12, atol=1e-13)

    def test_ends_of_tiles_take_the_field_from_their_own_side(self):
        jumping = Tiled(double([[1.0, 1.0], [-3.0, -3.0]]))
        stepped = proximal_step(jumping, double([1.0, 1.0]), 1.0, "L2", 2.0, resolution=4)
        end = double([np.nextafter(1.0, 0)])
        bell = torch.sigmoid(double([2.0])) * torch.sigmoid(double([-2.0])) * 2.0
        torch.testing.assert_close(stepped(end), 1 - bell, rtol=1e-12, atol=0)

    def test_batches(self):
        f = Affine(double([0.4, 2.3, 3.9]))
        stepped = proximal_step(f, S, STEP, "L2", self.kappa)
        single = proximal_step(Affine(double(2.3)), S, STEP, "L2", self.kappa)
        u = double([0.1, 2.2, 3.3])
        torch.testing.assert_close(stepped(u)[1], single(u))


class TestSoftH1:
    def test_is_stationary(self):
        width = SoftSupport(UNITS, F, 6.0, panels=64)
        stepped = proximal_step(F, S, STEP, "H1", 6.0, resolution=4)
        marks = stepped.breakpoints().tolist()
        gap = inner(difference(stepped, F), BUMP, marks, derivative=True)
        assert gap / STEP == pytest.approx(-soft_derivative(width, S, BUMP).item(), rel=1e-5)

    def test_is_the_formula_by_four_nodes_a_panel(self):
        kappa, resolution, u = 6.0, 2, double([-0.5, 0.3, 1.4, 2.9, 4.6])

        def by_nodes(count):
            places, weights = np.polynomial.legendre.leggauss(count)
            starts = np.arange(UNITS * resolution) / resolution
            z = double((starts[:, None] + (places + 1) / (2 * resolution)).ravel())
            bell = torch.sigmoid(kappa * F(z)) * torch.sigmoid(-kappa * F(z))
            mass = kappa * bell * S[z.long()] * double(np.tile(weights, len(starts))) / (2 * resolution)
            return F(u) - STEP * (torch.exp(-(u.unsqueeze(-1) - z).abs()) / 2) @ mass

        stepped = proximal_step(F, S, STEP, "H1", kappa, resolution=resolution)(u)
        torch.testing.assert_close(stepped, by_nodes(4), rtol=1e-13, atol=1e-14)
        assert (stepped - by_nodes(5)).abs().max() > 1e-6  # falsifier

    def test_tends_to_the_hard_step(self):
        u = double([0.3, 1.4, 2.9])
        soft = proximal_step(F, S, STEP, "H1", 3000.0, resolution=2048)
        torch.testing.assert_close(soft(u), proximal_step(F, S, STEP, "H1")(u), rtol=0, atol=1e-4 * STEP)


class TestRefusals:
    def test_no_minimiser_in_l2_in_the_hard_limit(self):
        with pytest.raises(BadInput, match="no minimiser"):
            proximal_step(F, S, STEP, "L2")

    def test_because_its_value_on_a_grid_is_unbounded(self):
        # min over steps b on one cell of mesh h of c b + h b^2 / (2t).
        c, values = 3.0, []
        for h in (0.1, 0.01, 0.001):
            b = np.linspace(-2 * STEP * c / h, 0, 2001)
            values.append((c * b + h * b**2 / (2 * STEP)).min())
        assert np.polyfit(np.log([0.1, 0.01, 0.001]), np.log(np.abs(values)), 1)[0] == pytest.approx(-1)
        assert values == pytest.approx([-STEP * c**2 / (2 * h) for h in (0.1, 0.01, 0.001)])

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"metric": "l2"}, "metric: expected one of H1, L2.*did you mean L2"),
            ({"metric": "Sobolev"}, "metric: expected one of H1, L2.*choose among these metrics"),
            ({"step": 0.0}, "step: expected"),
            ({"step": -1.0}, "step: expected"),
            ({"step": math.nan}, "step: expected"),
            ({"kappa": -1.0}, "kappa: expected"),
            ({"kappa": math.nan}, "kappa: expected"),
            ({"resolution": 0}, "resolution: expected"),
        ],
    )
    def test_options(self, options, match):
        with pytest.raises(BadInput, match=match):
            proximal_step(**{"f": F, "sensitivity": S, "step": STEP, "metric": "L2", "kappa": 5.0} | options)
