"""Tables as users have them: texts, categories, points in time, gaps, sparse ones."""

import datetime
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from scipy.sparse import coo_array, csc_matrix, csr_array
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from continuum.errors import BadInput
from continuum.sklearn.table import numbers as numbers_module
from tests.sklearn.data import classifier, regressor, wine

ROWS = 120
RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.choice(["red", "green", "blue"], ROWS)
AGES = RANDOM.normal(40, 10, ROWS).round()
#: What the labels depend on: a text and a number, neither of which tells them alone.
LABELS = ((COLOURS == "red") ^ (AGES > 40)).astype(int)


def holed(values, every: int, hole) -> list:
    """Every so many values are missing."""
    return [hole if k % every == 0 else value for k, value in enumerate(values)]


def frame() -> pd.DataFrame:
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), unit="D")
    return pd.DataFrame(
        {
            "colour": COLOURS,
            "age": AGES,
            "object": pd.Series(COLOURS.astype(object)),
            "category": pd.Categorical(holed(COLOURS, 9, None)),
            "numbers as categories": pd.Categorical(AGES > 40),
            "bool": AGES > 40,
            "boolean": pd.Series(holed(AGES > 40, 7, None), dtype="boolean"),
            "Int64": pd.Series(holed(AGES.astype(int), 5, None), dtype="Int64"),
            "Float32": pd.Series(holed(AGES, 5, None), dtype="Float32"),
            "gaps": np.where(np.arange(ROWS) % 4, AGES, np.nan),
            "NA among objects": pd.Series(holed(COLOURS, 6, pd.NA), dtype=object),
            "NA among numbers": pd.Series(holed(AGES, 6, pd.NA), dtype=object),
            "day": days,
            "zone": pd.Series(days).dt.tz_localize("Europe/Berlin"),
            "span": days - days[0],
            "month": pd.Series(days).dt.to_period("M"),
            "string": pd.array(COLOURS, dtype="string"),
            "interval": pd.cut(AGES, [0, 40, 100]),
            "nothing": [None] * ROWS,
        }
    )


