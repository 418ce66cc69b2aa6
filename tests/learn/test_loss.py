"""Losses and their nats against torch and plain formulas."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.learn import learn_width
from continuum.learn.loss import BinaryCrossEntropy, CrossEntropy, Likelihood, SquaredError, objective, row_losses

RANDOM = np.random.default_rng(0)
OUTPUTS, LABELS = 3 * RANDOM.normal(size=(9, 4)), RANDOM.integers(0, 4, 9)
TARGETS = {
    "cross_entropy": np.eye(4)[LABELS],
    "squared_error": RANDOM.normal(size=(9, 4)),
    "binary_cross_entropy": RANDOM.integers(0, 2, (9, 4)) * 1.0,
}
IMPORTANCE = RANDOM.uniform(0.5, 2, (9, 1))


def in_torch(loss: str, outputs: torch.Tensor) -> torch.Tensor:
    if loss == "cross_entropy":
        return functional.cross_entropy(outputs, torch.from_numpy(LABELS), reduction="none")
    targets = torch.from_numpy(TARGETS[loss])
    if loss == "binary_cross_entropy":
        return functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none").sum(1)
    return functional.mse_loss(outputs, targets, reduction="none").sum(1) / 2


@pytest.mark.parametrize("loss", TARGETS)
class TestNamed:
    def test_values_are_those_of_torch(self, loss):
        expected = in_torch(loss, torch.from_numpy(OUTPUTS)).numpy()
        np.testing.assert_allclose(objective(loss).losses(OUTPUTS, TARGETS[loss]), expected, rtol=1e-12)
        shared = row_losses(loss, torch.from_numpy(OUTPUTS), torch.from_numpy(TARGETS[loss]))
        np.testing.assert_allclose(shared.numpy(), expected, rtol=1e-12)

    def test_the_gradient_is_that_of_torch(self, loss):
        z = torch.tensor(OUTPUTS, requires_grad=True)
        (expected,) = torch.autograd.grad(in_torch(loss, z).sum(), z)
        gradient = objective(loss).gradient(OUTPUTS.copy(), TARGETS[loss], IMPORTANCE)  # unweighted all the same
        assert_close(torch.from_numpy(gradient), expected, rtol=1e-12, atol=1e-14)

    def test_large_outputs_stay_finite(self, loss):
        large = OUTPUTS * 1e4
        assert np.isfinite(objective(loss).losses(large, TARGETS[loss])).all()
        assert np.isfinite(objective(loss).gradient(large, TARGETS[loss])).all()

    def test_a_loss_of_your_own_equals_it(self, loss):
        target = torch.from_numpy(TARGETS[loss])
        custom = objective(Likelihood(lambda z, t: row_losses(loss, z, t).mean(), outputs=4, scale=3.0))
        np.testing.assert_allclose(custom.losses(OUTPUTS, TARGETS[loss]), in_torch(loss, torch.from_numpy(OUTPUTS)))
        named = objective(loss).gradient(OUTPUTS.copy(), TARGETS[loss])
        np.testing.assert_allclose(custom.gradient(OUTPUTS.copy(), target.numpy()), named, rtol=1e-9, atol=1e-12)
        assert custom.nat() == custom.unit == 3.0
        np.testing.assert_array_equal(custom.scores(OUTPUTS, TARGETS[loss]), custom.losses(OUTPUTS, TARGETS[loss]))


def test_scores_of_classes_are_brier_s():
    p = torch.from_numpy(OUTPUTS).softmax(1).numpy()
    expected = ((p - TARGETS["cross_entropy"]) ** 2).sum(1)
    np.testing.assert_allclose(CrossEntropy().scores(OUTPUTS.copy(), TARGETS["cross_entropy"]), expected, rtol=1e-12)
    assert CrossEntropy().nat() == CrossEntropy().unit == 1.0


def test_scores_of_labels_are_brier_s():
    y = TARGETS["binary_cross_entropy"]
    expected = ((torch.from_numpy(OUTPUTS).sigmoid().numpy() - y) ** 2).sum(1)
    np.testing.assert_allclose(BinaryCrossEntropy().scores(OUTPUTS.copy(), y), expected, rtol=1e-12)
    assert BinaryCrossEntropy().nat() == BinaryCrossEntropy().unit == 1.0


def test_one_label_is_two_classes_of_which_one_has_no_output():
    """And softmax over the labels, which makes them exclude each other, is another loss."""
    y = np.repeat([[0.0], [1.0]], 3, 0)
    z = OUTPUTS[:6, :1]
    classes = CrossEntropy().losses(np.hstack([0 * z, z]), np.hstack([1 - y, y]))
    np.testing.assert_allclose(BinaryCrossEntropy().losses(z, y), classes, rtol=1e-12)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(CrossEntropy().losses(z, y), classes, rtol=1e-2)


@pytest.mark.parametrize("targets", [torch.tensor([[0.0, 2.0]] * 5), torch.tensor([[0.0, -1.0]] * 5)])
def test_labels_are_0_or_1(targets):
    with pytest.raises(BadInput, match=r"y: expected numbers in \[0, 1\], got .*; code each label as 0 or 1"):
        learn_width(torch.randn(5, 2), targets, "binary_cross_entropy")


def test_scores_of_values_are_their_losses():
    y = TARGETS["squared_error"]
    np.testing.assert_array_equal(SquaredError().scores(OUTPUTS, y), SquaredError().losses(OUTPUTS, y))


@pytest.mark.parametrize("importance", [None, IMPORTANCE])
def test_the_nat_of_values_is_a_running_mean_of_the_squared_residual(importance):
    loss, expected = SquaredError(), 1.0
    for shift in (0.0, 1.0):
        residual = OUTPUTS + shift - TARGETS["squared_error"]
        loss.gradient(OUTPUTS + shift, TARGETS["squared_error"], importance)
        expected += 0.01 * ((residual**2 * (1 if importance is None else importance)).mean() - expected)
        assert loss.nat() == pytest.approx(expected, rel=1e-12)
    assert loss.unit == 1.0


def test_a_scalar_of_the_outputs_is_required():
    for function, expected in (
        (lambda z, t: z.sum(1), r"a scalar tensor, got shape \(9,\)"),
        (lambda z, t: 1.0, "a scalar tensor, got float"),
        (lambda z, t: torch.tensor(1.0), "a value that depends on the outputs, got a constant"),
        (lambda z, t: torch.ones((), requires_grad=True), "a value that depends on the outputs, got a constant"),
    ):
        with pytest.raises(BadInput, match=f"loss: expected {expected}"):
            objective(Likelihood(function, outputs=4)).gradient(OUTPUTS.copy(), TARGETS["squared_error"])
