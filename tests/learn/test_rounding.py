"""Removal of units: the least change of the function, against least squares."""

from itertools import combinations

import numpy as np
import pytest

from continuum.learn.rounding import removals


def sample(rows=200, units=6, outputs=2, seed=0):
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(rows, units)) @ random.normal(size=(units, units))
    return np.tanh(mixed + 1), random.normal(size=(units, outputs))


def error(h, v, order, kept, shift):
    """Mean squared change of the layer's sum when biases move by shift."""
    return np.square(h @ v - h[:, order] @ kept - shift).sum(1).mean()


def best_error(h, v, order):
    """The same with weights and shift by least squares."""
    columns = np.concatenate([h[:, order], np.ones((len(h), 1))], 1)
    fitted = columns @ np.linalg.lstsq(columns, h @ v, rcond=None)[0]
    return np.square(h @ v - fitted).sum(1).mean()


def test_the_others_replace_what_is_removed_as_well_as_they_can():
    h, v = sample()
    for keep in range(1, 6):
        order, kept, shift = removals(h, v, keep)
        assert len(order) == keep
        np.testing.assert_allclose(error(h, v, order, kept, shift), best_error(h, v, order), rtol=1e-4)


def test_one_removal_takes_the_unit_of_least_cost():
    for seed in range(5):
        h, v = sample(seed=seed)
        order = removals(h, v, 5)[0]
        best = min(combinations(range(6), 5), key=lambda kept: best_error(h, v, list(kept)))
        assert sorted(order) == list(best)


def test_dropping_without_refitting_is_rejected():
    h, v = sample()
    order, kept, shift = removals(h, v, 4)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(error(h, v, order, v[order], 0 * shift), best_error(h, v, order), rtol=0.1)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(error(h, v, order, kept, 0 * shift), best_error(h, v, order), rtol=1e-3)


def test_a_copy_goes_without_a_trace():
    h, v = sample()
    doubled, weights = np.concatenate([h, h[:, :1]], 1), np.concatenate([v, v[:1]])
    order, kept, shift = removals(doubled, weights, 6)
    assert error(doubled, weights, order, kept, shift) < 1e-8
