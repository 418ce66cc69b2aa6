"""What cannot be fitted is refused before any training, with a remedy."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from continuum.errors import BadInput
from continuum.sklearn import training
from tests.sklearn.data import classifier, moons, regressor, waves, wine


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    def learn_width(*_, **__):
        pytest.fail("trained on bad input")

    monkeypatch.setattr(training, "learn_width", learn_width)
    monkeypatch.setattr(training, "width_path", learn_width)


PARAMETERS = {
    "price 0": ({"price": 0}, "price: expected a finite number > 0, got 0.0; .* None calibrates"),
    "price below 0": ({"price": -1.0}, "price: expected a finite number > 0, got -1.0"),
    "price nan": ({"price": np.nan}, "price: expected a finite number > 0, got nan"),
    "price word": ({"price": "auto"}, "price: expected a number > 0, got 'auto'; None calibrates it"),
    "no units": ({"max_units": 0}, "max_units: expected an integer >= 1, got 0"),
    "units 2.5": ({"max_units": 2.5}, "max_units: expected an integer >= 1, got 2.5"),
    "units True": ({"max_units": True}, "max_units: expected an integer >= 1, got True"),
    "layers": ({"hidden_layers": 0}, "hidden_layers: expected an integer >= 1, got 0"),
    "sizes": ({"hidden_layers": (5,)}, r"hidden_layers: expected an integer >= 1, got \(5,\)"),
    "steps": ({"max_iter": 0}, "max_iter: expected an integer >= 1, got 0"),
    "batch": ({"batch_size": 0}, "batch_size: expected an integer >= 1, got 0"),
    "batch word": ({"batch_size": "all"}, "batch_size: expected \"auto\", None or an integer >= 1, got 'all'"),
    "method": ({"method": "gradde"}, "method: expected one of .*graded.*, got 'gradde'; did you mean graded"),
    "exponent word": ({"exponent": "root"}, "exponent: expected a number > 0, got 'root'; 1 is the linear gate"),
    "exponent 0": ({"exponent": 0, "method": "interval"}, "exponent: expected a finite number > 0, got 0.0"),
    "no exponent": ({"exponent": 0.5}, "exponent: expected 1 with the method graded, got 0.5"),
    "activation": ({"activation": "tan"}, "activation: expected one of auto, relu, tanh, got 'tan'; did you mean tanh"),
    "switch": ({"early_stopping": "no"}, "early_stopping: expected True or False, got 'no'"),
    "fraction": ({"validation_fraction": 1.0}, r"validation_fraction: expected a number in \(0, 1\), got 1.0; hold"),
    "device": ({"device": "gpu"}, "device: expected a device that computes in float64 on this machine, got 'gpu'"),
    "no data": ({"device": "meta"}, "device: expected a device that computes .*got 'meta' .*; give \"cpu\""),
    "device number": ({"device": 1.5}, "device: expected a device that computes .*got 1.5"),
    "seed": ({"random_state": "x"}, "random_state: expected an integer in"),
}


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_parameters(make, parameters, message):
    X, y = wine()
    with pytest.raises(ValueError, match=message):
        make(**parameters).fit(X, y)
    with pytest.raises(ValueError, match=message):
        make(**parameters).fit("no data", None)  # parameters come first


def spoiled(value: float) -> np.ndarray:
    X, _ = wine()
    X[3, 2] = value
    return X


WINE, LABELS = wine()
FRAME = pd.DataFrame(WINE).add_prefix("x")
DATA = {
    "nan": (csr_array(spoiled(np.nan)), LABELS, "Input X contains NaN"),
    "complex": (WINE * 1j, LABELS, "Complex data not supported"),
    "complex objects": ((WINE * 1j).astype(object), LABELS, "Complex data not supported"),
    "one dimension": (WINE[:, 0], LABELS, "Expected 2D array, got 1D array instead"),
    "ragged": ([["red"], ["blue", 1.0]], [0, 1], "setting an array element with a sequence|inhomogeneous"),
    "inf": (spoiled(np.inf), LABELS, "Input X contains infinity"),
    "inf among words": (FRAME.assign(x3=np.inf, c="red"), LABELS, "Input X contains infinity"),
    "lengths of words": (FRAME.assign(c="red"), LABELS[:-1], "inconsistent numbers of samples"),
    "lengths": (WINE, LABELS[:-1], "inconsistent numbers of samples"),
    "one row": (WINE[:1], LABELS[:1], r"Found array with 1 sample\(s\).*minimum of 2 is required"),
    "no column": (WINE[:, :0], LABELS, r"Found array with 0 feature\(s\)"),
    "missing label": (WINE, np.where(LABELS, LABELS, np.nan), "Input y contains NaN"),
    "no y": (WINE, None, "requires y to be passed, but the target y is None"),
}


@pytest.mark.parametrize(("X", "y", "message"), DATA.values(), ids=DATA)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_data_as_scikit_learn_words_it(make, X, y, message):
    with pytest.raises(ValueError, match=message):
        make().fit(X, y)


def test_infinite_targets():
    X, y = waves()
    y[5] = np.inf
    with pytest.raises(ValueError, match="Input y contains infinity"):
        regressor().fit(X, y)


def test_numbers_are_no_labels():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        classifier().fit(*waves())


def test_one_class():
    X, y = moons()
    with pytest.raises(ValueError, match="at least 2 classes in the data, but the data contains only one class"):
        classifier().fit(X, np.zeros_like(y))
    with pytest.raises(ValueError, match="at least 2 classes in the data, but the data contains only one class"):
        classifier().fit(X, y, sample_weight=y)
    for y, shown in ((np.zeros(len(X)), r"0\.0"), (["only"] * len(X), "'only'"), ([3] * len(X), "3")):
        with pytest.raises(ValueError, match=f"only one class: {shown}$"):
            classifier().fit(X, y)


def test_too_few_rows_to_hold_any_out():
    X = np.arange(12.0)[:, None]
    y = np.arange(12) // 2
    message = "a row of every class in both parts, got 0.1 of 12 rows of 6 classes; hold out 6 rows or more"
    with pytest.raises(BadInput, match=f"validation_fraction: expected {message}"):
        classifier(method="interval", early_stopping=True).fit(X, y)
    with pytest.raises(BadInput, match="validation_fraction: expected rows of all 3 classes to train on, got 3 rows"):
        classifier(method="interval", early_stopping=True, validation_fraction=0.75).fit(
            X, np.minimum(y, 2) * (X[:, 0] < 6)
        )


@pytest.mark.parametrize("fraction", [0.001, 0.99, 0.999])
def test_no_two_parts_of_such_a_share(fraction):
    message = f"validation_fraction: expected a row .* in both parts, got {fraction} of "
    with pytest.raises(BadInput, match=f"{message}178 rows of 3 classes; hold out 3 rows or more"):
        classifier(method="interval", early_stopping=True, validation_fraction=fraction).fit(WINE, LABELS)
    with pytest.raises(BadInput, match=f"{message}178 rows of 3 classes; hold out 3 rows or more"):
        classifier().width_path(WINE, LABELS, validation_fraction=fraction)
    if fraction > 0.5:
        with pytest.raises(BadInput, match=f"{message}3 rows; hold out a share that leaves some"):
            regressor().width_path(WINE[:3], LABELS[:3], validation_fraction=fraction)


def test_a_class_of_one_row_is_in_no_two_parts():
    labels = np.where(np.arange(len(WINE)) == 7, 5, LABELS)
    message = "of 178 rows of 4 classes, one of which has a single row; give every class two rows or more"
    for method in (classifier(method="interval", early_stopping=True).fit, classifier().width_path):
        with pytest.raises(BadInput, match=message):
            method(WINE, labels)


def test_a_path_checks_like_fit():
    with pytest.raises(BadInput, match="validation_fraction: expected a number"):
        classifier().width_path(WINE, LABELS, validation_fraction=2)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        classifier().width_path(spoiled(np.inf), LABELS)
