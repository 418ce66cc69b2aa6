"""Folding the scales into a network changes nothing but the units of what goes in and comes out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn
from torch.testing import assert_close

from continuum.data.standard import ROUNDING
from continuum.sklearn.standard import Standardiser, folded

NUMBERS = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
TABLES = arrays(np.float64, (6, 3), elements=NUMBERS)
WEIGHTS = arrays(np.float64, 6, elements=st.integers(0, 4).map(float)).filter(lambda w: w.any())


def network(layers: int = 1) -> nn.Sequential:
    hidden = [layer for _ in range(layers - 1) for layer in (nn.Linear(4, 4), nn.Tanh())]
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), *hidden, nn.Linear(4, 2)).double()


def scale_before_mean(net: nn.Sequential, inputs: Standardiser, outputs: Standardiser | None = None) -> nn.Sequential:
    """Wrong: (x / s - mean) instead of (x - mean) / s."""
    return folded(net, Standardiser(inputs.mean * inputs.scale, inputs.scale), outputs)


def mean_not_scale(net: nn.Sequential, inputs: Standardiser, outputs: Standardiser | None = None) -> nn.Sequential:
    """Wrong: the output layer forgets to shift its targets back."""
    return folded(net, inputs, outputs and Standardiser(0 * outputs.mean, outputs.scale))


def check_folding(fold, table, targets, layers=1):
    inputs, outputs, net = Standardiser.of(table), Standardiser.of(targets), network(layers)
    standardised = net(torch.from_numpy(inputs(table)))
    raw = fold(net, inputs)(torch.from_numpy(table))
    assert_close(raw, standardised, rtol=1e-9, atol=1e-9)
    back = standardised * torch.from_numpy(outputs.scale) + torch.from_numpy(outputs.mean)
    assert_close(fold(net, inputs, outputs)(torch.from_numpy(table)), back, rtol=1e-9, atol=1e-6)


@given(TABLES, arrays(np.float64, (6, 2), elements=NUMBERS), st.integers(1, 3))
def test_folded_network_takes_raw_features_and_gives_raw_targets(table, targets, layers):
    # Spreads from 1e-3 at values of up to 1e3: folding loses up to 1e6 of the 1e16 that doubles resolve.
    check_folding(folded, table, targets, layers)


@pytest.mark.parametrize("wrong", [scale_before_mean, mean_not_scale])
def test_wrong_foldings_are_rejected(wrong):
    table = np.random.default_rng(0).normal(5.0, 3.0, (6, 3))
    with pytest.raises(AssertionError):
        check_folding(wrong, table, table[:, :2])


@given(TABLES, WEIGHTS)
def test_weights_are_repetitions(table, weight):
    weighted, repeated = Standardiser.of(table, weight), Standardiser.of(table.repeat(weight.astype(int), axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-9, atol=1e-6)


@given(TABLES)
def test_columns_have_moments_0_and_1_or_are_0(table):
    z = Standardiser.of(table)(table)
    spread = np.ptp(table, axis=0) > 0
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(z.std(axis=0)[spread], 1.0, rtol=1e-6)
    np.testing.assert_array_equal(z[:, ~spread], 0.0)


def plain_moments(table: np.ndarray, weight: np.ndarray | None = None) -> Standardiser:
    """As they are written down; right as long as squares are doubles."""
    mean = np.average(table, axis=0, weights=weight)
    scale = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight))
    return Standardiser(mean, np.where(scale > ROUNDING * np.abs(table).max(axis=0), scale, 0.0))


def equal_bits(standardiser: Standardiser, expected: Standardiser, unit: float = 1.0) -> None:
    np.testing.assert_array_equal(standardiser.mean, expected.mean * unit)
    np.testing.assert_array_equal(standardiser.scale, expected.scale * unit)


@given(TABLES, WEIGHTS)
def test_ordinary_columns_have_the_bits_of_plain_moments(table, weight):
    for given_weight in (None, weight):
        equal_bits(Standardiser.of(table, given_weight), plain_moments(table, given_weight))


@given(TABLES, WEIGHTS, st.sampled_from([-900, -600, 600, 1000]))
def test_moments_go_with_the_unit(table, weight, power):
    unit = 2.0**power
    equal_bits(Standardiser.of(table * unit, weight), plain_moments(table, weight), unit)


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**600])
def test_plain_moments_do_not(unit):
    table = np.random.default_rng(0).normal(5.0, 3.0, (6, 3))
    with np.errstate(over="ignore"), pytest.raises(AssertionError):
        equal_bits(plain_moments(table * unit), plain_moments(table), unit)


def test_spreads_whose_inverse_is_infinite_are_none():
    table = np.array([[1.0, -1.7e308], [2.0, 1.7e308]]) * np.array([1e-310, 1.0])
    standardiser = Standardiser.of(table)
    assert standardiser.scale.tolist() == [0.0, 1.7e308]
    assert np.isfinite(standardiser.inverse).all()


def test_a_column_without_spread_never_matters():
    table = np.column_stack([np.arange(6.0), np.full(6, 0.1), np.full(6, 1e9)])
    raw = folded(network(), Standardiser.of(table))
    other = table + np.array([0.0, 5.0, -7.0])
    assert_close(raw(torch.from_numpy(other)), raw(torch.from_numpy(table)), rtol=0, atol=0)


def test_the_network_given_stays_as_it_is():
    net = network()
    before = [value.clone() for value in net.parameters()]
    folded(net, Standardiser(np.ones(3), np.full(3, 2.0)), Standardiser(np.ones(2), np.full(2, 3.0)))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
