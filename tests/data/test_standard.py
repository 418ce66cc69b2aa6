import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from continuum.data import Split, Task, load, prepare, split
from continuum.data.standard import moments, standardise
from continuum.errors import BadInput

FIXED = settings(derandomize=True, deadline=None)

PARTS = Split(np.array([0, 1, 2]), np.array([3]), np.array([4]))


def reals(features: np.ndarray, target: np.ndarray) -> Task:
    names = tuple(f"x{j}" for j in range(features.shape[1]))
    return Task("toy", "regression", features, target, names)


MATRICES = arrays(np.float64, (20, 3), elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))


@FIXED
@given(MATRICES)
def test_training_moments_are_zero_and_one_or_the_column_is_zero(rows: np.ndarray) -> None:
    z = standardise(rows, *moments(rows))
    spread = rows.min(axis=0) < rows.max(axis=0)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(z.std(axis=0)[spread], 1.0, rtol=1e-6)
    np.testing.assert_array_equal(z[:, ~spread], 0.0)


@FIXED
@given(MATRICES, st.floats(0.5, 1e3), st.floats(-1e3, 1e3))
def test_units_do_not_matter(rows: np.ndarray, factor: float, shift: float) -> None:
    rows = rows + np.arange(20)[:, None] * 1e3  # a column of pure rounding noise has no units to change
    z, other = (standardise(r, *moments(r)) for r in (rows, factor * rows + shift))
    np.testing.assert_allclose(z, other, atol=1e-6)


@pytest.mark.parametrize("size", [1e-90, 1e-9, 1.0, 1e9, 1e99])
def test_any_magnitude_stays_finite(size: float) -> None:
    rows = size * np.random.default_rng(0).standard_normal((50, 2))
    z = standardise(rows, *moments(rows))
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e15, 1e-300])
def test_constant_column_is_zero(value: float) -> None:
    mean, scale = moments(np.full((1000, 1), value))
    assert scale[0] == np.inf
    assert standardise(np.array([[value], [value + 1]]), mean, scale).tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("absent", [1e17, 1e300, -1e-300, np.nan])
def test_a_row_of_weight_0_is_as_good_as_absent(absent: float) -> None:
    mean, scale = moments(np.array([[1.0], [3.0], [absent]]), np.array([1.0, 1.0, 0.0]))
    assert (mean.tolist(), scale.tolist()) == ([2.0], [1.0])


def test_only_training_rows_are_seen() -> None:
    features = np.arange(5.0)[:, None]
    prepared = prepare(reals(features, np.arange(5.0)), PARTS)
    features[3:] = 1e6
    changed = prepare(reals(features, np.array([0, 1, 2, -7.0, 99])), PARTS)
    np.testing.assert_array_equal(prepared.train.x, changed.train.x)
    np.testing.assert_array_equal(prepared.train.y, changed.train.y)
    assert prepared.target_scale == changed.target_scale == np.sqrt(2 / 3)


def test_missing_values_take_the_training_mean() -> None:
    nan = np.nan
    features = np.array([[1, nan, nan], [3, nan, 1], [nan, nan, 2], [nan, 5, 3], [5, 6, nan]])
    prepared = prepare(reals(features, np.arange(5.0)), PARTS)
    np.testing.assert_array_equal(prepared.train.x[:, 0], [-1, 1, 0])
    np.testing.assert_array_equal(prepared.validation.x[0, 0], 0)
    # The second column is missing in all training rows, so nothing is known about its scale.
    for part in (prepared.train, prepared.validation, prepared.test):
        np.testing.assert_array_equal(part.x[:, 1], 0)


def test_target_scale_gives_back_the_units() -> None:
    target = np.array([10.0, 20, 40, 7, -3])
    prepared = prepare(reals(np.arange(5.0)[:, None], target), PARTS)
    np.testing.assert_allclose(prepared.test.y * prepared.target_scale + prepared.target_mean, target[4:])
    np.testing.assert_allclose([prepared.train.y.mean(), prepared.train.y.std()], [0, 1], atol=1e-15)


def test_target_without_spread_in_training_keeps_its_units() -> None:
    prepared = prepare(reals(np.arange(5.0)[:, None], np.array([2.0, 2, 2, 3, 5])), PARTS)
    assert prepared.target_scale == 1.0
    assert [prepared.validation.y[0], prepared.test.y[0]] == [1.0, 3.0]


def test_classes_are_left_alone() -> None:
    task = load("iris")
    parts = split(task, 0)
    prepared = prepare(task, parts)
    np.testing.assert_array_equal(prepared.test.y, task.target[parts.test])
    assert prepared.test.y.dtype == np.int64
    assert (prepared.target_mean, prepared.target_scale) == (0.0, 1.0)


def test_new_rows_are_treated_alike() -> None:
    task = load("wine")
    parts = split(task, 0)
    prepared = prepare(task, parts)
    np.testing.assert_array_equal(prepared.transform(task.features[parts.test]), prepared.test.x)
    with pytest.raises(BadInput, match=r"expected shape \(rows, 13\), got \(2, 12\)"):
        prepared.transform(np.ones((2, 12)))
