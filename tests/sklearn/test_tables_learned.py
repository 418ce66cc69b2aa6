"""What an estimator makes of whole tables: lines, few rows, few columns, and the choices that are given to it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression
from torch import nn

from continuum.nn import Skip
from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor
from continuum.sklearn.inputs import scales_of
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.temperature import temperature_of
from tests.sklearn.data import waves, wine

BOTH = [ContinuousMLPClassifier, ContinuousMLPRegressor]
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 3))


def line(rows: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng([seed, 5])
    X = random.normal(size=(rows, 5))
    return X, 2 * X[:, 0] + noise * random.normal(size=rows)


@pytest.mark.parametrize(("noise", "tolerance", "seed"), [(0.0, 1e-4, 0), *((0.5, 0.003, seed) for seed in range(3))])
def test_a_straight_line_takes_no_unit_and_is_that_of_least_squares(noise, tolerance, seed):
    """Without noise an error of a hundredth of a standard deviation is none: 1e-4 of the variance."""
    (X, y), (new, truth) = line(300, noise, seed), line(2000, noise, seed + 100)
    model = ContinuousMLPRegressor(random_state=seed).fit(X, y)
    assert model.units_ == (0,)
    assert model.encoding_ == "raw"
    assert model.score(new, truth) > LinearRegression().fit(X, y).score(new, truth) - tolerance
    assert [type(layer) for layer in model.export()] == [nn.Linear]


def test_without_the_line_it_takes_some():
    X, y = line(300, 0.0, 0)
    model = ContinuousMLPRegressor(random_state=0, skip=False, max_iter=1500, encoding="raw").fit(X, y)
    assert model.units_[0] > 0
    assert not any(isinstance(layer, Skip) for layer in model.export().modules())


@pytest.mark.parametrize("encoding", ["raw", "piecewise"])
def test_an_encoding_that_is_given_is_taken(encoding):
    X, y = wine()
    model = ContinuousMLPClassifier(random_state=0, encoding=encoding, max_iter=600).fit(X, y)
    assert model.encoding_ == encoding
    assert model.score(X, y) > 0.95
    first = model.export(dtype=torch.float64)[0]
    assert isinstance(first, nn.Linear) == (encoding == "piecewise")


def test_steps_choose_pieces_and_lines_do_not():
    """Three jumps of one column, which three pairs of bins draw; or a line, where bins bring nothing."""
    x = np.sort(RANDOM.uniform(-3, 3, (400, 1)), axis=0)
    steps = np.floor(x[:, 0])
    models = [ContinuousMLPRegressor(random_state=0, activation="relu").fit(x, y) for y in (steps, x[:, 0])]
    assert [model.encoding_ for model in models] == ["piecewise", "raw"]


def rows_of(columns: np.ndarray, categories: tuple[int, ...] = ()) -> EstimatorRows:
    return EstimatorRows(columns, np.zeros((len(columns), 1)), None, categories)


def test_what_there_is_to_choose_from():
    assert list(scales_of(rows_of(X), "squared_error", "auto")) == ["raw", "piecewise"]
    assert list(scales_of(rows_of(X), "squared_error", "raw")) == ["raw"]
    assert list(scales_of(rows_of(X), "squared_error", "piecewise")) == ["piecewise"]
    two, codes = (X > 0) * 1.0, RANDOM.integers(0, 4, (200, 2)) * 1.0
    for kind in ("auto", "piecewise"):
        assert list(scales_of(rows_of(two), "squared_error", kind)) == ["raw"]  # columns of two values have no bins
    assert list(scales_of(rows_of(codes, (4, 4)), "cross_entropy", "auto")) == ["raw"]
    many = RANDOM.normal(size=(50, 200))
    assert list(scales_of(rows_of(many), "squared_error", "auto")) == ["raw"]  # fewer than three bins each
    assert list(scales_of(rows_of(many), "squared_error", "piecewise")) == ["piecewise"]


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("steps", [1, 2, 17, 1500])
def test_max_iter_bounds_the_whole_fit(make, steps):
    model = make(random_state=0, max_iter=steps).fit(*wine())
    assert 1 <= model.n_iter_ <= steps
    assert np.isfinite(model.loss_curve_).all()
    assert np.isnan(model.rounding_gap_) == (model.validation_losses_ == ())


def test_max_seconds_bounds_it_too():
    X, y = waves()
    short, long = (ContinuousMLPRegressor(random_state=0, max_seconds=s, max_iter=1500).fit(X, y) for s in (1e-6, 60.0))
    assert short.n_iter_ < long.n_iter_


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("rows", [2, 3, 5, 13, 39, 40])
@pytest.mark.parametrize("size", ["auto", None])
def test_tables_of_few_rows(make, rows, size):
    y = np.arange(rows) % 2
    model = make(random_state=0, batch_size=size, max_iter=200 if rows < 40 else 900).fit(X[:rows], y)
    assert np.isfinite(model.predict(X)).all()
    assert np.isnan(model.rounding_gap_) == (rows < 40)
    if make is ContinuousMLPClassifier:
        assert np.isfinite(model.predict_log_proba(X)).all()
        assert (model.temperature_ == 1.0) == (rows < 40)


def test_one_column():
    x = X[:, :1]
    model = ContinuousMLPRegressor(random_state=0, max_iter=2000).fit(x, np.sin(2 * x[:, 0]))
    assert model.score(x, np.sin(2 * x[:, 0])) > 0.9


@pytest.mark.parametrize("encoding", ["auto", "piecewise"])
@pytest.mark.parametrize("make", BOTH)
def test_columns_without_spread(make, encoding):
    y = (np.arange(200) % 4 > 0) * 1
    model = make(random_state=0, encoding=encoding).fit(np.full((200, 3), 7.0), y)
    assert model.units_ == (0,)
    answer = model.predict_proba(X[:2])[:, 1] if make is ContinuousMLPClassifier else model.predict(X[:2])
    np.testing.assert_allclose(answer, 0.75, atol=0.05)
    some = np.column_stack([np.full(200, 7.0), X[:, 0]])
    model = make(random_state=0, encoding=encoding, max_iter=300).fit(some, X[:, 0] > 0)
    np.testing.assert_array_equal(model.predict(some), model.predict(some + np.array([5.0, 0.0])))


def test_categories_alone():
    frame = pd.DataFrame({"a": RANDOM.choice(list("abc"), 200), "b": RANDOM.choice(list("xy"), 200)})
    y = (frame.a == "a") ^ (frame.b == "x")
    model = ContinuousMLPClassifier(random_state=0, max_iter=3000).fit(frame, y)
    assert model.encoding_ == "raw"
    assert model.score(frame, y) == 1.0
    assert model.units_[0] > 0  # no line can
    straight = ContinuousMLPClassifier(random_state=0, max_iter=3000).fit(frame, frame.a == "a")
    assert straight.score(frame, frame.a == "a") == 1.0
    assert straight.units_[0] <= model.units_[0]


@pytest.mark.parametrize("make", BOTH)
def test_the_order_of_rows_does_not_matter_to_a_full_batch(make):
    order = np.random.default_rng(1).permutation(len(X))
    y = np.abs(X[:, 0]) + X[:, 1] > 0.7 if make is ContinuousMLPClassifier else np.abs(X[:, 0]) + X[:, 1]
    fits = {
        size: [make(random_state=0, batch_size=size, max_iter=700).fit(X[index], y[index]) for index in (..., order)]
        for size in (None, 32)
    }
    first, second = fits[None]
    assert (first.widths_, first.units_) == (second.widths_, second.units_)
    np.testing.assert_array_equal(first._outputs(X), second._outputs(X))
    first, second = fits[32]
    assert not np.array_equal(first._outputs(X), second._outputs(X))  # the falsifier: other rows make other minibatches


def test_probabilities_are_calibrated_on_rows_that_were_held_out(monkeypatch):
    from continuum.sklearn import training

    kept, learn = [], training.learn_table

    def learn_table(*arguments, **options):
        kept.append(learn(*arguments, **options))
        return kept[-1]

    monkeypatch.setattr(training, "learn_table", learn_table)
    X, y = load_breast_cancer(return_X_y=True)
    model = ContinuousMLPClassifier(random_state=0, max_iter=1500).fit(X, y)
    (result,) = kept
    assert len(result.held_out_outputs) == len(y)
    assert model.temperature_ == temperature_of(result.held_out_outputs, result.held_out_targets)
    assert model.temperature_ != 1.0


def test_the_price_that_is_given():
    X, y = waves()
    narrow, wide = (ContinuousMLPRegressor(random_state=0, price=p, max_iter=3000).fit(X, y) for p in (100.0, 2.0))
    assert (narrow.price_, wide.price_) == (100.0, 2.0)
    assert narrow.width_ < wide.width_


def test_all_units_that_are_on_or_as_many_as_the_width():
    X, y = waves()
    graded, width = (
        ContinuousMLPRegressor(random_state=0, rounding=name, price=3.0, max_iter=1500).fit(X, y)
        for name in ("none", "width")
    )
    assert graded.units_ == (len(graded.gates_[0]),)
    assert width.units_ == (int(np.ceil(width.width_)),)
    assert graded.width_ == width.width_
    assert graded.units_ > width.units_
