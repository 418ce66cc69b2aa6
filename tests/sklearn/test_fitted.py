"""What an estimator knows after it was fitted."""

import io
from contextlib import redirect_stdout

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from tests.sklearn.data import classifier, moons, regressor, waves, wine


@pytest.mark.parametrize("layers", [1, 2])
def test_widths_and_curves(layers):
    X, y = wine()
    model = classifier(hidden_layers=layers, rounding="width").fit(X, y)
    assert len(model.widths_) == len(model.units_) == layers
    assert model.width_ == sum(model.widths_)
    assert all(max(1, np.ceil(w - 1e-6)) == n for w, n in zip(model.widths_, model.units_, strict=True))
    assert model.width_curve_.shape == (len(model.loss_curve_), layers)
    np.testing.assert_allclose(model.width_curve_[-1], model.widths_, rtol=1e-6)
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    assert model.n_iter_ == 120
    assert (model.price_, model.activation_, model.validation_losses_) == (3.0, "relu", ())
    assert np.isnan(model.rounding_gap_)  # of 120 steps none go to a choice
    assert any("to hold some out" in note for note in model.notes_)
    assert model.score(X, y) > 0.95


def test_a_higher_price_buys_less_width():
    X, y = wine()
    widths = [classifier(price=price).fit(X, y).width_ for price in (1.0, 10.0, 100.0)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.5 * widths[2]


def test_regression_in_its_own_units():
    X, y = waves()
    model = regressor(max_iter=400).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.9
    assert abs(model.predict(X).mean() - y.mean()) < 5  # of a spread of about 50


def test_several_targets_share_the_layers():
    X, y = waves(outputs=3)
    model = regressor(max_iter=400).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.8


def test_a_constant_target_is_predicted_exactly():
    X, y = waves()
    np.testing.assert_array_equal(regressor(max_iter=20).fit(X, np.full_like(y, 7.5)).predict(X), 7.5)


def test_frames_with_names_and_string_labels():
    X, y = wine()
    names = np.array(["barbera", "barolo", "grignolino"])
    frame, labels = pd.DataFrame(X).add_prefix("x"), pd.Series(names[y], index=np.arange(len(y)) + 5)
    model = classifier().fit(frame, labels)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert model.classes_.tolist() == names.tolist()
    assert model.n_features_in_ == 13
    assert (model.predict(frame) == labels.to_numpy()).mean() > 0.95
    np.testing.assert_array_equal(model.predict_proba(frame), classifier().fit(X, y).predict_proba(X))
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        model.predict(frame.add_suffix("!"))


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(make, monkeypatch):
    X, y = wine()
    model = make().fit(pd.DataFrame(X).add_prefix("x"), np.array(["x", "yy", "zzz"])[y] if make is classifier else y)
    before, state = model.predict(pd.DataFrame(X).add_prefix("x")), dict(vars(model))
    with pytest.raises(ValueError, match=r"only one class|Input y contains NaN"):
        model.fit(X[:, :2], ["only"] * len(X) if make is classifier else y * np.nan)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("continuum.sklearn.training.learn_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :2], y)  # labels and columns are known, a network is not
    assert vars(model) == state
    np.testing.assert_array_equal(model.predict(pd.DataFrame(X).add_prefix("x")), before)


def test_a_refit_takes_the_place_of_the_fit_before():
    X, y = wine()
    model = classifier().fit(pd.DataFrame(X).add_prefix("x"), y)
    again, fresh = model.fit(X[:, :2], y > 0), classifier().fit(X[:, :2], y > 0)
    assert again is model
    assert set(vars(model)) == set(vars(fresh))  # no names of columns are left
    np.testing.assert_array_equal(model.predict_proba(X[:, :2]), fresh.predict_proba(X[:, :2]))


@pytest.mark.parametrize("unit", [2.0**-700, 2.0**700])
def test_no_unit_is_too_small_or_too_large(unit):
    """Squares of such numbers are no doubles. Powers of two change no bit but those of the exponent."""
    X, y = waves()
    expected = regressor().fit(X, y).predict(X)
    np.testing.assert_array_equal(regressor().fit(X * unit, y).predict(X * unit), expected)
    np.testing.assert_array_equal(regressor().fit(X, y * unit).predict(X), expected * unit)


def test_probabilities():
    X, y = moons()
    model = classifier().fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), p, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])
    # At the optimum the mean probability of a class is its share; unlike argmax, a swap of columns would show.
    np.testing.assert_allclose(p.mean(axis=0), np.bincount(y) / len(y), atol=0.02)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_equal_seeds_give_equal_bits_and_others_do_not(make):
    X, y = wine()
    first, again, other = (make(random_state=seed).fit(X, y) for seed in (1, 1, 2))
    assert first.widths_ == again.widths_
    np.testing.assert_array_equal(first.predict(X), again.predict(X))
    assert first.widths_ != other.widths_
    drawn = [make(random_state=np.random.RandomState(3)).fit(X, y).widths_ for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_without_a_seed_runs_differ():
    X, y = moons()
    assert classifier(random_state=None).fit(X, y).width_ != classifier(random_state=None).fit(X, y).width_


@pytest.mark.parametrize(("make", "y"), [(classifier, moons()[1]), (regressor, moons()[0][:, 0])])
def test_in_a_full_batch_weights_are_repetitions_to_the_bit(make, y):
    X, _ = moons()
    count = np.random.default_rng(0).integers(0, 4, len(X))
    weighted = make(batch_size=None).fit(X, y, sample_weight=count)
    shuffled = np.random.default_rng(1).permutation(count.sum())
    repeated = make(batch_size=None).fit(X.repeat(count, axis=0)[shuffled], y.repeat(count)[shuffled])
    assert weighted.widths_ == repeated.widths_
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))
    assert weighted.widths_ != make(batch_size=None).fit(X, y).widths_


