"""Every method by its name, through the estimators."""

import pytest

from continuum.errors import BadInput
from continuum.learn.settings import METHODS
from tests.sklearn.data import classifier, regressor, waves, wine

#: What makes the graded method, too, leave ceil(width) units and no line.
WIDTH = {"rounding": "width", "skip": False}
PRICES = dict.fromkeys(METHODS, 3.0) | {"path": None}


@pytest.mark.parametrize("method", METHODS)
def test_a_classifier_learns_by_any_method(method):
    X, y = wine()
    model = classifier(method=method, price=PRICES[method], max_iter=200, max_units=32, **WIDTH).fit(X, y)
    assert model.score(X, y) > 0.95
    assert 0 < model.width_ <= model.units_[0] <= 32
    assert model.export()[0].out_features == model.units_[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_regressor_stops_early_by_any_method(method):
    X, y = waves()
    steps = None if method == "graded" else 400  # its held-out rows choose price and inputs
    options = {"method": method, "price": None, "max_iter": steps, "max_units": 256, "early_stopping": True}
    model = regressor(**options).fit(X, y)
    assert model.score(X, y) > 0.8
    assert len(model.validation_losses_) >= 2


def test_methods_differ():
    X, y = wine()
    widths = {classifier(method=m, price=PRICES[m], max_iter=60).fit(X, y).width_ for m in METHODS}
    assert len(widths) == len(METHODS)


def test_a_path_takes_no_price():
    with pytest.raises(BadInput, match="price: expected None with the method path"):
        classifier(method="path", price=3.0).fit(*wine())


def test_the_exponent_of_the_gates_is_heard():
    X, y = wine()
    linear, root = (classifier(method="interval", exponent=p, max_iter=60).fit(X, y).width_ for p in (1, 0.5))
    assert linear != root
