"""Pickles of older versions, and files without pickle."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import torch
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from torch import nn

from continuum.errors import BadInput, StorageError
from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor, formats
from continuum.sklearn.saving import decoded, encoded
from tests.sklearn.data import classifier, moons, regressor, waves, wine

PICKLES = Path(__file__).parent / "pickles"
BOTH = pytest.mark.parametrize(("make", "data"), [(classifier, wine()), (regressor, waves(2))])


def of_format_0(name: str) -> ContinuousMLPClassifier | ContinuousMLPRegressor:
    """Fitted on iris before formats had a number: labels by name, and the last column from the others."""
    return pickle.loads((PICKLES / f"format0_{name}.pickle").read_bytes())


EXPECTED = {name: np.array(values) for name, values in json.loads((PICKLES / "format0.json").read_text()).items()}


def test_a_pickled_classifier_of_format_0_predicts_as_it_did():
    model = of_format_0("classifier")
    assert model.predict(EXPECTED["X"]).tolist() == EXPECTED["predict"].tolist()
    np.testing.assert_allclose(model.predict_proba(EXPECTED["X"]), EXPECTED["predict_proba"], rtol=1e-9)
    assert (model.temperature_, model.multilabel_, model.gates_, model.callbacks) == (1.0, False, (), None)
    assert model.get_params()["class_weight"] is None


def test_a_pickled_regressor_of_format_0_predicts_as_it_did():
    model = of_format_0("regressor")
    np.testing.assert_allclose(model.predict(EXPECTED["X"][:, :3]), EXPECTED["values"], rtol=1e-9)
    assert not hasattr(model, "temperature_")
    assert model.plot().axes
    again = pickle.loads(pickle.dumps(model))  # as one of today
    np.testing.assert_array_equal(again.predict(EXPECTED["X"][:, :3]), model.predict(EXPECTED["X"][:, :3]))
    assert model.fit(*waves()).gates_  # and is fitted anew


@BOTH
def test_a_pickle_is_plain_data_that_outlives_classes(make, data):
    model = make().fit(*data)
    state = model.__getstate__()
    assert state[formats.KEY] == formats.FORMAT == len(formats.MIGRATIONS)
    for name in ("_network", "_start"):
        assert set(state[name]) == {"packed", "arrays"}
        json.dumps(state[name]["packed"])
    written = pickle.dumps(model)
    assert b"torch" not in written
    assert set(vars(pickle.loads(written))) == set(vars(model))


def test_a_pickle_of_the_future_is_refused():
    state = classifier().fit(*wine()).__getstate__() | {formats.KEY: formats.FORMAT + 1}
    with pytest.raises(BadInput, match="stored estimator: expected format 1 or older, got format 2; open it with"):
        classifier().__setstate__(state)


def test_an_estimator_before_its_fit_is_stored_too():
    model = pickle.loads(pickle.dumps(classifier(price=2.5)))
    assert model.price == 2.5
    with pytest.raises(NotFittedError):
        model.predict(wine()[0])


@BOTH
def test_saved_and_loaded(make, data, tmp_path):
    model = make(hidden_layers=2).fit(*data)
    model.save(tmp_path / "model.safetensors")
    loaded = type(model).load(str(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict(data[0]), model.predict(data[0]))
    assert loaded.get_params() == model.get_params()
    assert set(vars(loaded)) == set(vars(model))
    assert (loaded.widths_, loaded.units_, loaded.notes_) == (model.widths_, model.units_, model.notes_)
    for layer, other in zip(loaded.export(), model.export(), strict=True):
        assert type(layer) is type(other)
    known = {"classes": [0, 1, 2]} if make is classifier else {}
    np.testing.assert_array_equal(loaded.partial_fit(*data, **known).widths_, model.partial_fit(*data).widths_)


def test_columns_and_labels_are_saved(tmp_path):
    X, y = wine()
    frame, names = pd.DataFrame(X).add_prefix("x"), np.array(["barbera", "barolo", "grignolino"], object)
    for labels in (names[y], names[y].astype(str), y > 0, y.astype(float)):
        model = classifier().fit(frame, labels)
        model.save(tmp_path / "m")
        loaded = ContinuousMLPClassifier.load(tmp_path / "m")
        assert loaded.classes_.dtype == model.classes_.dtype
        np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))
        with pytest.raises(ValueError, match="feature names"):
            loaded.predict(frame.add_suffix("!"))


def test_a_file_is_safetensors_with_json(tmp_path):
    model = classifier(random_state=np.random.RandomState(0), callbacks=[print][:0], device=torch.device("cpu"))
    model.fit(*moons()).save(tmp_path / "m")
    with safetensors.safe_open(tmp_path / "m", "np") as file:
        header = json.loads(file.metadata()["continuum"])
    assert header["class"] == "ContinuousMLPClassifier"
    assert header["_format"] == formats.FORMAT
    loaded = ContinuousMLPClassifier.load(tmp_path / "m")
    assert (loaded.random_state, loaded.callbacks, loaded.device) == (None, None, "cpu")


def test_what_is_no_such_file(tmp_path):
    regressor().fit(*waves()).save(tmp_path / "r")
    (tmp_path / "text").write_text("no tensors")
    with pytest.raises(BadInput, match="expected a ContinuousMLPClassifier, got a ContinuousMLPRegressor"):
        ContinuousMLPClassifier.load(tmp_path / "r")
    for name in ("text", "absent"):
        with pytest.raises(
            BadInput, match=r"expected a ContinuousMLPClassifier in safetensors, got .*; give a file that"
        ):
            ContinuousMLPClassifier.load(tmp_path / name)
    header = {"class": "ContinuousMLPRegressor", "state": {"a": {"class": "continuum.absent.Class", "fields": {}}}}
    safetensors.numpy.save_file({}, tmp_path / "odd", {"continuum": json.dumps(header)})
    with pytest.raises(BadInput, match="in safetensors, got ModuleNotFoundError"):
        ContinuousMLPRegressor.load(tmp_path / "odd")
    with pytest.raises(NotFittedError):
        classifier().save(tmp_path / "m")
    with pytest.raises(StorageError, match="expected a folder that can be written"):
        regressor().fit(*waves()).save(tmp_path / "absent" / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("value", [object(), nn.Sequential(nn.Conv1d(1, 1, 1)), {1: {2, 3}}])
def test_what_has_no_json_is_refused(value):
    with pytest.raises(BadInput, match=r"save: expected .*; pickle the estimator instead"):
        encoded(value, {})


def test_a_file_names_no_other_classes():
    for place in (
        "os.path.join",
        "subprocess.Popen",
        "continuum.sklearn.saving.decoded",
        "continuumx.A",
        "numpy.dtype",
    ):
        with pytest.raises(TypeError, match="is no part of an estimator"):
            decoded({"class": place, "fields": {}}, {})


def test_sparse_matrices_and_layers_without_bias_come_back():
    arrays = {}
    sparse = csr_array(np.array([[0.0, 2.0], [0.0, 0.0]]))
    back = decoded(json.loads(json.dumps(encoded({3: sparse}, arrays))), arrays)[3]
    np.testing.assert_array_equal(back.toarray(), sparse.toarray())
    layers = nn.Sequential(nn.Linear(3, 2, bias=False), nn.Sequential(nn.Tanh()))
    back = decoded(json.loads(json.dumps(encoded(layers, arrays))), arrays)
    assert torch.equal(back(torch.ones(3)), layers(torch.ones(3)))
    texts = np.array([["a", None], [1.5, True]], object)
    np.testing.assert_array_equal(decoded(encoded(texts, arrays), arrays), texts)


@pytest.mark.parametrize("value", [None, 1.5, "a", [1, (2, "b")], {"a": {3: None}}, (), np.float64(2)])
def test_values_come_back(value):
    arrays = {}
    assert decoded(json.loads(json.dumps(encoded(value, arrays))), arrays) == value
