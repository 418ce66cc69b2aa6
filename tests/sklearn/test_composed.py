"""Inside scikit-learn: pipelines, searches, cross-validation, copies."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from continuum.learn import LearnConfig
from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor
from tests.sklearn.data import classifier, moons, regressor, waves, wine

BOTH = pytest.mark.parametrize(("make", "data"), [(classifier, wine()), (regressor, waves())])


@pytest.mark.parametrize("make", [ContinuousMLPClassifier, ContinuousMLPRegressor])
def test_defaults_are_those_of_learning(make):
    parameters = inspect.signature(make).parameters
    for name in ("max_units", "exponent"):
        assert parameters[name].default == getattr(LearnConfig, name) == clone(make()).get_params()[name]


@BOTH
def test_pickled_and_cloned(make, data):
    X, y = data
    model = make().fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert not hasattr(copied, "width_")
    np.testing.assert_array_equal(copied.fit(X, y).predict(X), model.predict(X))


@BOTH
def test_pipeline_and_cross_validation(make, data):
    scores = cross_val_score(make_pipeline(QuantileTransformer(n_quantiles=50), make(max_iter=300)), *data, cv=3)
    assert scores.min() > 0.8


def test_standardising_beforehand_changes_nothing():
    X, y = wine()
    piped = make_pipeline(StandardScaler(), classifier()).fit(X, y)
    # The same network but for what float32 rounds differently in the features.
    np.testing.assert_allclose(piped.predict_proba(X), classifier().fit(X, y).predict_proba(X), atol=1e-3)


def test_grid_search_over_numpy_values():
    grid = {"price": np.array([1.0, 300.0]), "hidden_layers": np.arange(1, 3), "max_units": np.array([64])}
    search = GridSearchCV(classifier(), grid, cv=2).fit(*wine())
    assert search.best_estimator_.score(*wine()) > 0.95


def test_weights_pass_through_a_search():
    X, y = moons()
    search = GridSearchCV(classifier(), {"activation": ["tanh"]}, cv=2).fit(X, y, sample_weight=np.ones(len(X)))
    assert search.best_estimator_.width_ > 0


def test_one_estimator_a_label():
    X, y = wine()
    both = np.column_stack([y == 0, y == 1])
    assert MultiOutputClassifier(classifier()).fit(X, both).predict(X).shape == both.shape
