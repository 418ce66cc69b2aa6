"""Names and defaults, and what belongs together among them."""

import math

import pytest

from continuum.errors import BadInput
from continuum.learn import LearnConfig
from continuum.learn.methods.registry import BY_NAME, USE_VALIDATION, WITHOUT_PRICE
from continuum.learn.settings import FEW_FEATURES, METHODS, POWERS, PRICES, activation_for, rounding_steps, steps_for


def test_names_and_functions_agree():
    assert tuple(BY_NAME) == METHODS
    assert {function.__name__ for function in BY_NAME.values()} == set(METHODS)
    assert set(USE_VALIDATION) | set(WITHOUT_PRICE) <= set(METHODS)
    assert list(PRICES) == sorted(PRICES, reverse=True)


@pytest.mark.parametrize(("features", "activation"), [(1, "tanh"), (FEW_FEATURES, "tanh"), (FEW_FEATURES + 1, "relu")])
def test_the_activation_follows_the_features(features, activation):
    assert activation_for("auto", features) == activation
    assert activation_for("relu", features) == "relu"


@pytest.mark.parametrize(
    ("chosen", "rows", "steps"), [(None, 1500, 3000), (None, 1500.1, 3001), (None, 4000, 8000), (7, 4000, 7)]
)
def test_steps_follow_the_rows(chosen, rows, steps):
    assert steps_for(chosen, rows) == steps
    assert rounding_steps(steps) == math.floor(steps / 2)


@pytest.mark.parametrize("method", POWERS)
def test_only_some_methods_have_a_power(method):
    assert LearnConfig(method=method, power=1.5).power == 1.5
    with pytest.raises(BadInput, match=r"power: expected 2 with the method fuzzy, got 3\.0; only graded and path take"):
        LearnConfig(method="fuzzy", power=3.0)
    for power in (1.0, 0.5, -1.0, math.inf, math.nan):
        with pytest.raises(BadInput, match=r"power: expected a.* number > "):
            LearnConfig(method=method, power=power)


def test_only_the_interval_has_an_exponent():
    assert LearnConfig(method="interval", exponent=0.5).exponent == 0.5
    with pytest.raises(
        BadInput, match=r"exponent: expected 1 with the method graded, got 0\.5; only the gates of the me"
    ):
        LearnConfig(exponent=0.5)
    for exponent in (0.0, -1.0, math.nan):
        with pytest.raises(BadInput, match="exponent: expected a finite number > 0"):
            LearnConfig(method="interval", exponent=exponent)
