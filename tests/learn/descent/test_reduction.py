"""How many units are enough: ladders, and what held-out rows say of their rungs."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from continuum.learn.calibration import mean_and_error
from continuum.learn.descent.reduction import END_ERRORS, ERRORS, fewest, participation, rungs

ROWS = 60


@given(st.lists(st.integers(0, 300), min_size=1, max_size=3), st.booleans())
def test_a_ladder_goes_down_in_every_layer(live, none):
    ladder = rungs(live, none=none)
    assert ladder[0] == live
    for above, below in pairwise(ladder):
        assert all(few < many or few == many <= 1 for few, many in zip(below, above, strict=True))
        assert max(below) < max(above)
    assert max(ladder[-1]) == (0 if none else min(max(live), 1))


def by_rows(tables, weights, margin, none=None):
    """As it is written down, one rung at a time."""
    places = []
    for table in tables:
        best = min(range(len(table)), key=lambda j: np.average(table[j], weights=weights))
        behind = [mean_and_error(rung - table[best], weights) for rung in table]
        within = [[bool(mean <= max(k * error, margin)) for mean, error in behind] for k in (ERRORS, END_ERRORS)]
        walk = [k for k in range(best, len(table)) if all(within[1][best : k + 1])]
        good = [k for k in walk if within[0][k] or k == none]
        places.append(none if none is not None and within[0][none] else max(good))
    return min(places)


TABLES = st.lists(
    arrays(np.float64, (5, 8), elements=st.floats(0, 1).map(lambda x: round(x, 2))), min_size=1, max_size=2
)


@given(TABLES, arrays(np.float64, 8, elements=st.integers(1, 3).map(float)), st.sampled_from([0.0, 0.1]))
def test_the_fewest_by_every_table(tables, weights, margin):
    for none in (None, 4):
        assert fewest(tables, weights, margin, none) == by_rows(tables, weights, margin, none)


def ladder_of(means, noise=0.0):
    """Scores whose means are these; each rung strays from the first one by so much, row by row."""
    random = np.random.default_rng(0)
    strays = random.normal(size=(len(means), ROWS))
    strays = (strays - strays.mean(1, keepdims=True)) / strays.std(1, ddof=1, keepdims=True)
    strays[0] = 0
    return np.array(means)[:, None] + noise * strays


def test_units_that_matter_are_kept():
    weights = np.ones(ROWS)
    assert fewest([ladder_of([0.5, 0.5, 0.5, 0.9, 1.5])], weights, 0.0) == 2
    assert fewest([ladder_of([0.5, 0.5, 0.5, 0.9, 1.5])], weights, 0.5) == 3
    assert fewest([ladder_of([0.5, 0.6, 0.7, 0.9, 1.5])], weights, 0.0) == 0
    # The error of a mean of 60 differences that stray by 1 is .129.
    assert fewest([ladder_of([0.5, 0.55, 0.6, 0.9, 1.5], noise=1.0)], weights, 0.0) == 2


def test_every_table_must_agree():
    losses, scores = ladder_of([0.5, 0.5, 0.5, 0.9]), ladder_of([0.1, 0.1, 0.4, 0.1])
    assert fewest([losses], np.ones(ROWS), 0.0) == 2
    assert fewest([losses, scores], np.ones(ROWS), 0.0) == 1
    assert fewest([losses, scores[::-1]], np.ones(ROWS), 0.0) == 0  # a rung that is far behind ends the walk
    against = ladder_of([0.9, 0.9, 0.9, 0.1])
    assert fewest([losses, against], np.ones(ROWS), 0.0) == 2


def test_a_line_alone_has_two_errors():
    table = ladder_of([0.5, 0.5, 0.5 + 1.5 / np.sqrt(ROWS)], noise=1.0)
    assert fewest([table], np.ones(ROWS), 0.0, none=2) == 2
    assert fewest([table], np.ones(ROWS), 0.0) == 1


def run_of(*blocks):
    return SimpleNamespace(pool=SimpleNamespace(weights=SimpleNamespace(outgoing=blocks)))


@pytest.mark.parametrize("count", [1, 5, 40])
@pytest.mark.parametrize("length", [1e-9, 1.0, 1e9])
def test_of_gates_that_are_alike_all_take_part(count, length):
    directions = np.random.default_rng(0).normal(size=(count, 3))
    directions *= length / np.linalg.norm(directions, axis=1, keepdims=True)
    assert participation(run_of(directions, np.zeros((4, 2)))) == [count, 0]


def test_of_one_large_gate_one_takes_part():
    assert participation(run_of(np.array([[5.0, 0.0], [0.0, 1e-9], [0.0, 0.0]]))) == [1]
    lengths = np.array([4.0, 2.0, 1.0, 1.0])
    (units,) = participation(run_of(lengths[:, None]))
    assert units == int(np.ceil(lengths.sum() ** 2 / (lengths**2).sum()))
    assert units < 4
