"""The closed forms of the problems against automatic differentiation of their losses, and wrong variants."""

import pytest
import torch
from torch import Tensor
from torch.func import grad, jacrev
from torch.testing import assert_close

from continuum.problems import (
    SCIKIT_JACOBIAN,
    LinearWidth,
    Quadratic,
    feature_ridge,
    linear_width,
    quadratic_bilevel,
    ridge,
    scikit_ridge,
)


# torch.func.hessian takes forward mode, and with it a deprecated part of PyTorch.
def hessian(loss):
    return jacrev(grad(loss))


EXACT = {"rtol": 1e-10, "atol": 1e-12}


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


PROBLEMS: dict[str, tuple[Quadratic, Tensor]] = {
    "ridge": (ridge(features=6, rows=20, held_out=10), number(-1.0)),
    "feature_ridge": (feature_ridge(), torch.linspace(-2, 1, 6, dtype=torch.float64)),
    "scikit": (scikit_ridge(), number(5.0)),
    "bilevel": (quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)),
    "width": (linear_width(), number(3.3)),
    "width at an integer": (linear_width(), number(3.0)),
}
problems = pytest.mark.parametrize(("problem", "lam"), PROBLEMS.values(), ids=PROBLEMS)


def lr_of(problem: Quadratic, lam: Tensor) -> float:
    return 0.9 / float(torch.linalg.eigvalsh(problem.hessian(lam))[-1])


def start_of(problem: Quadratic, lam: Tensor) -> Tensor:
    return torch.linspace(-1, 1, len(problem.linear(lam)), dtype=torch.float64)


@problems
class TestQuadratic:
    def test_derivatives_of_the_losses(self, problem, lam):
        w = start_of(problem, lam)
        assert_close(hessian(problem.inner)(w, lam), problem.hessian(lam), **EXACT)
        assert_close(grad(problem.inner)(w, lam), problem.hessian(lam) @ w - problem.linear(lam), **EXACT)
        mixed = jacrev(grad(problem.inner), argnums=1)(w, lam).reshape(len(w), -1)
        assert_close(mixed, problem.mixed(w, lam), **EXACT)
        in_w, direct = grad(problem.outer, argnums=(0, 1))(w, lam)
        assert_close(in_w, problem.outer_gradient(w, lam), **EXACT)
        assert_close(direct, problem.direct(w, lam), **EXACT)

    def test_the_solution_is_stationary(self, problem, lam):
        assert grad(problem.inner)(problem.solution(lam), lam).abs().max() < 1e-12

    def test_the_hypergradient_is_that_of_the_solution(self, problem, lam):
        def solved(lam: Tensor) -> Tensor:
            """By automatic differentiation through a solve, with H and c found by differentiating the loss."""
            zero = torch.zeros_like(start_of(problem, lam))
            w = torch.linalg.solve(hessian(problem.inner)(zero, lam), -grad(problem.inner)(zero, lam))
            return problem.outer(w, lam)

        parts = problem.hypergradient(lam)
        assert_close(grad(solved)(lam), parts.total, **EXACT)
        if not parts.response.any():  # at an integer width nothing responds
            return
        with pytest.raises(AssertionError):  # the sign that is easily lost
            assert_close(grad(solved)(lam), parts.direct - parts.response, **EXACT)

    @pytest.mark.parametrize("steps", [1, 7])
    def test_training_and_its_response(self, problem, lam, steps):
        lr, start = lr_of(problem, lam), start_of(problem, lam)

        def trained(lam: Tensor) -> Tensor:
            w = start
            for _ in range(steps):
                w = w - lr * grad(problem.inner)(w, lam)
            return w

        assert_close(trained(lam), problem.trained(start, lam, lr, steps), **EXACT)
        jacobian = jacrev(trained)(lam).reshape(len(start), -1)
        assert_close(jacobian, problem.trained_jacobian(start, lam, lr, steps), **EXACT)
        total = grad(lambda lam: problem.outer(trained(lam), lam))(lam)
        assert_close(total, problem.unrolled(start, lam, lr, steps).total, **EXACT)

    def test_the_series(self, problem, lam):
        w, lr = start_of(problem, lam), lr_of(problem, lam)
        unit = torch.eye(len(w), dtype=w.dtype)
        inverse = lr * sum(torch.linalg.matrix_power(unit - lr * problem.hessian(lam), k) for k in range(5))
        response = -problem.mixed(w, lam).mT @ inverse @ problem.outer_gradient(w, lam)
        assert_close(problem.neumann(w, lam, lr, 5).response, response.reshape(lam.shape), **EXACT)

    def test_unrolling_from_the_minimum_is_the_series(self, problem, lam):
        w, lr = problem.solution(lam), lr_of(problem, lam)
        unrolled = problem.unrolled(w, lam, lr, 6)
        assert_close(unrolled.response, problem.neumann(w, lam, lr, 6).response, **EXACT)
        if unrolled.response.any():  # at an integer width nothing responds
            with pytest.raises(AssertionError):
                assert_close(unrolled.response, problem.neumann(w, lam, lr, 7).response, **EXACT)


