"""The plain network computes what the estimator predicts, from raw features, here and elsewhere."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.exceptions import NotFittedError
from torch import nn

from continuum.errors import BadInput
from continuum.nn import Skip
from tests.sklearn.data import classifier, regressor, waves, wine


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("encoding", ["raw", "piecewise"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_raw_features_to_logits(layers, dtype, encoding, skip):
    X, y = wine()
    model = classifier(hidden_layers=layers, encoding=encoding, skip=skip).fit(X, y)
    network = model.export(dtype=dtype)
    assert not network.training
    front, beside = list(network), None
    if skip:
        beside = front.pop()
        assert isinstance(beside, Skip)
        assert beside.linear.out_features == 3
        front += beside.body
    kinds = [nn.Linear, nn.ReLU] * (encoding == "piecewise") + [nn.Linear, nn.ReLU] * layers + [nn.Linear]
    assert [type(layer) for layer in front] == kinds
    hidden = front[2 * (encoding == "piecewise") : -1 : 2]
    assert tuple(layer.out_features for layer in hidden) == model.units_
    with torch.no_grad():
        logits = network(torch.tensor(X, dtype=dtype)).numpy()
    # Means of the features are up to 20 times their spread, so that float32 loses about two of its seven digits; bins
    # have a spread as small as a sixteenth of their column's.
    tolerance = (1e-4 if encoding == "raw" else 1e-3) if dtype == torch.float32 else 1e-12
    np.testing.assert_allclose(softmax(logits, axis=1), model.predict_proba(X), atol=tolerance)


def test_a_line_alone_is_one_layer():
    X, _ = waves()
    model = regressor(max_iter=None, price=None).fit(X, 3 * X[:, 0] - X[:, 1])
    assert model.units_ == (0,)
    network = model.export(dtype=torch.float64)
    assert [type(layer) for layer in network] == [nn.Linear]
    np.testing.assert_allclose(network(torch.tensor(X)).detach()[:, 0], model.predict(X), rtol=1e-12)


def test_raw_features_to_raw_targets():
    X, y = waves(outputs=2)
    model = regressor().fit(X, y)
    with torch.no_grad():
        plain = model.export(dtype=torch.float64)(torch.tensor(X)).numpy()
    np.testing.assert_allclose(plain, model.predict(X), rtol=1e-12)


def test_a_copy_of_ones_own():
    X, y = wine()
    model = classifier().fit(X, y)
    before = model.predict_proba(X)
    for copy in (model.export(), model.export(dtype=torch.float64)):
        for weight in copy.parameters():
            nn.init.zeros_(weight)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_before_fit():
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        classifier().export()


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, "float32"])
def test_a_type_that_holds_no_weights(dtype):
    model = regressor(max_iter=20).fit(*waves())
    with pytest.raises(BadInput, match=f"dtype: expected a floating-point type of torch, got {dtype!r}; give torch.fl"):
        model.export(dtype=dtype)


@pytest.mark.filterwarnings("ignore")  # of the exporter, about itself
def test_onnx_runtime_predicts_the_same(tmp_path):
    pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    X, y = waves()
    model = regressor().fit(X, y)
    path, x = tmp_path / "network.onnx", torch.tensor(X, dtype=torch.float32)
    shapes = ({0: torch.export.Dim("rows")},)
    torch.onnx.export(model.export(), (x[:5],), path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (output,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    # Targets of about 1000 with a spread of 50; features at 15 times their spread.
    np.testing.assert_allclose(output[:, 0], model.predict(X), rtol=0, atol=0.01)


def test_many_rows_are_predicted_in_parts(monkeypatch):
    X, y = wine()
    model = classifier().fit(X, y)
    before = model.predict_proba(X)
    monkeypatch.setattr("continuum.sklearn.estimator.AT_ONCE", 7)
    np.testing.assert_allclose(model.predict_proba(X), before, rtol=1e-10)
