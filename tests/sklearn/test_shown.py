"""What is shown of an estimator, and what scikit-learn looks into it with."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import TransformerMixin
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from continuum.sklearn import ContinuousMLPClassifier
from continuum.sklearn.estimator import ContinuousMLP
from tests.sklearn.data import classifier, regressor, waves, wine


@pytest.mark.parametrize("layers", [1, 2])
def test_a_plot_shows_path_loss_and_gates(layers, tmp_path):
    model = classifier(hidden_layers=layers).fit(*wine())
    width, loss, gate = model.plot().axes
    assert [axes.get_ylabel() for axes in (width, loss, gate)] == ["width", "training loss", "gate"]
    for layer in range(layers):
        np.testing.assert_array_equal(width.lines[2 * layer].get_ydata(), model.width_curve_[:, layer])
        assert gate.lines[2 * layer].get_ydata()[:-1].sum() == pytest.approx(model.widths_[layer], rel=1e-5)
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), model.loss_curve_)
    model.plot().savefig(tmp_path / "fit.png")
    assert (tmp_path / "fit.png").stat().st_size > 5000


def test_gates_are_those_of_the_method(monkeypatch):
    """Of a graded network |v| / v0, with a v0 that price, decay and the nat say; here the width alone says it."""
    from continuum.sklearn import training

    kept, learn = [], training.learn_table

    def learn_table(*arguments, **options):
        kept.append((learn(*arguments, **options), arguments[3]))
        return kept[-1][0]

    monkeypatch.setattr(training, "learn_table", learn_table)
    X, y = waves()
    model = regressor(max_iter=300, price=0.05, skip=False).fit(X, y)
    (gates,), ((result, config),) = model.gates_, kept
    assert gates.sum() == pytest.approx(model.width_, rel=1e-6)
    assert (np.diff(gates) <= 0).all()
    assert gates.min() > 0
    assert gates.max() > 1  # one unit may count for several
    lengths = np.sort(np.linalg.norm(result.graded[-1].weight.detach().numpy(), axis=0))[::-1]
    price = max(result.nat, config.resolution**2) * result.price / len(X)
    np.testing.assert_allclose(gates, lengths / np.sqrt(2 * price / config.decay), rtol=1e-4)
    other = regressor(max_iter=60, method="interval").fit(X, y)
    assert max(other.gates_[0]) <= 1


def test_html_of_an_estimator():
    model = classifier(price=7.5)
    for word in ("Not fitted", "Fitted"):
        html = model._repr_html_()
        assert word in html
        assert all(part in html for part in ("sk-estimator", "ContinuousMLPClassifier", "price", "7.5", "class_weight"))
        assert html.count("<pre>") == 1  # what a browser that trusts no style shows
        model.fit(*wine())
    assert "text/html" in model._repr_mimebundle_()


def test_partial_dependence():
    X, y = waves()
    model = regressor(max_iter=400).fit(X, y)
    found = partial_dependence(model, X, [1], grid_resolution=5)
    slope = np.polyfit(found["grid_values"][0], found["average"][0], 1)[0]
    assert slope == pytest.approx(2.5, rel=0.2)  # 50 per unit of a column that is stretched by 20
    probabilities = partial_dependence(classifier().fit(*wine()), wine()[0], [0], grid_resolution=4)
    assert probabilities["average"].shape == (3, 4)


def test_permutation_importance():
    X, y = waves()
    X = np.column_stack([X, np.random.default_rng(0).normal(size=len(X))])
    found = permutation_importance(regressor(max_iter=400).fit(X, y), X, y, n_repeats=3, random_state=0)
    assert found.importances_mean[:2].min() > 0.2 > 0.1 > found.importances_mean[2]


def test_what_gives_frames_says_a_transformer_and_predictors_take_them():
    """scikit-learn has ``set_output`` for what transforms; predictions are arrays, of it as of its own estimators."""
    X, y = wine()
    assert not hasattr(classifier(), "set_output")
    assert not isinstance(classifier(), TransformerMixin)
    frame = pd.DataFrame(X).add_prefix("x")
    pipe = make_pipeline(StandardScaler(), classifier()).set_output(transform="pandas").fit(frame, y)
    assert pipe[-1].feature_names_in_.tolist() == frame.columns.tolist()
    assert isinstance(pipe.predict(frame), np.ndarray)


def test_parameters_of_the_base_are_shown_and_others_refused():
    assert list(classifier().get_params()) == sorted([*regressor().get_params(), "class_weight"])
    base, own = (inspect.signature(kind.__init__).parameters for kind in (ContinuousMLP, ContinuousMLPClassifier))
    assert list(own.values()) == [*base.values(), own["class_weight"]]
    with pytest.raises(TypeError, match="unexpected keyword argument 'widht'"):
        classifier(widht=3)