def test_ridge_commutes():
    r"""Then the response of training is -(I - A^T)..., of the rate T rho^(T-1), in the textbook form."""
    problem, lam, steps = ridge(features=6, rows=20, held_out=10), number(-1.0), 9
    lr, start, end = lr_of(problem, lam), start_of(problem, lam), problem.solution(lam)
    shrink = torch.eye(6, dtype=torch.float64) - lr * problem.hessian(lam)
    power = torch.linalg.matrix_power
    response = problem.jacobian(lam)[:, 0]
    expected = -power(shrink, steps) @ response - lr * steps * lam.exp() * power(shrink, steps - 1) @ (start - end)
    actual = problem.trained_jacobian(start, lam, lr, steps)[:, 0] - response
    assert_close(actual, expected, **EXACT)
    with pytest.raises(AssertionError):  # a pure rho^T
        assert_close(actual, -power(shrink, steps) @ response, **EXACT)


def test_scikit_ridge_has_the_known_response():
    problem, lam = scikit_ridge(), number(5.0)
    expected = torch.tensor(SCIKIT_JACOBIAN, dtype=torch.float64)
    assert_close(problem.jacobian(lam)[:, 0], expected, rtol=0, atol=1e-11)
    gram = problem.x.mT @ problem.x / 10
    with pytest.raises(AssertionError):  # without the penalty in the inverse
        assert_close(-torch.linalg.solve(gram, problem.solution(lam)), expected, rtol=0, atol=1e-11)


class TestWidth:
    def test_direct_and_total_disagree_in_sign(self):
        parts = linear_width().hypergradient(number(3.3))
        assert parts.direct > 0 > parts.total

    def test_a_wider_model_is_better_there(self):
        problem, gamma, h = linear_width(), number(3.3), 1e-5
        ends = [problem.outer(problem.solution(gamma + s), gamma + s) for s in (h, -h)]
        assert_close((ends[0] - ends[1]) / (2 * h), problem.hypergradient(gamma).total, rtol=1e-7, atol=0)

    def test_at_an_integer_the_derivative_is_the_one_from_the_right(self):
        problem, gamma, h = linear_width(), number(3.0), 1e-7
        right = (self.value(problem, gamma + h) - self.value(problem, gamma)) / h
        left = (self.value(problem, gamma) - self.value(problem, gamma - h)) / h
        total = problem.hypergradient(gamma).total
        assert_close(right, total, rtol=0, atol=1e-5)  # first-order differences: h times the curvature
        with pytest.raises(AssertionError):
            assert_close(left, total, rtol=0, atol=1e-5)

    def test_a_clamp_would_give_the_sum_of_both_sides(self):
        problem, gamma = linear_width(), number(3.0)
        clamped = jacrev(lambda gamma: (gamma - torch.arange(8)).clamp(0, 1))(gamma)
        assert clamped.sum() == 2
        assert jacrev(problem.gates)(gamma).tolist() == [0, 0, 0, 1, 0, 0, 0, 0]

    @staticmethod
    def value(problem: LinearWidth, gamma: Tensor) -> Tensor:
        return problem.outer(problem.solution(gamma), gamma)


class TestSelfTuned:
    """Fixed points of a linear best response, as stationary points of the loss under the noise."""

    problem, lam = ridge(features=6, rows=20, held_out=10), number(-1.0)

    def loss(self, w: Tensor, slope: Tensor, scale: float) -> Tensor:
        """Mean of the inner loss by the trapezoidal rule, which converges exponentially for a Gaussian."""
        points = torch.linspace(-12, 12, 401, dtype=torch.float64)
        weights = torch.softmax(-points.square() / 2, 0)
        values = [self.problem.inner(w + slope * scale * e, self.lam + scale * e) for e in points]
        return weights @ torch.stack(values)

    @pytest.mark.parametrize("perturbed", [False, True])
    def test_is_stationary(self, perturbed):
        w, slope = self.problem.self_tuned(self.lam, 0.5, perturbed=perturbed)
        in_w, in_slope = grad(self.loss, argnums=(0, 1))(w, slope[:, 0], 0.5)
        assert in_slope.abs().max() < 1e-12
        assert (in_w.abs().max() < 1e-12) == perturbed  # else w is the minimum without noise

    @pytest.mark.parametrize("perturbed", [False, True])
    def test_tends_to_the_true_response_as_the_square_of_the_scale(self, perturbed):
        scales = torch.tensor([0.02, 0.04], dtype=torch.float64)
        true = self.problem.jacobian(self.lam)
        errors = [(self.problem.self_tuned(self.lam, float(s), perturbed=perturbed)[1] - true).norm() for s in scales]
        assert_close(torch.log2(errors[1] / errors[0]), number(2.0), rtol=0, atol=0.02)  # the next order is scale^4

    def test_the_bilevel_response_is_its_own(self):
        problem, lam = quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)
        w, slope = problem.self_tuned(lam)
        moved = torch.tensor([0.5, 0.5], dtype=torch.float64)
        assert_close(w + slope @ (moved - lam), problem.solution(moved), **EXACT)

    def test_curvature_of_the_outer_loss(self):
        problem, lam = quadratic_bilevel(), torch.tensor([0.3, -0.7], dtype=torch.float64)
        actual = hessian(lambda lam: problem.outer(problem.solution(lam), lam))(lam)
        assert_close(actual, problem.outer_curvature(lam), **EXACT)