def test_a_frame_of_all_kinds():
    X = frame()
    model = classifier(max_iter=400).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.95
    assert model.n_features_in_ == X.shape[1]
    table = model.numbers(X)
    at = list(X.columns).index
    assert table.shape == (ROWS, X.shape[1] + 5)
    np.testing.assert_array_equal(table[:, at("colour")], [["blue", "green", "red"].index(c) for c in COLOURS])
    np.testing.assert_array_equal(table[::9, at("category")], 3)
    np.testing.assert_array_equal(table[:, at("bool")], AGES > 40)
    assert table[:3, at("day")].tolist() == [1577836800.0, 1577836800.0 + 86400, 1577836800.0 + 2 * 86400]
    assert table[0, at("zone")] == 1577836800.0 - 3600
    assert table[1, at("span")] == 86400
    assert table[0, at("gaps")] == pytest.approx(AGES[np.arange(ROWS) % 4 > 0].mean(), rel=1e-12)
    np.testing.assert_array_equal(table[:, X.shape[1]], np.arange(ROWS) % 7 == 0)
    with torch.no_grad():
        plain = model.export(dtype=torch.float64)(torch.from_numpy(table)).softmax(1).numpy()
    np.testing.assert_allclose(plain, model.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("column", [c for c in frame().columns if c not in ("nothing", "day", "zone", "span", "month")])
def test_each_column_tells_alone_what_it_holds(column):
    """A target that is a function of the column, gaps aside, is learned from it alone."""
    X = frame()[[column]]
    y = LABELS * 0 + (COLOURS == "red" if X[column].astype(str).isin(["red"]).any() else AGES > 40)
    there = ~X[column].isna().to_numpy()
    model = classifier(max_iter=300).fit(X, y)
    assert model.score(X[there], y[there]) > 0.95


def test_unknown_and_missing_categories_are_zeros():
    X = frame()[["colour", "age", "category"]]
    model = classifier().fit(X, LABELS)
    new = pd.DataFrame({"colour": ["pink", None, "red"], "age": [40.0] * 3, "category": ["red", None, "pink"]})
    assert model.numbers(new)[:, [0, 2]].tolist() == [[-1.0, 2.0], [-1.0, 3.0], [2.0, -1.0]]
    features = model.numbers(new)
    np.testing.assert_allclose(model.predict_proba(new), softmaxed(model, features), atol=1e-14)


def softmaxed(model, table):
    with torch.no_grad():
        return model.export(dtype=torch.float64)(torch.from_numpy(table)).softmax(1).numpy()


@pytest.mark.parametrize("hole", [np.nan, None, pd.NA])
def test_holes_in_an_array_of_objects(hole):
    X = np.array([holed(AGES, 5, hole), COLOURS.tolist()], dtype=object).T
    model = classifier(max_iter=400).fit(X, LABELS)
    table = model.numbers(X)
    np.testing.assert_array_equal(table[:, 2], np.arange(ROWS) % 5 == 0)
    there = np.arange(ROWS) % 5 > 0
    assert model.score(X[there], LABELS[there]) > 0.95
    assert model.predict(X[:1]).shape == (1,)


def test_lists_of_rows_and_arrays_of_texts():
    X = [[float(age), colour] for age, colour in zip(AGES, COLOURS, strict=True)]
    from_list, from_texts = (classifier().fit(table, LABELS) for table in (X, np.array(X)))
    np.testing.assert_array_equal(from_list.numbers(X), from_texts.numbers(np.array(X)))
    np.testing.assert_array_equal(from_list.predict_proba(X), from_texts.predict_proba(np.array(X)))


def test_texts_that_are_numbers_later_are_still_categories():
    X = np.array([["1", "2", "x"] * 10], dtype=object).T
    model = classifier().fit(X, np.arange(30) % 3)
    assert model.numbers(np.array([["1"], ["2"]], dtype=object)).tolist() == [[0.0], [1.0]]
    frame = pd.DataFrame({"c": pd.Categorical([7, 8] * 15)})
    model = classifier().fit(frame, np.arange(30) % 2)
    assert model.numbers(pd.DataFrame({"c": [7, 8, 9]})).tolist() == [[0.0], [1.0], [-1.0]]


def test_a_text_where_training_had_numbers():
    model = classifier().fit(*wine())
    with pytest.raises(ValueError, match="numbers in column 3, as in training, got 'red'; look for words"):
        model.predict(pd.DataFrame(wine()[0]).astype({3: object}).replace({3: {wine()[0][0, 3]: "red"}}).to_numpy())


def test_numbers_of_several_kinds_among_objects():
    X = np.array([[Decimal("1.5"), datetime.date(2020, 1, 2)], [True, datetime.date(2020, 1, 1)], [2, None]] * 10)
    model = regressor().fit(X, np.arange(30.0) % 3)
    assert model.numbers(X)[:3, 0].tolist() == [1.5, 1.0, 2.0]
    assert model.numbers(X)[0, 1] - model.numbers(X)[1, 1] == 86400


def test_gaps_in_an_array_of_numbers():
    X, y = wine()
    X[::4, 2] = np.nan
    model = classifier(max_iter=300, skip=False).fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.export()[0].in_features == X.shape[1] + 1
    X[:, 3] = np.nan  # none was missing there in training: it counts as the mean
    whole = np.where(np.isnan(X), np.nanmean(wine()[0], axis=0), X)
    np.testing.assert_allclose(model.numbers(X)[:, 3], whole[:, 3], rtol=1e-12)


def test_numbers_without_gaps_are_themselves():
    X, y = wine()
    np.testing.assert_array_equal(classifier().fit(X, y).numbers(X), X)


def test_weights_are_repetitions_in_tables_too():
    X = frame()[["colour", "category", "gaps"]]
    count = np.random.default_rng(0).integers(0, 3, ROWS)
    weighted = classifier(batch_size=None).fit(X, LABELS, sample_weight=count)
    repeated = classifier(batch_size=None).fit(X.loc[X.index.repeat(count)], LABELS.repeat(count))
    np.testing.assert_array_equal(weighted.numbers(X)[:, :2], repeated.numbers(X)[:, :2])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)


def test_texts_of_which_every_row_has_its_own_are_no_features():
    X = frame()[["colour", "age"]].assign(name=[f"n{k}" for k in range(ROWS)])
    model = classifier(max_iter=400).fit(X, LABELS)
    (note,) = [note for note in model.notes_ if "name" in note]
    assert note == "name: 120 categories beyond the 0 that are told apart (at most 100, of two rows or more) " + (
        "count as unknown"
    )
    np.testing.assert_array_equal(model.numbers(X)[:, 2], -1)
    assert model.score(X, LABELS) > 0.95


def test_rare_ones_of_many_categories_count_as_unknown():
    names = [f"n{k // 2 if k < 60 else k}" for k in range(ROWS * 2)] + ["often"] * ROWS
    X = pd.DataFrame({"name": names})
    model = classifier().fit(X, np.arange(3 * ROWS) >= 2 * ROWS)
    codes = model.numbers(X)[:, 0]
    assert set(codes) == set(range(-1, 31))
    assert (codes[60 : 2 * ROWS] == -1).all()
    assert model.score(X, np.arange(3 * ROWS) >= 2 * ROWS) == 1.0
    assert "name: 180 categories beyond the 31" in " ".join(model.notes_)


def test_cells_without_a_hash():
    X = np.array([[["a"], 1.0], [["b"], 2.0], [{"a": 1}, 1.0]] * 10, dtype=object)
    assert classifier().fit(X, np.arange(30) % 3).numbers(X)[:3, 0].tolist() == [0.0, 1.0, 2.0]


