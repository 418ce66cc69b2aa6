"""Weights of rows and of classes: ratios alone count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.utils.class_weight import compute_sample_weight

from continuum.errors import BadInput
from continuum.sklearn.weights import MOST_REPETITIONS, class_weights, relative
from tests.sklearn.data import classifier, moons, regressor, waves

COUNTS = arrays(np.float64, 9, elements=st.integers(1, 5).map(float)).map(lambda w: np.append(w, 1.0))
WEIGHTS = arrays(np.float64, 9, elements=st.floats(0.01, 100))


@given(WEIGHTS, st.sampled_from([2.0**-900, 2.0**-3, 2.0**900]))
def test_the_scale_of_weights_does_not_matter(weight, unit):
    np.testing.assert_array_equal(relative(weight * unit), relative(weight))


@given(COUNTS, st.sampled_from([1.0, 1e-30, 1 / 3, 7.0, 1e300]))
def test_repetitions_are_rows(count, unit):
    np.testing.assert_array_equal(relative(count * unit), count)


@given(COUNTS)
def test_repetitions_in_single_precision_are_repetitions(count):
    single = (count * np.float32(0.1)).astype(np.float32)
    np.testing.assert_array_equal(relative(single.astype(np.float64)), count)


@given(WEIGHTS)
def test_there_are_at_least_as_many_rows_as_rows_and_at_most_ten_times_as_many(weight):
    share = relative(weight)
    assert len(weight) * (1 - 1e-9) <= share.sum() <= MOST_REPETITIONS * len(weight)
    np.testing.assert_allclose(share / share[0], weight / weight[0], rtol=1e-5)


def test_one_light_row_does_not_make_all_others_many():
    weight = np.append(np.ones(99), 0.001)
    assert relative(weight).sum() == pytest.approx(100)


def test_the_greatest_and_the_least_double():
    share = relative(np.array([1.7e308, 1.7e308, 5e-324]))
    assert np.isfinite(share).all()
    assert share.sum() == pytest.approx(3)


@pytest.mark.parametrize("unit", [1 / 120, 1e-30, 1e300])
@pytest.mark.parametrize("size", [32, None])
def test_fits_do_not_know_the_scale(unit, size):
    X, y = moons()
    weight = np.random.default_rng(0).choice([1.0, 2.5], len(X))
    model, scaled, other = (
        classifier(batch_size=size).fit(X, y, sample_weight=w) for w in (weight, weight * unit, weight**2)
    )
    # Quotients of scaled weights differ in the last place.
    np.testing.assert_allclose(scaled.predict_proba(X), model.predict_proba(X), atol=1e-4)
    assert scaled.width_ == pytest.approx(model.width_, rel=1e-4)
    assert np.abs(other.predict_proba(X) - model.predict_proba(X)).max() > 0.01


def test_values_do_not_know_the_scale():
    X, y = waves()
    weight = 1.0 + np.arange(len(X)) % 3
    first, second = (regressor().fit(X, y, sample_weight=w) for w in (weight, weight * 2.0**-60))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))


def test_boosting_loses_nothing_by_weights_of_sum_1():
    X, y = load_breast_cancer(return_X_y=True)
    boosted = AdaBoostClassifier(classifier(price=None, max_iter=300), n_estimators=2, random_state=0)
    assert boosted.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.94


def test_balanced_weights_are_those_of_scikit_learn():
    y = np.array(["a"] * 7 + ["b"] * 2 + ["c"])
    np.testing.assert_allclose(class_weights("balanced", y, None), compute_sample_weight("balanced", y), rtol=1e-12)
    count = np.array([1, 2, 3, 1, 1, 2, 2, 1, 3, 2])
    repeated = compute_sample_weight("balanced", y.repeat(count))
    weighted = class_weights("balanced", y, count * 1.0)
    assert weighted is not None
    np.testing.assert_allclose((weighted / count).repeat(count), repeated, rtol=1e-12)


def test_weights_of_classes_are_weights_of_their_rows():
    X, y = moons()
    own = np.random.default_rng(0).uniform(1, 2, len(X))
    weights = {0: 1.0, 1: 4.0}
    by_class = classifier(class_weight=weights).fit(X, y, sample_weight=own)
    by_row = classifier().fit(X, y, sample_weight=own * np.where(y == 1, 4.0, 1.0))
    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))
    assert by_class.predict_proba(X)[:, 1].mean() > classifier().fit(X, y).predict_proba(X)[:, 1].mean() + 0.02


def test_balanced_classes_are_found_where_they_are_rare():
    random = np.random.default_rng(0)
    y = (np.arange(300) % 10 == 0) * 1
    X = random.normal(size=(300, 2)) + 0.8 * y[:, None]
    recall = [classifier(class_weight=w).fit(X, y).predict(X)[y == 1].mean() for w in (None, "balanced")]
    assert recall[1] > recall[0] + 0.2


REFUSED = {
    "word": ("balance", "class_weight: expected a mapping, got 'balance'; give a mapping from labels to numbers >= 0"),
    "list": ([1, 2], r"class_weight: expected a mapping, got \[1, 2\]"),
    "negative": ({0: -1.0}, "class_weight: expected numbers >= 0"),
    "text": ({0: "a lot"}, "class_weight: expected numbers, got"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(given, message):
    with pytest.raises(BadInput, match=message):
        classifier(class_weight=given).fit(*moons())
