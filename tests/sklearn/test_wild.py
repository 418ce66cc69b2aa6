"""Estimators on the tables that users bring: lines, few rows, prices and budgets without measure."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from continuum.errors import BadInput
from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor

RANDOM = np.random.default_rng(0)
X, UNSEEN = RANDOM.normal(size=(300, 5)), RANDOM.normal(size=(2000, 5))
NOISE = RANDOM.normal(size=300)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.5, 1.0])
def test_a_line_takes_no_unit_and_no_width(noise: float) -> None:
    y = 2 * X[:, 0] + noise * NOISE
    model = ContinuousMLPRegressor(random_state=0).fit(X, y)
    assert model.units_ == (0,)
    assert model.width_ < 0.3
    squares = LinearRegression().fit(X, y).score(UNSEEN, 2 * UNSEEN[:, 0])
    assert model.score(UNSEEN, 2 * UNSEEN[:, 0]) > squares - 1e-3


def test_what_is_no_line_takes_units() -> None:
    model = ContinuousMLPRegressor(random_state=0, encoding="raw", max_iter=4000).fit(X, np.sin(2 * X[:, 0]))
    assert model.units_[0] > 0
    assert model.score(UNSEEN, np.sin(2 * UNSEEN[:, 0])) > 0.8


def test_two_layers_bend_where_no_line_is_left() -> None:
    model = ContinuousMLPRegressor(random_state=0, encoding="raw", hidden_layers=2, max_iter=1000)
    model.fit(X, X[:, 0] * X[:, 1])
    assert min(model.units_) > 1
    assert model.score(X, X[:, 0] * X[:, 1]) > 0.8


@pytest.mark.parametrize("rows", [3, 10, 30])
def test_few_rows_pay_for_no_unit_beside_a_line(rows: int) -> None:
    y = 2 * X[:rows, 0] + X[:rows, 1]
    assert ContinuousMLPRegressor(random_state=0).fit(X[:rows], y).units_ == (0,)
    assert ContinuousMLPClassifier(random_state=0).fit(X[:rows], y > np.median(y)).units_ == (0,)


def test_few_rows_pay_for_units_that_they_need() -> None:
    x, labels = np.tile([[0.0, 0], [0, 1], [1, 0], [1, 1]], (9, 1)), np.tile([0, 1, 1, 0], 9)
    model = ContinuousMLPClassifier(random_state=0, price=0.5).fit(x, labels)
    assert model.units_[0] > 0
    assert model.score(x, labels) == 1


def test_no_unit_is_worth_an_absurd_price() -> None:
    model = ContinuousMLPRegressor(random_state=0, price=1e30, max_iter=100).fit(X, np.sin(2 * X[:, 0]))
    assert model.units_ == (0,)
    assert np.isfinite(model.predict(UNSEEN)).all()


def test_a_price_beyond_all_scales_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match=r"price: expected a finite number in \[1e-30, 1e\+30\], got 1e\+300"):
        ContinuousMLPRegressor(random_state=0, price=1e300, max_iter=100).fit(X, np.sin(2 * X[:, 0]))


@pytest.mark.parametrize("steps", [1, 2, 10, 100])
def test_a_budget_of_steps_holds(steps: int) -> None:
    model = ContinuousMLPRegressor(random_state=0, max_iter=steps).fit(X, np.sin(X[:, 0]))
    assert 1 <= model.n_iter_ <= steps
    assert model.score(X, np.sin(X[:, 0])) > 0.5


def test_further_batches_bend_a_line_that_took_no_unit() -> None:
    model = ContinuousMLPRegressor(random_state=0, encoding="raw").fit(X, 2 * X[:, 0])
    assert model.units_ == (0,)
    model.set_params(warm_start=True, price=1.0, max_iter=1000).fit(X, X[:, 0] * X[:, 1])
    assert model.units_[0] > 0
    assert model.score(X, X[:, 0] * X[:, 1]) > 0.8


@pytest.mark.parametrize("seconds", [0, -1.0, np.inf, np.nan, "1", True])
def test_bad_seconds_are_named_as_the_parameter_is(seconds: object) -> None:
    with pytest.raises(BadInput, match=r"max_seconds: expected .*number > 0.*None is no bound"):
        ContinuousMLPRegressor(max_seconds=seconds).fit(X, X[:, 0])
