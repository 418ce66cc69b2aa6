"""EstimatorRows that count for several are the same as several rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from continuum.sklearn.rows import EstimatorRows, weighted_rows

SMALL = st.integers(-2, 2).map(float)
TABLES = arrays(np.float64, (8, 2), elements=SMALL)
TARGETS = arrays(np.float64, (8, 1), elements=SMALL)
COUNTS = arrays(np.int64, 8, elements=st.integers(0, 3)).filter(lambda w: w.sum() > 0)


def equal_bits(a: EstimatorRows, b: EstimatorRows) -> None:
    for one, other in ((a.x, b.x), (a.y, b.y), (a.weight, b.weight)):
        np.testing.assert_array_equal(one, other)


@given(TABLES, TARGETS, COUNTS, st.permutations(range(8)))
def test_merged_rows_know_neither_order_nor_repetition(x, y, count, order):
    repeated = EstimatorRows(x.repeat(count, axis=0), y.repeat(count, axis=0)).merged()
    order = [i for i in order if count[i]]
    equal_bits(EstimatorRows(x[order], y[order], count[order].astype(float)).merged(), repeated)


@given(TABLES, TARGETS)
def test_merging_keeps_weighted_means(x, y):
    weight = np.random.default_rng(0).random(8)
    merged = EstimatorRows(x, y, weight).merged()
    assert len(np.unique(np.hstack([merged.x, merged.y]), axis=0)) == len(merged.x)
    for f in (lambda a, b: a[:, 0] * b[:, 0], lambda a, b: a[:, 1] ** 2 + b[:, 0]):
        expected = np.average(f(x, y), weights=weight)
        assert np.average(f(merged.x, merged.y), weights=merged.weight) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_merging_by_features_alone_would_lose_targets():
    x, y = np.zeros((2, 1)), np.array([[0.0], [1.0]])
    assert EstimatorRows(x, y).merged().y.tolist() == [[0.0], [1.0]]


def test_zeros_are_one_whatever_their_sign():
    assert EstimatorRows(np.array([[0.0], [-0.0]]), np.zeros((2, 1))).merged().weight.tolist() == [2.0]


@given(st.floats(0.1, 0.5), st.integers(0, 100))
def test_held_out_rows_and_the_rest_are_all_rows(fraction, seed):
    x, y = np.arange(40.0)[:, None], np.repeat([0.0, 1.0], 20)[:, None]
    kept, held = EstimatorRows(x, y, x[:, 0]).held_out(fraction, seed, stratify=True)
    assert sorted([*kept.x[:, 0], *held.x[:, 0]]) == list(range(40))
    assert len(held.x) == np.ceil(fraction * 40)
    assert abs(held.y.sum() - len(held.y) / 2) <= 0.5
    np.testing.assert_array_equal(kept.x[:, 0], kept.weight)


def test_rows_of_weight_0_are_left_out():
    rows = weighted_rows(np.arange(3.0)[:, None], np.zeros((3, 1)), [1.0, 0.0, 2.0])
    assert (rows.x[:, 0].tolist(), rows.weight.tolist()) == ([0.0, 2.0], [1.0, 2.0])


def test_rows_that_weigh_the_same_weigh_nothing():
    assert weighted_rows(np.zeros((3, 1)), np.zeros((3, 1)), [0.0, 1e300, 1e300]).weight is None


def test_a_batch_may_be_one_row():
    assert len(weighted_rows(np.zeros((2, 1)), np.zeros((2, 1)), [0.0, 1.0], least=1).x) == 1


REFUSED = {
    "negative": ([1.0, -1.0, 1.0], "Negative values in data passed to `sample_weight`"),
    "none": ([0.0, 0.0, 0.0], "must contain at least one non-zero number"),
    "one": ([0.0, 2.0, 0.0], r"Found 1 sample\(s\) with a weight above 0"),
    "few": ([1.0, 1.0], r"sample_weight.shape == \(2,\), expected \(3,\)"),
    "nan": ([1.0, np.nan, 1.0], "sample_weight contains NaN"),
}


@pytest.mark.parametrize(("weight", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_weights_as_scikit_learn_does(weight, message):
    with pytest.raises(ValueError, match=message):
        weighted_rows(np.zeros((3, 1)), np.zeros((3, 1)), weight)
