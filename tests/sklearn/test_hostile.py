"""Tables, targets and weights that no fit can use, or that only look so: one test for each kind that was met."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.metrics import r2_score

from continuum.errors import BadInput
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Scales
from continuum.sklearn.weights import class_weights, relative
from tests.sklearn.data import classifier, regressor

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 2))
Y, LABELS = X[:, 0] + 0.5 * X[:, 1], np.arange(40) % 3
DAYS = pd.Series(pd.date_range("2020", periods=40))

TABLES = {
    "text": ("flowers.csv", "X: expected a table of rows and columns, got str; read the file first"),
    "mapping": ({"a": [1]}, r"got dict; give pandas\.DataFrame"),
    "mappings": ([{"a": 1.0}] * 40, r"got a list of mappings; give pandas\.DataFrame"),
    "generator": ((row for row in X), r"got generator; give list\(X\)"),
    "set": ({1.0, 2.0}, "got set; give rows in an order"),
    "column": (X[:, 0], r"Expected 2D array, got 1D array instead\. Reshape your data"),
    "one name": (
        pd.DataFrame(X, columns=["a", "a"]),
        "columns of different names, got 2 columns named 'a'; rename them",
    ),
    "one number": (pd.DataFrame(X, columns=[7, 7]), "columns of different names, got 2 columns named .*7"),
    "one pair": (pd.DataFrame(X, columns=pd.MultiIndex.from_tuples([("a", 1)] * 2)), "got 2 columns named"),
    "complex": (X + 1j, "Complex data not supported: give real and imaginary parts as columns"),
    "complex sparse": (csr_array(X + 1j), "Complex data not supported: give"),
    "complex column": (pd.DataFrame({"a": X[:, 0], "b": X[:, 1] + 1j, "c": "red"}), "Complex data not supported: give"),
    "400 digits": (np.array([[10**400, 1.0]] * 40, dtype=object), "Input X contains infinity or a value too large"),
    "400 digits in a frame": (pd.DataFrame({"a": [10**400] * 40}), "Input X contains infinity or a value too large"),
    "records": (np.zeros((40, 2), [("a", "f8")]), "X: expected numbers, texts or records, one per row"),
}


@pytest.mark.parametrize(("table", "message"), TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_tables(make, table, message):
    with pytest.raises(ValueError, match=message) as error:
        make().fit(table, LABELS)
    assert len(str(error.value)) < 400


NO_TARGETS = {
    "words": (np.array(["red"] * 40), "y: expected numbers, got .*'red'.*, of type .*; ContinuousMLPClassifier learns"),
    "objects": (np.array(["red"] * 40, dtype=object), "y: expected numbers, got 'red', of type str"),
    "bytes": (np.array([b"red"] * 40), "y: expected numbers, got .*b'red'"),
    "lists": ([[1.0], [1.0, 2.0]] * 20, "y: expected one value per row, or as many in each row, got rows of different"),
    "dates": (DAYS, "y: expected numbers, got points in time; give seconds since the first of them"),
    "spans": ((DAYS - DAYS[0]).to_numpy(), "y: expected numbers, got spans of time; divide them by a unit"),
    "months": (DAYS.dt.to_period("M"), "y: expected numbers, got Period.*of type Period"),
    "400 digits": (np.array([10**400] * 40, dtype=object), "Input y contains infinity"),
    "records": (np.zeros(40, [("a", "f8")]), "y: expected numbers, got records; give one of their fields"),
    "complex": (Y + 1j, "Complex data not supported"),
    "masked": (np.ma.masked_array(Y, Y > 0), "Input y contains NaN"),
    "range": (1e307 * Y, r"y: expected targets within 1e\+300, got .*; divide them by a unit"),
}


@pytest.mark.parametrize(("y", "message"), NO_TARGETS.values(), ids=NO_TARGETS)
def test_what_are_no_numbers_to_predict(y, message):
    with pytest.raises(ValueError, match=message) as error:
        regressor().fit(X, y)
    assert len(str(error.value)) < 400


def test_numbers_in_other_forms_are_targets():
    right = regressor().fit(X, Y).predict(X)
    for y in (Y.astype(str), Y.astype(object), [repr(float(k)) for k in Y], csr_array(Y[:, None]).toarray()[:, 0]):
        np.testing.assert_array_equal(regressor().fit(X, y).predict(X), right)
    both = np.column_stack([Y, -Y])
    sparse = regressor().fit(X, csr_array(both)).predict(X)
    np.testing.assert_array_equal(sparse, regressor().fit(X, both).predict(X))


NO_LABELS = {
    "records": (np.zeros(40, [("a", "f8")]), "y: expected labels, got records"),
    "complex": (LABELS + 1j, "Complex data not supported"),
    "masked": (np.ma.masked_array(LABELS, LABELS == 1), "Input y contains NaN"),
    "lists": ([[1], [1, 2]] * 20, "y: expected one value per row"),
    "huge": (LABELS * 1e300, "Unknown label type: continuous"),
}


@pytest.mark.parametrize(("y", "message"), NO_LABELS.values(), ids=NO_LABELS)
def test_what_are_no_labels(y, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, y)


CLASSES = {
    "objects": (np.array([1, "a"], dtype=object), "classes: expected labels of one kind, got several kinds"),
    "none": (np.array([0, None], dtype=object), "Input y contains NaN"),
    "number": (3, "classes: expected labels, got 3; name all labels"),
    "word": ("red", "classes: expected labels, got 'red'"),
}


@pytest.mark.parametrize(("classes", "message"), CLASSES.values(), ids=CLASSES)
def test_classes_of_a_first_batch(classes, message):
    with pytest.raises(ValueError, match=message):
        classifier().partial_fit(X, LABELS, classes=classes)


def test_of_many_strange_labels_the_first_are_named():
    model = classifier().partial_fit(X, LABELS, classes=[0, 1, 2])
    with pytest.raises(BadInput, match="got 100, 101, 102, 103, 104 and 5 more; name all labels"):
        model.partial_fit(X, 100 + np.arange(40) % 10)


NO_WEIGHTS = {
    "word": ("balanced", "sample_weight: expected numbers, got .*'balanced'.*; give one number >= 0 per row, or None"),
    "words": (["a"] * 40, "sample_weight: expected numbers, got"),
    "mapping": ({}, "sample_weight: expected numbers, got {}, of type dict"),
    "spans": ((DAYS - DAYS[0]).to_numpy(), "sample_weight: expected numbers, got spans of time"),
    "masked": (np.ma.masked_array(np.ones(40), Y > 0), "Input sample_weight contains NaN"),
    "400 digits": ([10**400] * 40, "Input sample_weight contains infinity"),
}


@pytest.mark.parametrize(("weight", "message"), NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_are_no_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, Y, weight)


HEAVY = {
    "all 1e300": np.full(40, 1e300),
    "sum without end": np.full(40, 1.7e308),
    "one 1e300": np.where(np.arange(40) == 0, 1e300, 1.0),
    "one 1e300, others 1e-300": np.where(np.arange(40) == 0, 1e300, 1e-300),
    "one light": np.where(np.arange(40) == 0, 1e-300, 1.0),
    "all the least": np.full(40, 5e-324),
    "all powers": 10.0 ** np.linspace(-300, 300, 40),
}


@pytest.mark.parametrize("weight", HEAVY.values(), ids=HEAVY)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_weights_of_any_size(make, weight):
    model = make(max_iter=800, price=None).fit(X, LABELS, weight)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.width_curve_).all()
    assert np.isfinite(model._outputs(X)).all()


def test_shares_of_any_size_are_numbers_in_single_precision():
    with np.errstate(under="ignore"):
        light = relative(np.array([1e300, 1e-300])).astype(np.float32)
    assert (light > 0).all()


def multiplied(own: np.ndarray, of_class: np.ndarray) -> np.ndarray:
    """Wrong where products are no numbers."""
    with np.errstate(over="ignore", under="ignore"):
        return own * of_class


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_weights_of_rows_and_classes_have_products(size):
    own, labels = np.array([1.0, 2.0, 3.0]), np.array([0, 1, 1])
    weights = class_weights({0: size, 1: 2 * size}, labels, size * own)
    np.testing.assert_allclose(weights / weights[0], [1.0, 4.0, 6.0], rtol=1e-12)
    wrong = multiplied(size * own, size * np.array([1.0, 2.0, 2.0]))
    with pytest.raises(AssertionError), np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_allclose(wrong / wrong[0], [1.0, 4.0, 6.0], rtol=1e-12)
    balanced = class_weights("balanced", labels, np.full(3, 1.7e308))
    np.testing.assert_allclose(balanced / balanced[0], [1.0, 0.5, 0.5], rtol=1e-12)


def test_a_mask_is_a_hole_and_no_number_beneath_it():
    masked = np.ma.masked_array(X, X > 1)
    model, holes = regressor().fit(masked, Y), regressor().fit(np.where(X > 1, np.nan, X), Y)
    np.testing.assert_array_equal(model.numbers(masked), holes.numbers(np.where(X > 1, np.nan, X)))
    texts = np.ma.masked_array(np.array([["red"], ["blue"]] * 20, dtype=object), mask=[[False], [True]] * 20)
    assert classifier().fit(texts, LABELS).numbers(texts)[:2, 0].tolist() == [0.0, 1.0]  # one more category


def test_records_are_a_frame():
    records = np.array(list(zip(X[:, 0], np.arange(40), strict=True)), [("a", "f8"), ("b", "i4")])
    assert regressor().fit(records, Y).feature_names_in_.tolist() == ["a", "b"]


def test_sparse_columns_that_are_full_of_something_else():
    ones = pd.arrays.SparseArray(np.where(X[:, 0] > 0, 1.0, X[:, 0]), fill_value=1.0)
    frame = pd.DataFrame({"a": ones, "b": pd.arrays.SparseArray(X[:, 1])})
    plain = pd.DataFrame({"a": np.asarray(ones), "b": X[:, 1]})
    np.testing.assert_array_equal(regressor().fit(frame, Y).predict(frame), regressor().fit(plain, Y).predict(plain))


def test_rows_beyond_the_reach_of_a_network_are_named():
    model = regressor().fit(pd.DataFrame(X, columns=["acid", "sugar"]), Y)
    far = pd.DataFrame(X, columns=["acid", "sugar"])
    far.loc[3, "sugar"] = 1.7e308
    model._network[-1].linear.weight.data.mul_(1e3) if hasattr(model._network[-1], "linear") else None
    model._network[0].weight.data.mul_(1e3) if hasattr(model._network[0], "weight") else None
    with pytest.raises(BadInput, match=r"got 1\.7e\+308 in row 3 of sugar; look at the unit of this column"):
        model.predict(far)


def test_spreads_near_the_end_of_doubles():
    wide = np.array([[-1.7e308], [1.7e308]] * 20)
    model = classifier(encoding="piecewise").fit(wide, np.arange(40) % 2)
    assert model.score(wide, np.arange(40) % 2) == 1
    with pytest.raises(BadInput, match="dtype: expected a type in which outputs are finite"):
        model.export()


@pytest.mark.parametrize("size", [1e-300, 1e299])
def test_scores_of_targets_of_any_size(size):
    y = Y + RANDOM.normal(size=40)
    model = regressor().fit(X, size * y)
    assert model.score(X, size * y) == pytest.approx(regressor().fit(X, y).score(X, y), rel=1e-3)
    with pytest.raises(AssertionError), np.errstate(all="ignore"):
        assert r2_score(size * y, model.predict(X)) == pytest.approx(model.score(X, size * y), rel=1e-3)


def test_ordinary_scores_are_those_of_scikit_learn():
    model, weight = regressor().fit(X, Y), RANDOM.random(40)
    assert model.score(X, Y, weight) == r2_score(Y, model.predict(X), sample_weight=weight)


def test_rows_held_out_stay_within_single_precision():
    inside, outside = np.array([[1e-60], [2e-60]]), np.array([[1.0], [-1.0]])
    scales = Scales.of(EstimatorRows(inside, inside), classes=False)
    rows = scales(EstimatorRows(outside, outside))
    assert bool(torch.isfinite(rows.x).all())
    assert bool(torch.isfinite(rows.y.square()).all())


PARAMETERS = {
    "warm_start": np.array([1, 2]),
    "method": np.array(["graded", "path"]),
    "encoding": np.array([1, 2]),
    "price": 10**400,
    "max_seconds": 10**400,
    "device": 10**400,
    "random_state": np.random.default_rng(0),
    "validation_fraction": 10**400,
    "hidden_layers": 10**9,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_of_any_kind(name):
    with pytest.raises(BadInput, match=f"{name}: expected "):
        regressor(**{name: PARAMETERS[name]}).fit(X, Y)


def test_a_class_weight_of_400_digits():
    with pytest.raises(BadInput, match="class_weight: expected numbers"):
        classifier(class_weight={0: 10**400}).fit(X, LABELS)


WRITTEN = {
    "dates": DAYS.to_numpy()[LABELS],
    "spans": (DAYS - DAYS[0]).to_numpy()[LABELS],
}


@pytest.mark.parametrize("labels", WRITTEN.values(), ids=WRITTEN)
def test_labels_of_every_kind_can_be_written(labels, tmp_path):
    model = classifier().fit(X, labels)
    model.save(tmp_path / "model.safetensors")
    twin = type(model).load(tmp_path / "model.safetensors")
    assert twin.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))


def test_no_warning_of_arithmetic_is_heard():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regressor().fit(X * np.array([1e307, 1e-307]), Y)
        regressor().fit(np.where(X > 2, 1e308, X), 1e299 * Y)
        regressor().fit(X.astype(np.float16), Y.astype(np.float16))
        regressor().fit(X.astype(np.int8), np.full(40, -128, np.int8))


def test_a_parameter_that_cannot_be_written_is_refused_and_nothing_lies_there(tmp_path):
    X, y = np.arange(12.0)[:, None], np.arange(12.0)
    model = regressor(max_iter=1, verbose=10**5000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    with pytest.raises(BadInput, match="parameters: expected numbers that can be written, got Exceeds the limit"):
        model.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())
