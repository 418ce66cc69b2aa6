"""An encoding is what its formula says, its layers compute the same, and weights are repetitions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from continuum.encoding import Bins, Categories, PiecewiseLinear, Raw, Rectifiers
from continuum.errors import BadInput

NUMBERS = st.floats(-10, 10).map(lambda value: round(value, 2))
TABLES = arrays(np.float64, (12, 3), elements=NUMBERS)
FAR = st.floats(-1e6, 1e6)


def by_formula(edges: np.ndarray, x: np.ndarray) -> np.ndarray:
    """As it is written down, one bin and one row at a time."""
    bins = len(edges) - 1
    out = np.empty((len(x), bins))
    for i, value in enumerate(x):
        for t in range(bins):
            ratio = (value - edges[t]) / (edges[t + 1] - edges[t])
            out[i, t] = min(max(ratio, 0.0 if t else -np.inf), 1.0 if t < bins - 1 else np.inf)
    return out


@given(TABLES, st.integers(1, 9), arrays(np.float64, (5, 3), elements=FAR))
def test_encodes_by_the_formula(table, bins, rows):
    encoding = PiecewiseLinear.of(table, bins)
    encoded = encoding.encode(rows)
    assert encoded.shape == (5, encoding.outputs)
    for column, (piece, group) in enumerate(zip(encoding.pieces, encoding.groups, strict=True)):
        if isinstance(piece, Bins):
            assert 2 <= piece.outputs <= bins
            np.testing.assert_array_equal(encoded[:, group], by_formula(piece.edges, rows[:, column]))
        else:
            np.testing.assert_array_equal(encoded[:, group], rows[:, [column]])


@given(TABLES, st.integers(1, 9))
def test_a_column_is_the_sum_of_its_bins(table, bins):
    encoding = PiecewiseLinear.of(table, bins)
    rows = np.random.default_rng(0).normal(0, 100, (20, 3))
    for column, (piece, group) in enumerate(zip(encoding.pieces, encoding.groups, strict=True)):
        if isinstance(piece, Bins):
            whole = piece.edges[0] + encoding.encode(rows)[:, group] @ np.diff(piece.edges)
            np.testing.assert_allclose(whole, rows[:, column], rtol=1e-12, atol=1e-10)


def mixed_encoding(table: np.ndarray, bins: int) -> PiecewiseLinear:
    """Two columns in bins, one as it is, one code of five categories."""
    return PiecewiseLinear.of(table, bins, columns=[0, 1], categories=[0, 0, 0, 5])


def check_layers(encoding: PiecewiseLinear, rectifiers: Rectifiers, rows: np.ndarray) -> None:
    expected = encoding.encode(rows)
    # A ramp is a difference of rectifiers, which lose what doubles lose at their height.
    height = max(1.0, float(np.abs(rectifiers.mixing).max() * np.abs(rows).max()))
    np.testing.assert_allclose(rectifiers(rows), expected, rtol=1e-12, atol=1e-14 * height)
    layer = nn.Linear(encoding.outputs, 2, dtype=torch.float64)
    net = nn.Sequential(rectifiers.before(), nn.ReLU(), rectifiers.behind(layer))
    with torch.no_grad():
        outputs, direct = net(torch.from_numpy(rows)).numpy(), layer(torch.from_numpy(expected)).numpy()
    np.testing.assert_allclose(outputs, direct, rtol=1e-12, atol=1e-13 * height)


@given(TABLES, st.integers(2, 9), arrays(np.float64, (6, 3), elements=FAR))
def test_a_column_stands_in_front_of_its_bins(table, bins, rows):
    alone, beside = (PiecewiseLinear.of(table, bins, beside=flag) for flag in (False, True))
    check_layers(beside, beside.rectifiers(), rows)
    encoded, cut = beside.encode(rows), alone.encode(rows)
    bent = np.zeros(beside.outputs, bool)
    for column, (piece, group) in enumerate(zip(beside.pieces, beside.groups, strict=True)):
        np.testing.assert_array_equal(encoded[:, group.start], rows[:, column])
        if isinstance(piece, Bins):
            assert piece.outputs == piece.bins + 1
            np.testing.assert_array_equal(encoded[:, group][:, 1:], cut[:, alone.groups[column]])
            bent[group.start + 1 : group.stop] = True
    np.testing.assert_array_equal(beside.bent, bent)
    assert not alone.bent.any()


CODES = st.integers(-1, 4).map(float)


@given(TABLES, st.integers(1, 9), arrays(np.float64, (6, 3), elements=FAR), arrays(np.float64, (6, 1), elements=CODES))
def test_layers_compute_the_encoding_also_far_outside(table, bins, rows, codes):
    encoding = mixed_encoding(np.hstack([table, table[:, :1] * 0]), bins)
    check_layers(encoding, encoding.rectifiers(), np.hstack([rows, codes]))


def wrong_shift(right: Rectifiers) -> Rectifiers:
    """Wrong: the first bin falls, but its 1 is forgotten."""
    return Rectifiers(right.weight, right.bias, right.mixing, 0 * right.shift)


def wrong_hat(right: Rectifiers) -> Rectifiers:
    """Wrong: the last category goes on rising behind its code."""
    mixing = right.mixing.copy().tolil()
    mixing[-3, -1] = 0.0
    return Rectifiers(right.weight, right.bias, mixing.tocsr(), right.shift)


def wrong_column(right: Rectifiers) -> Rectifiers:
    """Wrong: the column beside its bins has another origin."""
    shift = right.shift.copy()
    shift[0] += 1e-3
    return Rectifiers(right.weight, right.bias, right.mixing, shift)


def test_a_wrong_column_beside_its_bins_is_rejected():
    encoding = PiecewiseLinear.of(np.random.default_rng(0).normal(size=(40, 3)), 4, beside=True)
    rows = np.random.default_rng(1).normal(size=(10, 3))
    for wrong in (wrong_column, wrong_shift):
        with pytest.raises(AssertionError):
            check_layers(encoding, wrong(encoding.rectifiers()), rows)


@pytest.mark.parametrize("wrong", [wrong_shift, wrong_hat])
def test_wrong_layers_are_rejected(wrong):
    random = np.random.default_rng(0)
    encoding = mixed_encoding(random.normal(size=(40, 4)), 4)
    rows = np.hstack([random.normal(size=(10, 3)), random.integers(-1, 5, (10, 1))])
    check_layers(encoding, encoding.rectifiers(), rows)
    with pytest.raises(AssertionError):
        check_layers(encoding, wrong(encoding.rectifiers()), rows)


def test_scales_before_and_behind():
    random = np.random.default_rng(0)
    x = random.normal(size=(30, 2))
    right = PiecewiseLinear.of(x, 3).rectifiers()
    before, behind = (
        right.of_scaled(np.array([2.0, 0.5]), np.array([1.0, -1.0])),
        right.scaled(np.arange(6.0), np.ones(6)),
    )
    np.testing.assert_allclose(before(x), right((x - [1.0, -1.0]) * [2.0, 0.5]), atol=1e-12)
    np.testing.assert_allclose(behind(x), right(x) * np.arange(6) + 1, atol=1e-12)


@given(TABLES, arrays(np.int64, 12, elements=st.integers(0, 3)).filter(lambda w: w.any()), st.integers(1, 9))
def test_weights_are_repetitions(table, weight, bins):
    weighted = PiecewiseLinear.of(table, bins, weight.astype(float))
    repeated = PiecewiseLinear.of(table.repeat(weight, axis=0), bins)
    light = PiecewiseLinear.of(table, bins, weight * 1e-300)
    for one, *others in zip(weighted.pieces, repeated.pieces, light.pieces, strict=True):
        for other in others:
            assert type(one) is type(other)
            if isinstance(one, Bins):
                np.testing.assert_array_equal(one.edges, other.edges)


def test_few_values_pass_as_they_are():
    x = np.column_stack([np.full(9, 7.0), np.arange(9) % 2, np.arange(9.0), np.arange(9.0)])
    encoding = PiecewiseLinear.of(x, columns=np.array([True, True, True, False]))
    assert [type(piece) for piece in encoding.pieces] == [Raw, Raw, Bins, Raw]
    assert encoding.groups == (slice(0, 1), slice(1, 2), slice(2, 10), slice(10, 11))
    assert not encoding.plain
    assert PiecewiseLinear.of(x, columns=[]).plain


def test_codes_are_one_hot():
    encoding = PiecewiseLinear.of(np.zeros((2, 1)), categories=[3])
    assert encoding.pieces == (Categories(3),)
    np.testing.assert_array_equal(
        encoding.encode(np.array([[-1.0], [0], [1], [2]])), np.vstack([np.zeros(3), np.eye(3)])
    )


REFUSED = {
    "bins": ({"bins": 0}, "bins: expected an integer >= 1, got 0"),
    "mask": ({"columns": np.array([True])}, r"columns: expected a mask of 2 columns, got shape \(1,\)"),
    "index": ({"columns": [2]}, r"columns: expected indices below 2, or a mask, got \[2\]"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(arguments, message):
    with pytest.raises(BadInput, match=message):
        PiecewiseLinear.of(np.zeros((3, 2)), **arguments)


def test_other_columns_are_refused():
    with pytest.raises(BadInput, match=r"x: expected shape \(rows, 2\), got \(3, 1\)"):
        PiecewiseLinear.of(np.zeros((3, 2))).encode(np.zeros((3, 1)))
