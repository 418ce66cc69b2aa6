"""Categories and their codes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from continuum.sklearn.table.levels import MOST, Levels
from continuum.sklearn.table.reading import read

VALUES = st.none() | st.text(max_size=2) | st.integers(0, 3) | st.tuples(st.integers(0, 1))
CELLS = st.lists(VALUES, min_size=1, max_size=30)


def column(values: list) -> np.ndarray:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return cells


@given(CELLS)
def test_codes_lead_back_to_values(values):
    levels = Levels.of(column(values))
    codes = levels.codes(column(values))
    assert codes.dtype == np.float64
    assert levels.others == 0
    known = (*levels.values, None)
    shown = [repr(value) if isinstance(value, tuple) else value for value in values]
    assert [known[int(code)] for code in codes] == shown
    assert set(codes) == set(range(len(levels.values) + levels.missing))


@given(CELLS, CELLS)
def test_others_are_unknown(values, others):
    levels = Levels.of(column(values))
    for value, code in zip(others, levels.codes(column(others)), strict=True):
        assert (code >= 0) == (value in values)


@given(st.permutations(range(12)))
def test_codes_do_not_depend_on_the_order_of_rows(order):
    values = [*"abcabcabd", 1, 2.5, None]
    assert Levels.of(column([values[k] for k in order])).values == Levels.of(column(values)).values


def test_of_too_many_the_most_frequent_ones_are_told_apart():
    values = [k for k in range(MOST + 20) for _ in range(1 + (k >= 15) + (k >= 30))]
    levels = Levels.of(column(values))
    assert levels.others == 20
    assert set(levels.values) == {*range(30, MOST + 20), *range(15, 25)}
    weight = np.where(np.array(values) == 29, 9.0, 1.0)
    assert 29 in Levels.of(column(values), weight).values
    assert 0 not in Levels.of(column(values), np.where(np.array(values) == 0, 9.0, 1.0)).values


def test_cells_are_read_as_what_they_are():
    table = np.array([["1", 2, "x", None], ["2.5", None, 1.0, None]], dtype=object)
    reading = read(table)
    np.testing.assert_array_equal(reading.numbers, [[1.0, 2.0, 0.0, np.nan], [2.5, np.nan, 0.0, np.nan]])
    assert reading.texts[2].tolist() == ["x", 1.0]
    assert read(table, texts=[0]).texts[0].tolist() == ["1", "2.5"]
