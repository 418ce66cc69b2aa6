"""Standardised values stay within single precision, whatever the training part has not seen."""

import numpy as np
import pytest

from continuum.data.splits import Split
from continuum.data.standard import FARTHEST, prepare, standardise
from continuum.data.task import Task
from continuum.errors import BadInput

SPLIT = Split(np.arange(4), np.array([4]), np.array([5]))


def task(column: list[float], target: list[float] | None = None) -> Task:
    values = np.arange(6.0) if target is None else np.array(target)
    return Task("wild", "regression", np.array(column)[:, None], values, ("a",))


def divided(rows: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Wrong: as it is written down."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (rows - mean) / scale


def check_range(standardised, rows, mean, scale):
    with np.errstate(over="ignore"):
        single = standardised(rows, mean, scale).astype(np.float32)
    assert np.isfinite(np.square(np.square(single))).all()


WILD = {
    "hardly any spread": [1e-60, -1e-60, 1e-60, -1e-60, 1.0, -1.0],
    "the ends of doubles": [1.7e308, -1.7e308, 0.0, 1e308, -1.7e308, 1.7e308],
    "a giant outside": [0.0, 1.0, 0.0, 1.0, 1e308, -1e308],
    "no spread": [5.0, 5.0, 5.0, 5.0, 1e308, -1e308],
}


@pytest.mark.parametrize("column", WILD.values(), ids=WILD)
def test_features_stay_within_single_precision(column):
    parts = prepare(task(column), SPLIT)
    check_range(standardise, np.array(column)[:, None], parts.feature_mean, parts.feature_scale)
    for part in (parts.train, parts.validation, parts.test):
        assert np.abs(part.x).max() <= FARTHEST


@pytest.mark.parametrize("name", ["hardly any spread", "the ends of doubles", "a giant outside"])
def test_plain_quotients_do_not(name):
    column = WILD[name]
    parts = prepare(task(column), SPLIT)
    with pytest.raises(AssertionError), np.errstate(over="ignore"):
        check_range(divided, np.array(column)[:, None], parts.feature_mean, parts.feature_scale)


def test_ordinary_values_keep_their_bits():
    rows = np.random.default_rng(0).normal(5.0, 3.0, (50, 3))
    mean, scale = rows.mean(0), rows.std(0)
    np.testing.assert_array_equal(standardise(rows, mean, scale), divided(rows, mean, scale))


def test_values_as_far_away_as_their_own_rows_allow_are_not_cut_off():
    column = np.zeros(10_000)
    column[0] = 1.0
    mean, scale = column.mean(keepdims=True), column.std(keepdims=True)
    np.testing.assert_array_equal(standardise(column[:, None], mean, scale), divided(column[:, None], mean, scale))


def test_a_target_beyond_all_measure_is_refused_by_name():
    with pytest.raises(BadInput, match=r"target of wild: expected values within 1e\+15 of their spread .* outliers"):
        prepare(task([0.0] * 6, [1e-60, -1e-60, 1e-60, -1e-60, 1.0, 0.0]), SPLIT)
    ends = [1.7e308, -1.7e308, 0.0, 1e308, -1.7e308, 1.7e308]
    with pytest.raises(BadInput, match="target of wild"):
        prepare(task([0.0] * 6, ends), SPLIT)
