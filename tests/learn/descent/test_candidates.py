"""Rows that are held out: both halves, or one part of many."""

import numpy as np
import pytest

from continuum.learn.descent.candidates import LEAST_ROWS, MANY_ROWS, MOST_HELD_OUT, folds_of
from continuum.learn.rows import TrainingRows


def rows_of(count, classes=None):
    """Rows of that many classes, of which the first has half of all."""
    codes = np.maximum(np.arange(count) % (2 * (classes or 1)) - classes, 0) if classes else np.zeros(count, int)
    y = np.eye(classes)[codes] if classes else np.arange(count, dtype=float)[:, None]
    return TrainingRows(np.ones((count, 2)), y)


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("count", [LEAST_ROWS, 41, 999, MANY_ROWS - 1])
def test_two_halves_in_both_roles(count, classes):
    first, second = folds_of(rows_of(count, classes), 0, classes=bool(classes))
    for one, other in ((first.training, second.held_out), (second.training, first.held_out)):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.sort(np.append(first.training, first.held_out)), np.arange(count))
    assert abs(len(first.training) - len(first.held_out)) <= 1


@pytest.mark.parametrize("count", [MANY_ROWS, 10 * MOST_HELD_OUT])
def test_of_many_rows_one_part(count):
    (fold,) = folds_of(rows_of(count), 0, classes=False)
    np.testing.assert_array_equal(np.sort(np.append(fold.training, fold.held_out)), np.arange(count))
    assert len(fold.held_out) == pytest.approx(min(count / 5, MOST_HELD_OUT), abs=1)


def test_too_few_rows_are_in_no_part():
    assert folds_of(rows_of(LEAST_ROWS - 1), 0, classes=False) == []


def halves_differ_by(folds, y):
    first, second = (y[fold.held_out].sum(0) for fold in folds)
    return np.abs(first - second).max()


@pytest.mark.parametrize("count", [43, 500])
def test_both_halves_have_as_many_rows_of_a_class(count):
    rows = rows_of(count, 3)
    for seed in range(5):
        assert halves_differ_by(folds_of(rows, seed, classes=True), rows.y) <= 1
    assert max(halves_differ_by(folds_of(rows, seed, classes=False), rows.y) for seed in range(5)) > 1  # the falsifier


def test_the_seed_deals():
    rows = rows_of(100)
    first, again, other = (folds_of(rows, seed, classes=False)[0].training for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


def test_parts_of_rows():
    rows = TrainingRows(np.arange(100.0).reshape(50, 2), np.arange(50.0)[:, None], np.full((50, 1), 1.0), 2.0)
    fold = folds_of(rows, 0, classes=False)[0]
    training, held_out = fold.rows(rows)
    np.testing.assert_array_equal(training.y[:, 0], fold.training)
    np.testing.assert_array_equal(held_out.y[:, 0], fold.held_out)
    assert training.total + held_out.total == rows.total