def one_hot() -> tuple[np.ndarray, np.ndarray]:
    codes = np.random.default_rng(0).integers(0, 40, (150, 2))
    X = np.hstack([np.eye(40)[codes[:, 0]], np.eye(40)[codes[:, 1]], codes[:, :1] / 10.0])
    return X, (codes[:, 0] > 20).astype(int)


@pytest.mark.parametrize("kind", [csr_array, csc_matrix, coo_array])
@pytest.mark.parametrize("parameters", [{}, {"batch_size": None}, {"early_stopping": True}], ids=str)
def test_sparse_as_dense(kind, parameters, monkeypatch):
    monkeypatch.setattr(numbers_module, "BLOCK", 1000)  # several blocks, of columns and of rows
    X, y = one_hot()
    dense, sparse = (classifier(**parameters).fit(table, y) for table in (X, kind(X)))
    np.testing.assert_allclose(sparse.predict_proba(kind(X)), dense.predict_proba(X), atol=1e-10)
    np.testing.assert_array_equal(sparse.numbers(kind(X)), X)
    np.testing.assert_array_equal(sparse.predict(X), dense.predict(kind(X)))


def test_sparse_in_a_pipeline_and_as_columns_of_a_frame():
    X = frame()[["colour"]].assign(age=AGES // 10)
    assert (
        cross_val_score(
            make_pipeline(OneHotEncoder(handle_unknown="ignore"), classifier(max_iter=300)), X, LABELS, cv=3
        ).min()
        > 0.7
    )
    columns = pd.get_dummies(X["colour"], sparse=True, dtype=float)
    assert classifier().fit(columns, COLOURS == "red").score(columns, COLOURS == "red") == 1.0


def test_too_many_numbers_are_refused_before_they_are_made_dense():
    X = csr_array((np.ones(2), ([0, 1], [0, 9])), shape=(10**6, 10**5))
    with pytest.raises(
        BadInput, match=r"X: expected at most 2 GiB .* got 1000000 rows of 100000 features, .*TruncatedSVD"
    ):
        regressor().fit(X, np.arange(10.0**6))


def test_tables_of_arrow():
    X = frame()[["colour", "age"]]
    model = classifier().fit(X, LABELS)
    np.testing.assert_array_equal(model.predict_proba(pa.Table.from_pandas(X)), model.predict_proba(X))
    X = X.astype({"colour": pd.ArrowDtype(pa.string()), "age": pd.ArrowDtype(pa.float64())})
    np.testing.assert_array_equal(classifier().fit(X, LABELS).predict_proba(X), model.predict_proba(X))


def test_columns_of_another_number_or_name():
    model = classifier().fit(frame()[["colour", "age"]], LABELS)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame()[["age", "colour"]])
    model = classifier().fit(frame()[["colour", "age"]].to_numpy(dtype=object), LABELS)
    with pytest.raises(ValueError, match="X has 1 features, but ContinuousMLPClassifier is expecting 2"):
        model.predict(frame()[["colour"]].to_numpy())


def test_a_table_is_stored_as_plain_data(tmp_path):
    X = frame().drop(columns=["nothing"])
    model = classifier().fit(X, LABELS)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.numbers(X), model.numbers(X))
    assert loaded.export(dtype=torch.float64)[0].in_features == model.numbers(X).shape[1]


@pytest.mark.parametrize("make", [classifier, regressor])
def test_batches_keep_the_categories_of_the_first_one(make):
    X = frame()[["colour", "gaps"]]
    model = make()
    first, second = X[:60], X[60:].assign(colour=["pink"] * 30 + ["red"] * 30)
    model.partial_fit(first, LABELS[:60], **({"classes": [0, 1]} if make is classifier else {}))
    before = model.numbers(first)
    model.partial_fit(second, LABELS[60:])
    np.testing.assert_array_equal(model.numbers(first), before)
    assert set(model.numbers(second)[:, 0]) == {-1.0, 2.0}
    fresh = make().fit(second, LABELS[60:])
    assert set(fresh.numbers(second)[:, 0]) == {0.0, 1.0}


def test_a_warm_start_keeps_categories_and_a_fresh_one_does_not():
    X = frame()[["colour"]]
    other = X.replace("blue", "pink")
    warm = classifier(warm_start=True).fit(X, LABELS).fit(other, LABELS)
    assert set(warm.numbers(other)[:, 0]) == {-1.0, 1.0, 2.0}
    assert set(classifier().fit(X, LABELS).fit(other, LABELS).numbers(other)[:, 0]) == {0.0, 1.0, 2.0}


def test_no_features_are_left():
    """A table whose only column tells nothing is predicted by its shares."""
    X = pd.DataFrame({"name": [f"n{k}" for k in range(ROWS)]})
    shares = classifier(max_iter=400).fit(X, LABELS).predict_proba(X)
    np.testing.assert_allclose(shares[:, 1], LABELS.mean(), atol=0.05)
