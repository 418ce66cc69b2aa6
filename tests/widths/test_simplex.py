"""The projection on the capped simplex: optimality, its generalised derivative, and wrong variants."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize
from torch import Tensor
from torch.func import grad, jacfwd, jacrev, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import clipped
from continuum.widths.clipped import FEW
from continuum.widths.simplex import project
from proofs_checks import strategies

scores = strategies.vectors(-1e3, 1e3)
fractions = strategies.numbers(0, 1, subnormal=True)


def violation(p: Tensor, g: Tensor, total: float) -> float:
    """Largest violation of the conditions that only the nearest point of the capped simplex meets."""
    rest, free = p - g, (g > 0) & (g < 1)
    low = rest[g < 1].max() if (g < 1).any() else torch.tensor(-torch.inf)  # multiplier of the sum from below
    high = rest[g > 0].min() if (g > 0).any() else torch.tensor(torch.inf)
    spread = (rest[free].max() - rest[free].min()) if free.any() else torch.tensor(0.0)
    bounds = torch.stack([-g.min(), g.max() - 1])
    return max(float(low - high), float(spread), float((g.sum() - total).abs()), float(bounds.max()))


class TestValues:
    @given(scores, fractions)
    def test_nearest_point(self, p, fraction):
        total = fraction * len(p)
        assert violation(p, project(p, total), total) < 1e-12

    @given(scores, fractions)
    def test_idempotent(self, p, fraction):
        g = project(p, fraction * len(p))
        assert_close(project(g, fraction * len(p)), g, rtol=0, atol=1e-14)

    @given(scores, fractions, strategies.numbers(-100, 100, subnormal=True))
    def test_a_common_shift_of_the_scores_changes_nothing(self, p, fraction, shift):
        total = fraction * len(p)
        assert_close(project(p + shift, total), project(p, total), rtol=0, atol=1e-12)

    @given(scores)
    def test_the_ends_are_reached_and_the_total_saturates_beyond(self, p):
        units = len(p)
        for total, grade in [(0.0, 0.0), (-0.5, 0.0), (units, 1.0), (units + 0.5, 1.0)]:
            assert (project(p, float(total)) == grade).all()

    @pytest.mark.parametrize("seed", range(5))
    def test_equals_a_quadratic_program(self, seed):
        random = np.random.default_rng(seed)
        p, total = random.normal(size=5), random.uniform(0.5, 4.5)
        solution = minimize(
            lambda g: ((g - p) ** 2).sum(),
            np.full(5, total / 5),
            jac=lambda g: 2 * (g - p),
            bounds=[(0, 1)] * 5,
            constraints={"type": "eq", "fun": lambda g: g.sum() - total, "jac": np.ones_like},
            method="SLSQP",
            options={"ftol": 1e-15},
        )
        assert_close(project(torch.tensor(p), float(total)), torch.tensor(solution.x), rtol=0, atol=1e-8)

    @pytest.mark.parametrize("spread", [0.1, 1.0, 30.0, 1e6])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_sum_holds_at_every_scale(self, spread, dtype):
        p = (torch.randn(50, 200, dtype=torch.float64) * spread).to(dtype)
        totals = torch.rand(50, dtype=dtype) * 200
        g = project(p, totals)
        assert g.dtype == dtype
        assert (g >= 0).all()
        assert (g <= 1).all()
        resolution = (800 + 4 * spread) * torch.finfo(dtype).eps
        assert_close(g.double().sum(-1), totals.double(), rtol=0, atol=resolution)

    def test_clipping_and_rescaling_is_rejected(self):
        p, total = torch.tensor([0.9, 0.2, -0.3, 1.4, 0.6], dtype=torch.float64), 2.2
        clipped = p.clamp(0, 1)
        assert violation(p, clipped * total / clipped.sum(), total) > 1e-2
        assert violation(p, project(p, total), total) < 1e-14

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize(
        "scores",
        [
            lambda p: p,
            lambda p: 30 * p,
            lambda p: (2 * p).round() / 2,
            lambda p: p**9,
            lambda p: 0 * p + 0.3,
            lambda p: 1e-20 * p,
            lambda p: p.index_fill(-1, torch.tensor(0), 1e30),
        ],
    )
    def test_few_rows_equal_many(self, scores, dtype):
        """Both ways to the threshold: row by row, and all rows at once."""
        p, totals = scores(torch.randn(40, 30, dtype=dtype)), 1 + 29 * torch.rand(40, dtype=dtype)
        scale = p[p < 1e20].abs().max().item()
        assert len(p) > FEW
        apart = torch.stack([project(row, total) for row, total in zip(p, totals, strict=True)])
        assert_close(project(p, totals), apart, rtol=0, atol=(8 + 2 * scale) * torch.finfo(dtype).eps)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("scale", [1.0, 1e6])
    def test_blocks_of_rows_say_the_same_as_all_at_once(self, dtype, scale, monkeypatch):
        p, totals = scale * torch.randn(40, 7, dtype=dtype), 1 + 5 * torch.rand(40, dtype=dtype)
        whole = project(p, totals)
        for numbers in (7 * (FEW + 1), 8, 3):  # several rows, one row, less than one
            monkeypatch.setattr(clipped, "MOST_AT_ONCE", numbers)
            assert_close(project(p, totals), whole, rtol=0, atol=(8 + 2 * scale) * torch.finfo(dtype).eps)

    @pytest.mark.parametrize("rows", [1, FEW, FEW + 1])
    @pytest.mark.parametrize("total", [0.0, 2.0, 4.0, torch.nan])
    def test_nan_is_handed_on_at_the_ends_too(self, rows, total):
        p = torch.randn(rows, 4)
        p[0, 1] = torch.nan
        spoilt = project(p, total).isnan()
        assert spoilt[0].all()
        assert (spoilt[1:] == (total != total)).all()

    @pytest.mark.parametrize("rows", [1, FEW + 1])
    def test_a_total_that_no_threshold_reaches_ends_on_a_plateau(self, rows):
        p = torch.tensor([0.3, 1e30, -1e30], dtype=torch.float64).expand(rows, -1)
        for total in (0.5, 2.5):
            assert (project(p, total).sum(-1) - total).abs().max() <= 1

    def test_nan_spoils_its_own_row_alone(self):
        g = project(torch.tensor([[0.1, torch.nan, 0.3], [0.1, 0.2, 0.3]]), 1.0)
        assert g[0].isnan().all()
        assert_close(g[1].sum(), torch.tensor(1.0))
        assert project(torch.zeros(3), torch.nan).isnan().all()


class TestDerivative:
    @pytest.mark.parametrize("batch", [(), (3,), (2, 2)])
    def test_gradcheck(self, batch):
        p = torch.randn(*batch, 6, dtype=torch.float64, requires_grad=True)
        total = (1.3 + 3 * torch.rand(batch, dtype=torch.float64)).requires_grad_()
        assert torch.autograd.gradcheck(project, (p, total))
        assert torch.autograd.gradgradcheck(project, (p, total))

    # PyTorch itself scripts its forward derivatives, and then warns of that.
    @pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
    def test_forward_mode_equals_reverse_mode(self):
        p, total = torch.randn(6, dtype=torch.float64), torch.tensor(2.3, dtype=torch.float64)
        for argument in (0, 1):
            assert_close(jacfwd(project, argument)(p, total), jacrev(project, argument)(p, total), rtol=0, atol=1e-15)
        values = p.requires_grad_(), total.requires_grad_()
        assert torch.autograd.gradcheck(project, values, check_forward_ad=True)

    def test_an_infinite_gradient_stops_at_a_bound(self):
        p = torch.tensor([3.0, 0.5, 0.25, -2.0], requires_grad=True)
        (derivative,) = torch.autograd.grad(project(p, 1.5), p, torch.tensor([torch.inf, 1.0, 0.0, -torch.inf]))
        assert derivative.tolist() == [0, 0.5, -0.5, 0]

    def test_the_value_does_not_depend_on_whether_there_is_a_graph(self):
        p, total = torch.randn(20, 6), 6 * torch.rand(20)
        assert torch.equal(project(p, total), project(p.clone().requires_grad_(), total.clone().requires_grad_()))

    def test_closed_form(self):
        p = torch.tensor([3.0, 0.5, 0.25, -2.0, 0.4], dtype=torch.float64)
        total = torch.tensor(2.1, dtype=torch.float64)
        to_scores, to_total = torch.autograd.functional.jacobian(project, (p, total))
        free = torch.tensor([0, 1, 1, 0, 1], dtype=torch.float64)
        assert_close(to_scores, free.diag() - torch.outer(free, free) / 3, rtol=0, atol=1e-15)
        assert_close(to_total, free / 3, rtol=0, atol=1e-15)

    @given(strategies.ties(), st.integers(0, 12), st.sampled_from(["right", "left"]))
    def test_one_sided_derivative_in_the_total_at_ties_and_integers(self, p, twice, side):
        total = torch.tensor(min(twice / 2, len(p)), dtype=torch.float64)
        step = 2.0**-8 if side == "right" else -(2.0**-8)  # the grades are affine up to there
        derivative = torch.autograd.functional.jacobian(lambda total: project(p, total, side), total)
        exact = (project(p, total + step) - project(p, total)) / step
        assert_close(derivative, exact, rtol=0, atol=1e-12)

    def test_both_sides_differ_where_all_grades_are_crisp(self):
        p, total = torch.tensor([5.0, 5.0, -5.0, -6.0]), torch.tensor(2.0)
        right, left = (
            torch.autograd.functional.jacobian(lambda c, s=s: project(p, c, s), total) for s in ("right", "left")
        )
        assert right.tolist() == [0, 0, 1, 0]
        assert left.tolist() == [0.5, 0.5, 0, 0]

    def test_no_derivative_beyond_the_ends(self):
        p = torch.randn(3, 4)
        for side in ("right", "left"):
            total = torch.tensor([-0.5, 4.5, 9.0], requires_grad=True)
            assert torch.autograd.grad(project(p, total, side).sum(), total)[0].tolist() == [0, 0, 0]

    def test_many_rows_have_the_derivatives_of_each(self):
        p, totals = torch.randn(FEW + 1, 5, dtype=torch.float64), torch.linspace(0.3, 4.7, FEW + 1, dtype=torch.float64)
        weights = torch.randn(5, dtype=torch.float64)
        for row in (slice(None), *range(FEW + 1)):
            leaves = p[row].clone().requires_grad_(), totals[row].clone().requires_grad_()
            derivative = torch.autograd.grad((project(*leaves) @ weights).sum(), leaves)
            if row == slice(None):
                whole = derivative
            assert_close(derivative, tuple(value[row] for value in whole), rtol=0, atol=1e-14)

    def test_vmap_of_gradients_equals_the_batch(self):
        p, weights = torch.randn(7, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
        total = torch.tensor(2.5, dtype=torch.float64)
        mapped = vmap(grad(lambda p, total: project(p, total) @ weights), in_dims=(0, None))(p, total)
        p.requires_grad_()
        assert_close(mapped, torch.autograd.grad((project(p, total) @ weights).sum(), p)[0])


class TestUse:
    def test_rows_and_totals_broadcast(self):
        assert project(torch.zeros(3, 1, 4), torch.tensor([1.0, 2.0])).sum(-1).tolist() == [[1, 2]] * 3

    @pytest.mark.usefixtures("unchecked")
    def test_bad_input(self):
        with pytest.raises(BadInput, match="one total per row"):
            project(torch.zeros(3, 4), torch.zeros(2))
        with pytest.raises(BadInput, match="left, right"):
            project(torch.zeros(3), 1.0, side="up")

    def test_equals_a_root_finder_row_by_row(self):
        """brentq stops within 2e-12 of the threshold; float32 rounds at 6e-8 of scores up to 5."""
        p = torch.randn(50, 512)
        rows = p.double().numpy()
        roots = [brentq(lambda t, r=r: np.clip(r - t, 0, 1).sum() - 100.5, r.min() - 1, r.max()) for r in rows]
        expected = np.clip(rows - np.array(roots)[:, None], 0, 1)
        assert_close(project(p.double(), 100.5).numpy(), expected, rtol=0, atol=1e-11)
        assert_close(project(p, 100.5).double().numpy(), expected, rtol=0, atol=1e-5)
