"""Training rows: what they weigh, in parts, probes and minibatches; and how they come from tensors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from continuum.errors import BadInput
from continuum.learn.loss import Likelihood
from continuum.learn.rows import LIGHT, PROBE, TrainingRows, too_light, training_rows
from tests.learn.tasks import ring

COUNTS = arrays(np.int64, 12, elements=st.integers(0, 4)).filter(lambda w: (w > 0).sum() > 1)


def numbered(rows: int) -> TrainingRows:
    return TrainingRows(np.arange(float(rows))[:, None], np.zeros((rows, 1)))


@given(COUNTS)
def test_the_weight_of_parts_adds_up(counts):
    x = torch.arange(12.0, dtype=torch.float64)[:, None]
    rows = training_rows(x, x[:, 0], "squared_error", torch.from_numpy(counts))
    kept = counts[counts > 0]
    np.testing.assert_allclose(rows.weights(), kept, rtol=1e-12)
    cut = len(kept) // 2
    one, other = rows.part(np.arange(cut)), rows.part(np.arange(cut, len(kept)))
    for part, weights in ((one, kept[:cut]), (other, kept[cut:])):
        np.testing.assert_allclose(part.weights(), weights, rtol=1e-12)
        np.testing.assert_allclose(part.total, weights.sum(), rtol=1e-12)
        np.testing.assert_allclose(part.importance.mean(), 1, rtol=1e-12)


def test_minibatches_keep_the_importance_among_all_rows():
    """Else the sum of an epoch's gradients would not be that of all rows."""
    weights = np.where(np.arange(20) < 19, 1.0, 50.0)[:, None]
    rows = TrainingRows(np.arange(20.0)[:, None], np.zeros((20, 1)), weights / weights.mean(), weights.mean())
    batches = rows.batches(5, np.random.default_rng(0))
    taken = [next(batches) for _ in range(4)]
    weighted = sum(float((batch.x * batch.importance).sum()) for batch in taken) / 20
    assert weighted == pytest.approx(np.average(rows.x, weights=weights), rel=1e-12)
    normalised = sum(float((b.x * b.importance / b.importance.mean()).sum()) for b in taken) / 20
    assert normalised != pytest.approx(weighted, rel=1e-2)


def test_minibatches_take_every_row_once_an_epoch():
    batches = numbered(20).batches(5, np.random.default_rng(0))
    epochs = [np.concatenate([next(batches).x[:, 0] for _ in range(4)]) for _ in range(3)]
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()
    across = numbered(7).batches(5, np.random.default_rng(0))
    order = np.concatenate([next(across).x[:, 0] for _ in range(7)])
    assert [sorted(order[start : start + 7]) for start in range(0, 35, 7)] == [list(range(7))] * 5


@pytest.mark.parametrize(("size", "whole"), [(19, False), (20, True), (50, True)])
def test_a_batch_of_all_rows_is_the_rows(size, whole):
    rows = numbered(20)
    assert (next(rows.batches(size, np.random.default_rng(0))) is rows) == whole


def test_the_probe_is_some_rows_in_order_or_all():
    assert (small := numbered(PROBE)).probe(0) is small
    probe = numbered(PROBE + 1).probe(0)
    assert len(probe) == PROBE
    assert (np.diff(probe.x[:, 0]) > 0).all()
    assert probe.x.tolist() == numbered(PROBE + 1).probe(0).x.tolist() != numbered(PROBE + 1).probe(1).x.tolist()


def test_inputs_get_a_column_of_ones_and_classes_one_column_each():
    x, y = ring(9)
    rows = training_rows(x, y, "cross_entropy")
    np.testing.assert_array_equal(rows.x, np.column_stack([x.numpy(), np.ones(9)]))
    np.testing.assert_array_equal(rows.y, np.eye(2)[y.numpy()])
    assert (rows.features, len(rows), rows.total, rows.weights().tolist()) == (2, 9, 9.0, [1.0] * 9)
    assert training_rows(x[:2], y[:2] * 0, "cross_entropy", classes=5).y.shape == (2, 5)
    assert training_rows(x, x[:, 0], "squared_error").y.shape == (9, 1)
    assert training_rows(x, y, Likelihood(torch.nn.functional.cross_entropy, 2)).y.tolist() == y.tolist()