def test_merging_equal_rows_changes_nothing():
    X, y = wine()
    merged, large = (classifier(batch_size=size).fit(X.repeat(4, 0), y.repeat(4)) for size in (None, 10**6))
    assert merged.width_ == pytest.approx(large.width_, rel=0.01)


@pytest.mark.parametrize("size", [16, None])
def test_weighted_shares_are_learned(size):
    X = np.arange(200.0)[:, None] % 2
    y = (np.arange(200) % 4 > 1) * 1  # half and half, whatever X
    model = classifier(batch_size=size, max_iter=300).fit(X, y, sample_weight=np.where(y == 1, 9.0, 1.0))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.9, atol=0.06)


def test_weighted_means_are_learned():
    X = np.arange(200.0)[:, None] % 2
    y = 10.0 * (np.arange(200) % 4 > 1)
    model = regressor(max_iter=300).fit(X, y, sample_weight=np.where(y > 0, 9.0, 1.0))
    np.testing.assert_allclose(model.predict(X), 9.0, atol=0.6)


def test_a_class_of_weight_0_is_none():
    X, y = wine()
    model = classifier().fit(X, y, sample_weight=(y != 1) * 1.0)
    assert model.classes_.tolist() == [0, 2]
    assert set(model.predict(X)) == {0, 2}


def test_too_few_units_are_no_secret():
    X, y = wine()
    with pytest.warns(ConvergenceWarning, match="all of max_units=2 are on.*raise max_units or the price") as caught:
        model = classifier(max_units=2, price=0.01).fit(X, y)
    assert caught[0].filename == __file__
    assert model.units_ == (2,)
    assert any("max_units" in note for note in model.notes_)


@pytest.mark.parametrize(("make", "data"), [(classifier, moons()), (regressor, waves())])
def test_early_stopping_keeps_the_best_of_doubling_runs(make, data):
    model = make(max_iter=800, early_stopping=True, price=None).fit(*data)
    losses = model.validation_losses_
    assert 2 <= len(losses) <= 4
    assert list(losses[:-1]) == sorted(losses[:-1], reverse=True)
    runs = sum(800 // share + 800 // share // 2 for share in (8, 4, 2, 1)[: len(losses)])
    assert model.n_iter_ >= runs
    assert model.score(*data) > 0.8


def test_early_stopping_stops():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 5)), rng.integers(0, 2, 150)  # nothing to learn
    model = classifier(max_iter=800, early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(model.validation_losses_) < 4
    assert model.n_iter_ < 1200


def test_verbose_shows_steps_and_width():
    X, y = wine()
    shown, silent = io.StringIO(), io.StringIO()
    with redirect_stdout(shown):
        loud = classifier(verbose=True).fit(X, y)
    with redirect_stdout(silent):
        quiet = classifier().fit(X, y)
    assert "120/120 steps, width" in shown.getvalue()
    assert silent.getvalue() == ""
    assert loud.widths_ == quiet.widths_


def test_width_path_is_a_frontier_and_leaves_the_estimator_alone():
    X, y = wine()
    estimator = classifier(max_iter=900)
    path = estimator.width_path(X, y, prices=(30.0, 10.0, 3.0))
    assert path.prices == (30.0, 10.0, 3.0)
    assert path.widths[0] < path.widths[-1]
    assert 0 <= path.one_standard_error() <= path.best()
    assert not [name for name in vars(estimator) if name.endswith("_")]
    assert path.score[path.best()] > -0.1  # minus Brier's score of the rows held out; knowing nothing has -0.67


def test_width_path_counts_repeated_rows_in_a_full_batch_too():
    X = np.arange(200.0)[:, None] % 2
    y = (np.arange(200) % 20 > 1) * 1  # nine in ten, whatever X
    path = classifier(max_iter=300, batch_size=None).width_path(X, y, prices=(3.0,))
    # Brier's score of shares of 1/10 and 9/10 is 0.18; merged rows without weights would show shares of 1/2: 0.5.
    assert path.score[0] > -0.25


def test_width_path_counts_rows_by_their_weight():
    """EstimatorRows that train and rows held out: shares of 1/2 that weigh 9 to 1 have a score of 0.18."""
    X = np.arange(200.0)[:, None] % 2
    y = (np.arange(200) % 4 > 1) * 1
    estimator = classifier(max_iter=300)
    weighted = estimator.width_path(X, y, np.where(y == 1, 9.0, 1.0), prices=(3.0,))
    assert weighted.score[0] == pytest.approx(-0.18, abs=0.04)
    assert estimator.width_path(X, y, prices=(3.0,)).score[0] == pytest.approx(-0.5, abs=0.04)


@pytest.mark.parametrize("size", [32, None])
def test_the_fewest_units_that_a_path_finds_good_enough_are_good(size):
    """Widths below 1 are units that are almost off on the way, and one whole unit in the end, which cannot do it."""
    X, y = wine()
    estimator = classifier(max_iter=1500, batch_size=size, skip=False)  # a line can do a part of it
    path = estimator.width_path(X, y)
    pick = path.one_standard_error()
    assert path.units[0] == (1,)
    assert path.score[0] < -0.2
    assert path.units[pick][0] >= 2
    assert estimator.set_params(price=path.prices[pick]).fit(X, y).score(X, y) > 0.97


def test_width_path_of_a_regressor():
    path = regressor(max_iter=600).width_path(*waves(), prices=(50.0, 5.0))
    assert path.score[1] > path.score[0]
