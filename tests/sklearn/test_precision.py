"""What an export in fewer digits loses is mended or said."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from continuum.errors import BadInput
from continuum.sklearn.precision import UNSAID, in_precision, moved, probe
from continuum.sklearn.standard import Standardiser
from tests.sklearn.data import classifier, regressor

RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(size=(300, 2))
LABELS = (Z.sum(axis=1) > 0).astype(int)


def columns(mean: float, spread: float) -> np.ndarray:
    return np.column_stack([mean + spread * Z[:, 0], Z[:, 1]])


def outputs(network: nn.Sequential, X: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.tensor(X, dtype=next(network.parameters()).dtype)).double().numpy()


def test_a_point_in_time_in_single_precision_is_said_with_a_remedy():
    X = columns(1.7e9, 1e3)
    model = classifier(max_iter=300).fit(X, LABELS)
    message = "in torch.float32 outputs move by .* of training .look at column 0.; export with dtype=torch.float64"
    with pytest.warns(UserWarning, match=message) as caught:
        network = model.export()
    assert caught[0].filename == __file__
    lost = np.abs(torch.from_numpy(outputs(network, X)).softmax(1).numpy() - model.predict_proba(X)).max()
    assert lost > 0.1
    exact = outputs(model.export(dtype=torch.float64), X)
    np.testing.assert_allclose(torch.from_numpy(exact).softmax(1).numpy(), model.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_whole_numbers_far_from_0_are_centred_first(make):
    """Single precision holds whole numbers below 2^24, and their differences, exactly."""
    X = columns(1e7, 300).round()
    model = make(max_iter=300).fit(X, LABELS)
    network = model.export()  # without a warning
    assert len(network) == len(model.export(dtype=torch.float64)) + 1
    assert isinstance(network[0], nn.Linear)
    right = model.predict_proba(X) if make is classifier else model.predict(X)[:, None]
    other = torch.from_numpy(outputs(network, X))
    np.testing.assert_allclose(other.softmax(1) if make is classifier else other, right, atol=1e-5)
    folded = outputs(model.export(dtype=torch.float64).to(torch.float32), X)
    with pytest.raises(AssertionError):  # as it would be without
        np.testing.assert_allclose(folded, other, atol=3e-4)


def test_ordinary_columns_take_no_layer_more():
    model = classifier().fit(columns(5.0, 2.0), LABELS)
    assert len(model.export()) == len(model.export(dtype=torch.float64))


def test_a_target_far_from_0_is_said():
    model = regressor().fit(Z, 1.7e9 + 1e3 * Z[:, 0])
    with pytest.warns(UserWarning, match=r"outputs move by 0\.\d+ from those of predict on rows of training; export"):
        model.export()


@pytest.mark.parametrize("unit", [1e300, 1e-300, 1e-306])
def test_units_beyond_single_precision_are_refused_there_and_right_in_double(unit):
    X = columns(0.0, unit)
    model = classifier(max_iter=300).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.95
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.loss_curve_).all()
    with pytest.raises(
        BadInput, match=r"dtype: expected a type in which outputs are finite \(look at column 0\), got to"
    ):
        model.export()
    exact = outputs(model.export(dtype=torch.float64), X)
    np.testing.assert_allclose(torch.from_numpy(exact).softmax(1).numpy(), model.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_of_ordinary_columns(dtype):
    network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    half = in_precision(network, dtype, Z, Standardiser.of(Z), ("a", "b"), loss="cross_entropy")
    assert next(half.parameters()).dtype == dtype


def test_movement_is_of_probabilities_or_of_values_in_their_spread():
    network, other = (nn.Sequential(nn.Linear(2, 2)).double() for _ in range(2))
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        other[0].bias[0] += 1e-2
    right = outputs(network, Z)
    assert moved(network, other, Z, loss="squared_error") == pytest.approx(1e-2 / right[:, 0].std(), rel=1e-9)
    assert 1e-3 < moved(network, other, Z, loss="cross_entropy") <= 0.25e-2 * 1.01
    assert moved(network, network, Z, loss="cross_entropy") == 0.0


def test_columns_that_hold_nothing_lost_are_not_named():
    network = nn.Sequential(nn.Linear(2, 1)).double()
    X = columns(1.7e9, 1e3)
    standardiser = Standardiser.of(X)
    with torch.no_grad():
        network[0].weight.copy_(torch.from_numpy(standardiser.inverse[None]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        in_precision(network, torch.float32, X, standardiser, ("time", "other"), loss="squared_error")
    (warning,) = caught
    assert "(look at time)" in str(warning.message)
    assert UNSAID == 1e-3


def test_rows_are_kept_from_everywhere():
    X = np.arange(10_000.0)[:, None]
    kept = probe(X)[:, 0]
    assert (len(kept), kept[0], kept[-1]) == (512, 0, 9999)
    np.testing.assert_array_equal(probe(X[:7]), X[:7])
