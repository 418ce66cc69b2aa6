"""What is to be learned, from which rows: a network of the right shape, and rows held out."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from continuum.errors import BadInput
from continuum.learn import LearnConfig, Likelihood
from continuum.learn.settings import DEFAULT_PRICE
from continuum.learn.task import checked_task
from tests.learn.tasks import ring


def task(rows=50, validation=None, loss="cross_entropy", **config):
    x, y = ring(rows)
    return checked_task((x, y, None), validation, loss, LearnConfig(**config))


def test_the_shape_of_the_network():
    assert task().shape == (2, 1, 2)
    assert task(loss=Likelihood(functional.cross_entropy, 5), hidden_layers=3).shape == (2, 3, 5)
    assert (task().activation, task(activation="relu").activation) == ("tanh", "relu")


@pytest.mark.parametrize(("rows", "held"), [(50, 10), (51, 10), (2, 1), (9, 1), (10, 2)])
def test_a_fifth_is_held_out(rows, held):
    x = torch.arange(float(rows))[:, None]
    parts = checked_task((x, x[:, 0], None), None, "squared_error", LearnConfig(seed=3)).split()
    assert [len(part) for part in parts] == [rows - held, held]
    assert sorted(np.concatenate([part.x[:, 0] for part in parts])) == list(range(rows))
    again, other = (
        checked_task((x, x[:, 0], None), None, "squared_error", LearnConfig(seed=seed)).split()[1] for seed in (3, 4)
    )
    assert again.x.tolist() == parts[1].x.tolist()
    assert rows < 9 or other.x.tolist() != parts[1].x.tolist()


def test_rows_held_out_stay_what_they_are():
    checked = task(validation=ring(7))
    assert checked.split() == (checked.rows, checked.held_out)
    assert len(checked.held_out) == 7


def test_one_row_cannot_be_split():
    x = torch.zeros(1, 1)
    with pytest.raises(BadInput, match="x: expected at least 2 rows to hold one out, got 1"):
        checked_task((x, x[:, 0], None), None, "squared_error", LearnConfig()).split()


def test_runs_start_where_the_config_says_and_calibrations_at_the_default():
    wide = task(start=20, max_units=64)
    run, calibration = wide.graded_run(wide.rows, 70, 9.0), wide.calibration_run(wide.rows, 30)
    assert (run.pool.counts(), run.steps, run.price, run.pool.limit) == ([20], 70, 9.0, 64)
    assert (calibration.pool.counts(), calibration.steps, calibration.price) == ([8], 30, DEFAULT_PRICE)
    narrow = task(start=2, max_units=4)
    assert narrow.calibration_run(narrow.rows, 30).pool.counts() == [4]
    assert run.pool.weights.incoming.dtype == wide.rows.x.dtype


def test_classes_of_rows_held_out_are_those_that_train():
    x, y = ring(50)
    assert task(validation=(x[:1], y[:1])).held_out.y.shape == (1, 2)
    with pytest.raises(BadInput, match="validation: expected classes below 2, got 2; train on all"):
        task(validation=(x, y + 1))
    with pytest.raises(BadInput, match="validation: expected 2 features, got 3"):
        task(validation=(torch.ones(4, 3), y[:4]))


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (ring(5)[0], r"expected \(x, y\) or \(x, y, sample_weight\), got Tensor"),
        ((ring(5)[0],), "got 1 tensors"),
        ((*ring(5), None, None), "got 4 tensors"),
        ((ring(5)[0], None), "validation y: expected a tensor, got NoneType"),
        ((*ring(5), [1.0]), "validation sample_weight: expected a tensor, got list"),
    ],
)
def test_what_is_no_validation(validation, message):
    with pytest.raises(BadInput, match=message):
        task(validation=validation)


def test_validation_may_be_weighted_or_a_list():
    x, y = ring(4)
    assert task(validation=[x, y, torch.arange(4)]).held_out.total == 6.0
    assert task(validation=(x, y, None)).held_out.total == 4.0


@pytest.mark.parametrize("bad", [lambda z, t: (0 * z).log().mean(), lambda z, t: z.mean() + float("inf")])
def test_a_loss_is_tried_before(bad):
    with pytest.raises(BadInput, match="loss: expected a finite value and slope at any outputs, got NaN or inf"):
        task(loss=Likelihood(bad, 2))


def test_a_loss_is_tried_on_a_batch_at_outputs_that_are_not_0():
    calls = []

    def loss(z, t):
        calls.append((tuple(z.shape), len(t), bool((z == 0).any())))
        return functional.cross_entropy(z, t)

    task(loss=Likelihood(loss, 2), batch=7)
    assert set(calls) == {((7, 2), 7, False)}
