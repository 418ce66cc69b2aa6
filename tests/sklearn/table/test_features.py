"""Numbers become features, and a network of features folds into plain layers of numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from torch import nn
from torch.testing import assert_close

from continuum.learn.network import NetworkWeights, sequential
from continuum.nn import Skip
from continuum.sklearn.folding import centred, folded
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Features, Scales, Standardiser
from continuum.sklearn.table import numbers as numbers_module
from continuum.sklearn.table.numbers import column_moments, row_blocks

RANDOM = np.random.default_rng(0)
#: Columns far from 0, codes of three categories and of none, tiny, and without spread.
NUMBERS = np.column_stack(
    [
        1.5e9 + 1e3 * RANDOM.normal(size=60),
        RANDOM.integers(-1, 3, 60),
        RANDOM.normal(size=60),
        np.full(60, -1.0),
        1e-200 * RANDOM.normal(size=60),
        np.full(60, 0.3),
    ]
)
CATEGORIES = (0, 3, 0, 1, 0, 0)
CUTS = {"raw": [], "one": [2], "all": [0, 2, 4, 5]}


def network(features: int, kind: str) -> nn.Sequential | Skip:
    if kind == "line":
        weights = NetworkWeights(np.zeros((0, features + 1)), [np.zeros((0, 2))], [np.ones(2)])
        weights.skip = np.random.default_rng(0).normal(size=(features, 2))
        return sequential(weights, "relu")
    body = nn.Sequential(nn.Linear(features, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    if kind == "plain":
        return body
    skip = Skip(body, nn.Linear(features, 2, bias=kind == "skip", dtype=torch.float64))
    return skip if kind == "skip" else nn.Sequential(skip)


def check_folding(fold, features, net, targets):
    inside = net(torch.from_numpy(features(NUMBERS)))
    # Products of weights with 1.5e6 spreads of the first column lose six digits of sixteen.
    assert_close(fold(net, features)(torch.from_numpy(NUMBERS)), inside, rtol=0, atol=1e-8)
    back = inside * torch.from_numpy(targets.scale) + torch.from_numpy(targets.mean)
    assert_close(fold(net, features, targets)(torch.from_numpy(NUMBERS)), back, rtol=1e-8, atol=1e-6)


TARGETS = Standardiser(np.array([1000.0, -5.0]), np.array([50.0, 0.1]))


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("kind", ["plain", "skip", "skip without bias", "line"])
@pytest.mark.parametrize("encoded", CUTS.values(), ids=CUTS)
def test_folds_into_layers_of_numbers(kind, encoded, share):
    features = Features.of(NUMBERS, CATEGORIES, None, encoded, bins=4, share=share)
    net = network(features.outputs, kind)
    check_folding(folded, features, net, TARGETS)
    layers = folded(net, features)
    assert {type(layer) for layer in layers.modules()} <= {nn.Sequential, nn.Linear, nn.ReLU, nn.Tanh, Skip}
    assert layers[0].in_features == 6
    assert kind != "line" or [type(layer) for layer in layers] == [nn.Linear, nn.ReLU, nn.Linear]


def test_a_line_without_codes_and_bins_is_one_layer():
    numbers = NUMBERS[:, [0, 2]]
    features, net = Features.of(numbers), network(2, "line")
    (layer,) = folded(net, features, TARGETS)
    inside = net(torch.from_numpy(features(numbers))) * torch.from_numpy(TARGETS.scale)
    assert_close(layer(torch.from_numpy(numbers)), inside + torch.from_numpy(TARGETS.mean), rtol=1e-8, atol=1e-6)


def check_shares(features: Features, share: float) -> None:
    """A column beside its bins has the spread 1, and each of them the share of one."""
    spread = features(NUMBERS[:, [2]]).std(axis=0)
    np.testing.assert_allclose(spread, [1.0] + [share] * (features.outputs - 1), rtol=1e-9)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_bins_have_their_share_beside_a_column(share):
    check_shares(Features.of(NUMBERS[:, [2]], (), None, [0], bins=5, share=share), share)
    with pytest.raises(AssertionError):
        check_shares(Features.of(NUMBERS[:, [2]], (), None, [0], bins=5, share=share), 1.01 * share)


@pytest.mark.parametrize("kind", ["plain", "skip"])
def test_without_codes_and_bins_the_layers_stay_as_many(kind):
    numbers = NUMBERS[:, [0, 2]]
    features = Features.of(numbers)
    layers = folded(network(2, kind), features)
    np.testing.assert_array_equal(features(numbers), Standardiser.of(numbers)(numbers))
    assert len(layers) == (5 if kind == "plain" else 1)


def forgets_the_last_scale(net, features, targets=None):
    """Wrong: what comes of the encoding is not standardised."""
    return folded(net, Features(features.before, features.encoding, Standardiser.none(features.outputs)), targets)


def shifts_the_line_too(net, features, targets=None):
    """Wrong: both the body and the line add the mean of the targets."""
    layers = folded(net, features, targets)
    if targets is not None:
        with torch.no_grad():
            layers[-1].linear.bias.add_(torch.from_numpy(targets.mean))
    return layers


@pytest.mark.parametrize("wrong", [forgets_the_last_scale, shifts_the_line_too])
def test_wrong_foldings_are_rejected(wrong):
    features = Features.of(NUMBERS, CATEGORIES, None, [2])
    with pytest.raises(AssertionError):
        check_folding(wrong, features, network(features.outputs, "skip"), TARGETS)


@pytest.mark.parametrize("kind", ["plain", "skip"])
@pytest.mark.parametrize("encoded", CUTS.values(), ids=CUTS)
def test_centring_apart_changes_nothing(kind, encoded):
    features = Features.of(NUMBERS, CATEGORIES, None, encoded)
    layers = folded(network(features.outputs, kind), features)
    x = torch.from_numpy(NUMBERS)
    apart = centred(layers, features.before)
    assert len(apart) == len(layers) + 1
    assert_close(apart(x), layers(x), rtol=0, atol=1e-8)
    with pytest.raises(AssertionError):
        assert_close(centred(layers, Standardiser.of(NUMBERS + 1))(x), layers(x)[:, [1, 0]], rtol=0, atol=1e-8)


def test_weights_beyond_the_range_of_floats_stand_apart():
    numbers = 1e-306 * RANDOM.normal(size=(20, 2))
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        net[0].weight.mul_(1e3)
    standardiser = Standardiser.of(numbers)
    layers = folded(net, standardiser)
    assert len(layers) == 4
    inside = net(torch.from_numpy(standardiser(numbers)))
    assert_close(layers(torch.from_numpy(numbers)), inside, rtol=1e-12, atol=1e-12)


def check_categories(features: Features, codes: np.ndarray, weight: np.ndarray | None) -> None:
    hot = codes[:, None] == np.arange(3)
    share = np.average(hot, axis=0, weights=weight)
    expected = (hot - share) / np.sqrt((share * (1 - share)).sum())
    np.testing.assert_allclose(features(codes[:, None]), np.where(share > 0, expected, 0), atol=1e-12)


@given(arrays(np.float64, 12, elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, -1.0])), st.booleans())
def test_categories_of_a_column_vary_together_as_much_as_a_column_of_numbers(codes, weighted):
    codes[:2] = 0.0, 1.0
    weight = np.arange(1.0, 13.0) if weighted else None
    check_categories(features := Features.of(codes[:, None], (3,), weight), codes, weight)
    each = Standardiser.of(features.encoding.encode(codes[:, None]), weight)  # wrong: each of them alone
    with pytest.raises(AssertionError):
        check_categories(Features(features.before, features.encoding, each), codes, weight)


SPARSE = arrays(np.float64, (9, 7), elements=st.sampled_from([0.0, 0.0, 0.1, -3.0, 1e9]))
WEIGHTS = st.none() | arrays(np.float64, 9, elements=st.integers(0, 3).map(float)).filter(lambda w: w.sum() > 0)


@given(SPARSE, WEIGHTS, st.sampled_from([1, 18, 27, 1 << 22]))
def test_moments_of_a_sparse_table_have_the_bits_of_a_dense_one(table, weight, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers_module, "BLOCK", block)
        for one, other in zip(column_moments(csr_array(table), weight), column_moments(table, weight), strict=True):
            np.testing.assert_array_equal(one, other)


@given(st.integers(0, 50), st.integers(1, 40), st.integers(1, 9))
def test_blocks_are_all_rows_once(rows, columns, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers_module, "BLOCK", 100)
        parts = [np.arange(rows)[part] for part in row_blocks(rows, columns, most)]
    assert np.concatenate([np.zeros(0, int), *parts]).tolist() == list(range(rows))
    assert all(len(part) == 1 or len(part) * columns <= 100 for part in parts)
    assert all(len(part) <= most for part in parts)


def test_scales_give_features_in_single_precision(monkeypatch):
    monkeypatch.setattr(numbers_module, "BLOCK", 50)
    rows = EstimatorRows(NUMBERS, NUMBERS[:, :1], None, CATEGORIES)
    scales = Scales.of(rows, classes=False, encoded=[2], bins=3)
    assert isinstance(scales.inputs, Features)
    np.testing.assert_array_equal(scales(rows).x.numpy(), scales.inputs(NUMBERS).astype(np.float32))
    assert rows.part(np.arange(60) < 30).categories == rows.merged().categories == CATEGORIES
    assert isinstance(Scales.of(EstimatorRows(NUMBERS, NUMBERS), classes=False).inputs, Standardiser)
