"""Which geometry makes a learned width feel capacity, on a ridge regression that is solved exactly."""

import pytest
import torch
from scipy.optimize import brentq
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import Interval
from continuum.widths.fuzzy import Fuzzy
from continuum.widths.penalty.geometry import price, weight_decay

LAM = 0.3
WHOLE = 2


@pytest.fixture
def layer() -> tuple[Tensor, Tensor]:
    """Features y, (rows, units), and targets."""
    return torch.randn(20, 4, dtype=torch.float64), torch.randn(20, 1, dtype=torch.float64)


def gates(width: float) -> Tensor:
    return Interval(4, torch.tensor(width, dtype=torch.float64)).gates().detach()


def optimum(layer, m: Tensor, geometry: str) -> Tensor:
    """Smallest loss over W: the objective is quadratic in W, so one Newton step finds it."""
    y, t = layer

    def objective(weights: Tensor) -> Tensor:
        return (y @ (m.unsqueeze(-1) * weights) - t).square().sum() / 2 + LAM / 2 * weight_decay(weights, m, geometry)

    origin = torch.zeros(4, 1, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(objective(origin), origin)
    curvature = torch.autograd.functional.hessian(objective, origin.detach()).reshape(4, 4)
    return objective(-(torch.linalg.pinv(curvature, hermitian=True) @ slope))


def residual_gradient(layer) -> Tensor:
    """G: gradient of the optimised loss at the effective weight of unit WHOLE, when only the units below are on."""
    y, t = layer
    on = y[:, :WHOLE]
    weights = torch.linalg.solve(on.T @ on + LAM * torch.eye(WHOLE, dtype=torch.float64), on.T @ t)
    return (on @ weights - t).T @ y[:, WHOLE]


class TestCapacity:
    @pytest.mark.parametrize("width", [0.3, 1.5, 3.9])
    def test_l2_equals_root_gates_under_euclidean_decay(self, layer, width):
        m = gates(width)
        assert_close(optimum(layer, m, "l2"), optimum(layer, m.sqrt(), "euclidean"), rtol=1e-12, atol=0)

    def test_only_l2_has_a_slope_at_an_integer(self, layer):
        step = 1e-6
        slopes = {
            g: (optimum(layer, gates(WHOLE + step), g) - optimum(layer, gates(WHOLE), g)) / step
            for g in ("euclidean", "l2")
        }
        exact = -residual_gradient(layer).square().sum() / (2 * LAM)
        assert_close(slopes["l2"], exact, rtol=1e-4, atol=0)
        assert slopes["euclidean"].abs() < 1e-3 * exact.abs()
        assert exact < -0.1


class TestGradesAreANorm:
    v = torch.tensor([2.0, -1.5, 0.9, 0.4, -0.3, 0.1], dtype=torch.float64)

    def best(self, k: float) -> Fuzzy:
        """Grades min(1, alpha |v_i|), which minimise sum v_i^2 / g_i among those of sum k."""
        alpha = brentq(lambda a: (a * self.v.abs()).clamp(max=1).sum().item() - k, 0, 1e4, xtol=1e-15)
        grades = (alpha * self.v.abs()).clamp(max=1)
        return Fuzzy(6, grades.sum(), grades, exponent=0.5)

    def decay(self, law: Fuzzy) -> Tensor:
        weights = (self.v / law.gates()).unsqueeze(-1)  # effective weights v
        return weight_decay(weights, law.gates())

    def k_support(self, k: int) -> Tensor:
        """Squared k-support norm, Argyriou, Foygel and Srebro 2012, Proposition 2.1."""
        w = self.v.abs().sort(descending=True).values
        for r in range(k):
            mean, above = w[k - r - 1 :].sum() / (r + 1), w[k - r - 2] if r < k - 1 else torch.inf
            if above > mean >= w[k - r - 1]:
                return w[: k - r - 1].square().sum() + (r + 1) * mean**2
        raise AssertionError("no r fits")

    @pytest.mark.parametrize("k", [1, 2, 3, 4])
    def test_smallest_decay_is_the_k_support_norm(self, k):
        assert_close(self.decay(self.best(k)), self.k_support(k), rtol=1e-12, atol=0)
        assert_close(
            self.decay(self.best(k)),
            weight_decay((self.v / self.best(k).grades()).unsqueeze(-1), self.best(k).grades(), "l2"),
        )

    def test_it_falls_with_every_bit_of_real_cardinality_and_is_stationary(self):
        norms = []
        for k in (1.0, 1.5, 2.0, 2.5, 3.0):
            law = self.best(k)
            norms.append(self.decay(law))
            (gradient,) = torch.autograd.grad(norms[-1], law.scores)
            assert gradient.abs().max() < 1e-9
        assert (torch.stack(norms).diff() < 0).all()


class TestUse:
    def test_batches_and_gradient(self):
        weights, m = torch.rand(3, 4, 2), torch.rand(3, 4, requires_grad=True)
        assert weight_decay(weights, m).shape == weight_decay(weights, m, "l2").shape == (3,)
        (gradient,) = torch.autograd.grad(weight_decay(weights, m, "l2").sum(), m)
        assert_close(gradient, weights.square().sum(-1))

    def test_price_is_proportional_to_the_cardinality(self):
        width = Interval(4, gamma=2.5)
        price(width, 0.2).backward()
        assert price(width, 0.2).item() == pytest.approx(0.5)
        assert width.gamma.grad.item() == pytest.approx(0.2)

    @pytest.mark.usefixtures("unchecked")
    def test_bad_input(self):
        with pytest.raises(BadInput, match="euclidean, l2"):
            weight_decay(torch.zeros(4, 1), torch.zeros(4), "L1")
        with pytest.raises(BadInput, match="one gate per row"):
            weight_decay(torch.zeros(4, 1), torch.zeros(3))
        for rho in (-1.0, torch.nan):
            with pytest.raises(BadInput, match="rho"):
                price(Interval(4, gamma=2.5), rho)
