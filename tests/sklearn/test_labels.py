"""Targets: several labels a row, labels of two kinds, labels that are missing."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_score

from continuum.errors import BadInput
from continuum.sklearn.labels import refuse_missing
from tests.sklearn.data import classifier, regressor, waves, wine

X, LABELS = wine()
MANY_X, MANY = make_multilabel_classification(240, n_classes=4, random_state=0)
TEXTS = np.array(["a", "b", "c"], object)[LABELS]


def replaced(values: np.ndarray, value: object) -> np.ndarray:
    values = values.copy()
    values[3] = value
    return values


def test_several_labels_a_row():
    model = classifier().fit(MANY_X, MANY)
    p = model.predict_proba(MANY_X)
    assert p.shape == MANY.shape
    assert model.multilabel_
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert not np.allclose(p.sum(1), 1)  # they do not exclude each other
    np.testing.assert_array_equal(model.predict(MANY_X), p > 0.5)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(MANY_X)), p, rtol=1e-12)
    assert average_precision_score(MANY, p) > 0.8 > MANY.mean() + 0.2  # that of a constant
    with torch.no_grad():
        logits = model.export(dtype=torch.float64)(torch.tensor(MANY_X)).numpy()
    np.testing.assert_allclose(expit(logits), p, rtol=1e-9)
    # At the optimum the mean probability of a label is its share.
    np.testing.assert_allclose(p.mean(0), MANY.mean(0), atol=0.06)


def test_several_labels_elsewhere_in_scikit_learn():
    assert cross_val_score(classifier(), MANY_X, MANY, scoring="roc_auc", cv=2).min() > 0.7
    model = classifier(early_stopping=True).fit(MANY_X, csr_matrix(MANY))
    assert model.predict(MANY_X).shape == MANY.shape
    assert model.width_path(MANY_X, MANY, prices=(8.0, 2.0)).score.shape == (2,)
    assert classifier().fit(MANY_X, MANY).fit(X, LABELS).predict_proba(X).shape == (178, 3)


def test_refused_matrices():
    with pytest.raises(BadInput, match="class_weight: expected None with several labels, got balanced"):
        classifier(class_weight="balanced").fit(MANY_X, MANY)
    with pytest.raises(BadInput, match=r"y: expected labels \(n,\), .* got multiclass-multioutput; fit one classifier"):
        classifier().fit(X, np.column_stack([LABELS, LABELS]))


MISSING = {
    "array": replaced(TEXTS, pd.NA),
    "list": replaced(TEXTS, pd.NA).tolist(),
    "objects": pd.Series(replaced(TEXTS, pd.NA)),
    "strings": pd.Series(replaced(TEXTS, pd.NA)).astype("string"),
    "categories": pd.Series(replaced(TEXTS, pd.NA)).astype("category"),
    "integers": pd.Series(LABELS).astype("Int64").mask(LABELS == 2),
    "booleans": pd.Series(LABELS == 1).astype("boolean").mask(LABELS == 2),
    "None": replaced(TEXTS, None),
    "nan": replaced(TEXTS, np.nan),
    "NaT": pd.Series(replaced(pd.date_range("2020", periods=178).to_numpy(), np.datetime64("NaT"))),
}


@pytest.mark.parametrize("y", MISSING.values(), ids=MISSING)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_missing_target_is_one(make, y):
    with pytest.raises(ValueError, match=r"Input y contains NaN\.$"):
        make().fit(X, y)


WHOLE = {
    "array": TEXTS,
    "list": TEXTS.tolist(),
    "strings": pd.Series(TEXTS).astype("string"),
    "categories": pd.Series(TEXTS).astype("category"),
    "integers": pd.Series(LABELS).astype("Int64"),
    "booleans": pd.Series(LABELS == 1).astype("boolean"),
}


@pytest.mark.parametrize("y", WHOLE.values(), ids=WHOLE)
def test_whole_targets_of_every_kind_are_learned(y):
    assert (classifier().fit(X, y).predict(X) == np.asarray(y)).mean() > 0.95


def test_nullable_numbers_are_values():
    x, y = waves()
    expected = regressor().fit(x, y).predict(x)
    np.testing.assert_array_equal(regressor().fit(x, pd.Series(y).astype("Float64")).predict(x), expected)
    refuse_missing(y)


def test_labels_of_two_kinds():
    with pytest.raises(TypeError, match="uniformly strings or numbers"):
        classifier().fit(X, np.array(["a", 1, 2.5], dtype=object)[LABELS])


@pytest.mark.parametrize("seed", [10**200, -1, 2**32, np.int64(-5)])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_seed_that_is_none(make, seed):
    with pytest.raises(BadInput, match=r"random_state: expected an integer in \[0, 2\*\*32 - 1\]"):
        make(random_state=seed).fit(X, LABELS)


def test_the_largest_seed_is_one():
    assert classifier(random_state=2**32 - 1, max_iter=5).fit(X, LABELS).n_iter_ == 5
