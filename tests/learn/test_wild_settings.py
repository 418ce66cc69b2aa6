"""Settings and tensors without measure are refused in words, before anything is computed."""

import numpy as np
import pytest
import torch
from torch import nn

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, learn_width, width_path
from continuum.learn.descent import DescentConfig, learn_table
from continuum.learn.descent.descent import least_squares
from continuum.learn.rows import TrainingRows, training_rows
from continuum.progress import Meter
from tests.learn.tasks import ring

SETTINGS = {
    "price up": ({"price": 1e31}, r"price: expected a finite number in \[1e-30, 1e\+30\]"),
    "price down": ({"price": 5e-324}, r"price: expected a finite number in \[1e-30, 1e\+30\]"),
    "lr": ({"lr": 1e300}, "lr: expected a finite number in"),
    "decay": ({"decay": 1e-300}, "decay: expected a finite number in"),
    "skip": ({"skip": 1e300}, "skip: expected a finite number in"),
    "power": ({"power": 1e300}, r"power: expected a finite number in \[1, 100\]"),
    "pool": ({"pool": 10**12}, "pool: expected at most 65536"),
    "largest gate": ({"largest_gate": 10**400}, "largest_gate: expected a float, at least 1"),
    "allocation": ({"method": "fuzzy", "max_units": 10**12}, "max_units: expected at most 65536"),
    "start": ({"start": 10**9, "max_units": 10**12}, r"start: expected a finite number in \[1, 65536\]"),
    "layers": ({"hidden_layers": 10**9}, "hidden_layers: expected at most 1000"),
    "seed": ({"seed": 2**70}, "seed: expected at most"),
    "directions": ({"directions": 2**64}, "directions: expected at most"),
    "method": ({"method": np.array(["graded", "path"])}, "method: expected one of"),
}


@pytest.mark.parametrize(("settings", "message"), SETTINGS.values(), ids=SETTINGS)
def test_settings(settings, message):
    with pytest.raises(BadInput, match=message):
        LearnConfig(**settings)


def test_prices_and_doublings_of_a_descent():
    with pytest.raises(BadInput, match=r"price: expected a finite number in \[1e-30"):
        DescentConfig(price=1e-300)
    with pytest.raises(BadInput, match=r"doublings: expected a finite number in \[0, 40\]"):
        DescentConfig(doublings=10**6)
    with pytest.raises(BadInput, match=r"prices: expected a finite number in \[1e-30"):
        width_path(*ring(50), "cross_entropy", prices=(1.0, 1e-300))


X, Y = torch.ones(6, 2), torch.zeros(6, dtype=torch.long)
TENSORS = {
    "sparse": ((X.to_sparse(), Y), {}, "x: expected a dense tensor with numbers, got one of layout torch.sparse_coo"),
    "meta": ((X.to("meta"), Y), {}, "x: expected a dense tensor with numbers, .* on meta"),
    "huge x": ((1e18 * X, Y), {}, r"x: expected standardised values, within 1e\+12, got 1e\+18; subtract the mean"),
    "classes": ((X, Y), {"classes": 2.5}, "classes: expected an integer >= 1, got 2.5"),
    "text": ((X, Y), {"classes": "three"}, "classes: expected an integer >= 1, got 'three'"),
    "many": ((X, Y), {"classes": 2**40}, "classes: expected at most .* rows times classes"),
    "initial": ((X, Y), {"initial": nn.Linear(2, 1)}, "initial: expected an nn.Sequential with layers, got Linear"),
    "weights": (
        (X, Y),
        {"sample_weight": torch.full((6,), 1e-300, dtype=torch.float64)},
        "weights of a finite sum, between 1e-20",
    ),
}


@pytest.mark.parametrize(("tensors", "more", "message"), TENSORS.values(), ids=TENSORS)
def test_tensors(tensors, more, message):
    with pytest.raises(BadInput, match=message):
        learn_width(*tensors, "cross_entropy", LearnConfig(steps=2), **more)


def test_huge_targets():
    with pytest.raises(BadInput, match=r"y: expected standardised values, within 1e\+15, got 1e\+16"):
        learn_width(X, 1e16 * torch.ones(6), "squared_error", LearnConfig(steps=2))


@pytest.mark.parametrize("inputs", [[], [X], {}, None])
def test_inputs_have_names(inputs):
    with pytest.raises(BadInput, match="inputs: expected one kind of inputs or more"):
        learn_table(inputs, Y, "cross_entropy", LearnConfig())


def test_a_module_of_no_numbers():
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with torch.no_grad():
        module[0].weight[0, 0] = torch.nan
    with pytest.raises(BadInput, match="module: expected finite weights, got NaN or inf"):
        learn_width(module, (X, torch.zeros(6)), config=LearnConfig(steps=2))


def test_light_rows_weigh_something_in_single_precision():
    weights = torch.tensor([1e-300, 1.0, 1e-10], dtype=torch.float64)
    rows = training_rows(X[:3], torch.zeros(3), "squared_error", weights)
    assert rows.importance is not None
    assert rows.importance.min() > 0
    assert rows.part(np.array([0])).total > 0
    np.testing.assert_allclose(rows.importance[1:, 0] / rows.importance[1, 0], [1.0, 1e-10], rtol=1e-6)


def test_nobody_is_told_a_width_that_is_no_number():
    told = []
    meter = Meter(lambda *numbers: told.append(numbers), total=3)
    assert not meter.report(float("nan"))
    meter.report(2.0)
    assert [width for _, _, width in told] == [2.0]


def singular(rows: TrainingRows) -> np.ndarray:
    """Wrong: as it is written down, where 1 is lost beside the products."""
    x = rows.x[:, :-1].astype(float)
    x = x - x.mean(0)
    return np.linalg.solve(x.T @ x + np.eye(2), x.T @ (rows.y - rows.y.mean(0)))


def test_a_line_through_columns_that_are_alike_and_huge():
    column = 2.0 ** np.array([[40.0], [41.0], [42.0], [43.0]])  # exact sums, so that the matrix is singular
    rows = TrainingRows(np.hstack([column, column, np.ones_like(column)]), column / 2.0**40)
    line, variance = least_squares(rows)
    # Singular values of 1e13 and 1 leave nine digits of the sum of both weights, and seven of each.
    np.testing.assert_allclose(line, 2.0**-41, rtol=1e-6)
    assert variance < 1e-12
    with pytest.raises(np.linalg.LinAlgError):
        singular(rows)


def test_a_path_that_leaves_the_range_of_floats():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(30, 50)).astype(np.float32))
    with pytest.raises(Diverged, match=r"the loss is|the widths are|not all weights are finite"):
        width_path(x, x[:, 0], "squared_error", LearnConfig(steps=1, lr=1e30, start=1), (64.0, 4.0))


def test_a_line_through_few_rows_of_many_columns(monkeypatch):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(6, 20)), random.normal(size=(6, 2))
    rows = TrainingRows(np.hstack([x, np.ones((6, 1))]), y, random.random((6, 1)) + 0.1)
    right = least_squares(rows)
    monkeypatch.setattr("continuum.learn.descent.descent.MANY_COLUMNS", 3)
    line, variance = least_squares(rows)
    np.testing.assert_allclose(line, right[0], rtol=1e-9, atol=1e-12)
    assert variance == pytest.approx(right[1], rel=1e-9)
