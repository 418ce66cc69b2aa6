"""Networks of which nothing but a line, or a constant, is left: shown, stored, exported, and gone on from."""

import pickle

import numpy as np
import pytest
import torch

from continuum.sklearn.gates import gates_of_sum
from continuum.sklearn.saving import packed, unpacked
from tests.sklearn.data import classifier, regressor

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(100, 3)), RANDOM.normal(size=100)


def test_gates_of_no_width_are_none():
    assert gates_of_sum(np.array([2.0, 1.0]), 0.0).tolist() == [0.0, 0.0]
    assert gates_of_sum(np.zeros(1), 0.0).tolist() == [0.0]
    assert gates_of_sum(np.zeros(0), 0.0).tolist() == []


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
def test_where_no_unit_pays(make, skip, layers):
    y = Y if make is regressor else (Y > 0) * 1
    model = make(price=1e6, skip=skip, hidden_layers=layers, max_iter=300).fit(X, y)
    assert model.width_ == pytest.approx(0, abs=0.01)
    assert model.units_ <= (0,) if layers == 1 else min(model.units_) >= 1
    assert [gates.sum() for gates in model.gates_] == pytest.approx(model.widths_, abs=1e-9)
    network = model.export(dtype=torch.float64)
    with torch.no_grad():
        outputs = network(torch.from_numpy(X)).numpy()
    assert np.isfinite(outputs).all()
    if layers == 1 and not skip:
        np.testing.assert_allclose(outputs, np.broadcast_to(outputs[:1], outputs.shape), atol=1e-12)
    opened = pickle.loads(pickle.dumps(model))  # without a warning
    np.testing.assert_array_equal(opened.predict(X), model.predict(X))
    again = opened.set_params(price=0.5, warm_start=True).fit(X, y)
    assert min(again.units_) >= 1
    assert again.width_ > 0.5 or layers == 2  # where two layers in a row are silent, no gradient reaches either


def test_a_layer_of_no_unit_is_stored():
    model = regressor(price=1e6, max_iter=60).fit(X, Y)
    network = model._start.network
    opened, x = unpacked(packed(network)), torch.randn(4, 3)
    assert torch.equal(opened(x), network(x))
    assert all(layer.requires_grad for layer in opened.parameters())
