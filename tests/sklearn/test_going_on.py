"""Fits that go on from a network at hand: warm starts and batches."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_multilabel_classification

from continuum.errors import BadInput
from continuum.sklearn import training
from tests.sklearn.data import classifier, moons, regressor, waves, wine

BOTH = pytest.mark.parametrize(("make", "data"), [(classifier, wine()), (regressor, waves())])


@BOTH
def test_a_warm_start_goes_on_where_the_last_fit_ended(make, data):
    model = make(warm_start=True).fit(*data)
    first, units = model.loss_curve_, model.units_
    again = model.fit(*data)
    assert again is model
    assert again.loss_curve_[0] < first[0] / 2
    assert again.loss_curve_[0] == pytest.approx(first[-1] + 0.0, abs=0.2)
    assert again.price_ == 3.0
    assert units[0] >= 1
    fresh = make().fit(*data).fit(*data)
    np.testing.assert_array_equal(fresh.loss_curve_, first)  # the falsifier: without it every fit is the first


def test_a_warm_start_keeps_a_price_that_was_calibrated():
    X, y = moons()
    model = classifier(price=None, warm_start=True, max_iter=2000).fit(X, y)
    steps, price = model.n_iter_, model.price_
    assert model.fit(X, y).n_iter_ < steps / 3
    assert model.price_ == price
    assert model.set_params(price=9.0).fit(X, y).price_ == 9.0


def test_a_warm_start_is_another_start_of_the_same_columns_and_labels():
    X, y = wine()
    model = classifier(warm_start=True).fit(pd.DataFrame(X).add_prefix("x"), y)
    state = dict(vars(model))
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        model.fit(pd.DataFrame(X).add_prefix("z"), y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):  # as predict says, too
        assert list(model.fit(X, y).feature_names_in_) == [f"x{i}" for i in range(13)]
    with pytest.raises(ValueError, match=r"warm_start can only be used where `self.classes_` is the same"):
        model.fit(pd.DataFrame(X).add_prefix("x"), y > 0)
    assert set(vars(model)) == set(state)
    with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 13 features"):
        classifier(warm_start=True).fit(X, y).fit(X[:, :2], y)
    with pytest.raises(
        BadInput, match=r"initial: expected Linear, ReLU, Linear, ReLU, Linear, got .*; give the network"
    ):
        classifier(warm_start=True).fit(X, y).set_params(hidden_layers=2).fit(X, y)


def test_a_warm_start_has_as_many_outputs():
    X, y = waves(outputs=2)
    with pytest.raises(BadInput, match="y: expected 2 outputs, as before, got 1; fit afresh"):
        regressor(warm_start=True).fit(X, y).fit(X, y[:, 0])


def test_batches_teach_what_all_rows_do():
    X, y = wine()
    order = np.random.default_rng(0).permutation(len(X))
    model = classifier(max_iter=None)
    for part in np.array_split(order, 3):
        model.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert model.score(X, y) > 0.95
    alone = classifier().fit(X[part], y[part])  # the falsifier: the last batch alone has seen fewer
    assert alone.score(X, y) <= model.score(X, y) + 0.02


def test_a_line_without_units_goes_on():
    """Fresh units are drawn where there is none whose shape they could have, and taken where they are needed."""
    random = np.random.default_rng(0)
    X = random.uniform(-2, 2, (300, 2))
    model = regressor(price=None, max_iter=None).partial_fit(X, X[:, 0])
    assert model.units_ == (0,)
    # A batch takes a few dozen steps of .007, by which Adam leaves even what is exact.
    assert model.partial_fit(X, X[:, 0]).score(X, X[:, 0]) > 0.99
    bent = np.abs(X[:, 0]) - X[:, 1]
    model.set_params(max_iter=900).partial_fit(X, bent)
    assert model.units_[0] >= 1
    assert model.score(X, bent) > 0.9


def test_batches_of_values():
    X, y = waves()
    model = regressor(max_iter=300)
    scores = [model.partial_fit(X[i::3], y[i::3]).score(X, y) for i in range(3)]
    assert min(scores) > 0.8
    assert model.partial_fit(X[:1], y[:1]).n_features_in_ == 2  # one row is a batch, too


def test_the_first_batch_says_how_columns_are_standardised():
    X, y = waves()
    model = regressor().partial_fit(X, y)
    before = model._start.scales
    assert model.partial_fit(X + 100, y)._start.scales is before
    assert model.fit(X + 100, y)._start.scales is not before


def test_the_width_grows_and_shrinks_between_batches():
    random = np.random.default_rng(0)
    rows = random.uniform(-2, 2, (400, 2))
    noise, wild = random.normal(size=400), np.abs(rows).sum(1)
    model = regressor(max_iter=400, price=6.0, activation="relu").partial_fit(rows, noise)
    few = model.width_
    grown = model.partial_fit(rows, wild).width_
    shrunk = model.partial_fit(rows, noise).width_
    assert grown > 2 * few
    assert shrunk < grown / 2


def test_a_price_is_what_all_rows_seen_have_to_pay(monkeypatch):
    X, y = wine()
    prices, rates = [], []
    learn = training.learn_table

    def learn_table(*arguments, **options):
        prices.append(arguments[4].price)
        rates.append(arguments[3].lr)
        return learn(*arguments, **options)

    monkeypatch.setattr(training, "learn_table", learn_table)
    model = classifier(price=8.0).partial_fit(X[::2], y[::2], classes=[0, 1, 2])
    assert model.partial_fit(X[1::2], y[1::2]).price_ == pytest.approx(8.0)
    assert model.partial_fit(X, y).price_ == pytest.approx(8.0)
    assert prices == pytest.approx([8.0, 4.0, 4.0])
    assert rates == pytest.approx([0.01, 0.01 / 2**0.5, 0.01 / 2**0.5])
    assert model._start.rows == 2 * len(X)


def test_classes_to_come():
    X, y = wine()
    model, some = classifier(), y < 2
    model.partial_fit(X[some], y[some], classes=[2, 1, 0])
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X[some])[:, 2].max() < 0.5
    for _ in range(3):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.9
    model.partial_fit(X[:1], y[:1])  # one row of one class


def test_batches_of_several_labels():
    X, y = make_multilabel_classification(120, n_classes=3, random_state=0)
    model = classifier().partial_fit(X[:60], y[:60], classes=range(3)).partial_fit(X[60:], y[60:])
    assert model.predict(X).shape == y.shape
    with pytest.raises(ValueError, match=r"`y` has 2 labels, `classes` are \[0, 1, 2\]"):
        model.partial_fit(X, y[:, :2])


def test_a_fit_forgets_batches_and_batches_go_on_from_a_fit():
    X, y = wine()
    model = classifier().fit(X, y)
    first = model.loss_curve_[0]
    assert model.partial_fit(X, y).loss_curve_[0] < first / 2
    assert model.fit(X, y).loss_curve_[0] == first


def test_refused_batches():
    X, y = wine()
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        classifier().partial_fit(X, y)
    model = classifier().partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="y: expected labels among the 3 of `classes`, got 3; name all labels"):
        model.partial_fit(X, y + 1)
    with pytest.raises(BadInput, match="early_stopping: expected False with partial_fit"):
        model.set_params(early_stopping=True).partial_fit(X, y)
    with pytest.raises(BadInput, match="warm_start: expected True or False, got 'yes'"):
        classifier(warm_start="yes").fit(X, y)