def test_a_class_of_weight_0_keeps_its_output():
    x, y = ring(60)
    rows = training_rows(x, y, "cross_entropy", 1.0 - y)
    assert rows.y.shape == (int((y == 0).sum()), 2)
    assert rows.importance is not None
    assert rows.total == len(rows)


def test_light_weights_are_said():
    assert too_light(LIGHT * 60, 60) is None
    assert too_light(LIGHT * 60 - 1e-6, 60) is not None


X, Y = ring(6)
VALUES, NAN, INF = Y.float(), float("nan"), float("inf")
OWN = Likelihood(torch.nn.functional.mse_loss, 1)


def spoiled(tensor: torch.Tensor, value: float) -> torch.Tensor:
    copy = tensor.clone()
    copy.view(-1)[3] = value
    return copy


REFUSED = {
    "x of integers": (X.long(), Y, "cross_entropy", None, "x: expected float32 or float64, got torch.int64"),
    "x of no rows": (X[:0], Y[:0], "cross_entropy", None, r"x: expected shape \(rows, features\), got \(0, 2\)"),
    "x of one axis": (X[:, 0], Y, "cross_entropy", None, r"x: expected shape .*; give one row per sample"),
    "x of three axes": (X[None], Y, "cross_entropy", None, "x: expected shape"),
    "nan in x": (spoiled(X, NAN), Y, "cross_entropy", None, "x: expected finite values"),
    "inf in x": (spoiled(X, INF), Y, "cross_entropy", None, "x: expected finite values"),
    "fewer targets": (X, Y[:5], "cross_entropy", None, "y: expected 6 targets, got 5; give one target per row"),
    "values of three axes": (X, VALUES[:, None, None], "squared_error", None, "y: expected real targets"),
    "values of no column": (X, VALUES[:, None][:, :0], "squared_error", None, "y: expected real targets"),
    "complex values": (X, VALUES * 1j, "squared_error", None, "y: expected real targets, .*, got torch.complex64"),
    "complex weights": (X, Y, "cross_entropy", torch.ones(6) * 1j, "sample_weight: expected real numbers"),
    "an array": (X.numpy(), Y, "cross_entropy", None, r"x: expected a tensor, got ndarray; give torch.from_numpy\(x\)"),
    "a list": (X, Y.tolist(), "cross_entropy", None, r"y: expected a tensor, got list; give torch.tensor\(y\)"),
    "nan in y": (X, spoiled(VALUES, NAN), "squared_error", None, "y: expected finite targets"),
    "nan in y of your own": (X, spoiled(VALUES, NAN), OWN, None, "y: expected finite targets"),
    "negative class": (X, Y - 1, "cross_entropy", None, "y: expected class indices >= 0, long, one per row"),
    "classes of two axes": (X, Y[:, None], "cross_entropy", None, "y: expected class indices"),
    "more classes than rows": (X, Y + 5, "cross_entropy", None, "y: expected at least 7 rows for 7 classes, got 6"),
    "weights of your own": (X, Y, OWN, torch.ones(6), "none with a loss of your own, got weights; weigh the rows"),
    "fewer weights": (X, Y, "cross_entropy", torch.ones(5), r"6 weights, got shape \(5,\); give one weight per row"),
    "negative weight": (X, Y, "cross_entropy", spoiled(torch.ones(6), -1.0), "finite weights >= 0, not all 0"),
    "nan weight": (X, Y, "cross_entropy", spoiled(torch.ones(6), NAN), "finite weights >= 0, not all 0"),
    "no weight": (X, Y, "cross_entropy", torch.zeros(6), "finite weights >= 0, not all 0"),
    "no sum": (X, Y, "cross_entropy", torch.full((6,), 1e308, dtype=torch.float64), "weights of a finite sum"),
}


@pytest.mark.parametrize(("x", "y", "loss", "weight", "message"), REFUSED.values(), ids=REFUSED)
def test_what_are_no_rows(x, y, loss, weight, message):
    with pytest.raises(BadInput, match=message):
        training_rows(x, y, loss, weight)


def test_as_many_classes_as_rows_are_enough():
    assert training_rows(X, torch.arange(6), "cross_entropy").y.shape == (6, 6)
    assert training_rows(X, torch.full((6,), 6), "cross_entropy", classes=7).y.shape == (6, 7)
