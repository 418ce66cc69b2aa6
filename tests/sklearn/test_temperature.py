"""Temperatures against their definition, and probabilities that they make honest."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_expit, log_softmax, softmax
from torch import nn

from continuum.errors import BadInput
from continuum.nn import Skip
from continuum.sklearn import training
from continuum.sklearn.gates import gates_of
from continuum.sklearn.temperature import PRIOR, cooled, held_out_temperature, temperature_of
from tests.sklearn.data import classifier, moons, wine

LOGITS = arrays(np.float64, (7, 3), elements=st.floats(-50, 50))
CODES = arrays(np.int64, 7, elements=st.integers(0, 2))


def objective(beta: float, logits: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> float:
    """As it is written down."""
    each = -log_softmax(beta * logits, axis=1)[np.arange(len(codes)), codes]
    return float((weight / weight.mean()) @ each + PRIOR * (beta - 1 - np.log(beta)))


def without_prior(logits, codes, weight=None):
    """Wrong: the temperature of least log-loss alone, on a grid that reaches far."""
    grid = np.exp(np.linspace(-8, 8, 3001))
    each = [-log_softmax(beta * logits, axis=1)[np.arange(len(codes)), codes].sum() for beta in grid]
    return float(1 / grid[np.argmin(each)])


def inverse(logits, codes, weight=None):
    """Wrong: logits are multiplied by it."""
    return 1 / temperature_of(logits, codes, weight)


def check_minimum(of, logits, codes, weight):
    """No other temperature has a lower objective. It is quadratic at its minimum: 1e-3 away it rises by 1e-6."""
    beta = 1 / of(logits, codes, weight)
    least = objective(beta, logits, codes, weight)
    for factor in (0.5, 0.99, 0.999, 1.001, 1.01, 2.0):
        assert least <= objective(factor * beta, logits, codes, weight) + 1e-9


@given(LOGITS, CODES, arrays(np.float64, 7, elements=st.floats(0.1, 5)))
def test_minimises_what_it_says(logits, codes, weight):
    check_minimum(temperature_of, logits, codes, weight)


@pytest.mark.parametrize("wrong", [without_prior, inverse])
def test_another_one_does_not(wrong):
    logits = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 0.0]])
    with pytest.raises(AssertionError):
        check_minimum(wrong, logits, np.array([0, 1, 0]), np.ones(3))


@pytest.mark.parametrize("true", [0.4, 1.0, 3.0])
def test_recovers_a_temperature(true):
    """Of 4000 rows the standard error of log T is about 1 / sqrt(4000 * .3) = .03."""
    random = np.random.default_rng(0)
    z = 2 * random.normal(size=(4000, 3))
    codes = np.array([random.choice(3, p=p) for p in softmax(z, axis=1)])
    assert temperature_of(true * z, codes) == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_separable_rows_have_a_finite_one(scale):
    """The log-loss alone wants 0, or without bound where every label is wrong."""
    logits = scale * np.eye(2)[np.arange(20) % 2]
    right, wrong = (temperature_of(logits, (np.arange(20) + shift) % 2) for shift in (0, 1))
    assert 0 < right <= 1 <= wrong < np.inf
    assert without_prior(np.eye(2)[np.arange(20) % 2], np.arange(20) % 2) < 0.05  # where it is 0 in doubles
    if scale == 1.0:
        assert right > 0.3


def test_few_rows_say_little():
    logits, few = 5 * np.eye(2)[[0, 1, 0]], np.array([1, 1, 0])
    temperatures = [temperature_of(np.tile(logits, (n, 1)), np.tile(few, n)) for n in (1, 10, 100)]
    assert 1 < temperatures[0] < temperatures[1] < temperatures[2]


@given(LOGITS, CODES, arrays(np.int64, 7, elements=st.integers(1, 4)))
def test_weights_count_by_their_ratios(logits, codes, count):
    one, scaled = (temperature_of(logits, codes, count * unit) for unit in (1.0, 1e300))
    assert one == pytest.approx(scaled, rel=1e-6)
    flat = np.ones(7)
    assert temperature_of(logits, codes, flat) == pytest.approx(temperature_of(logits, codes), rel=1e-9)


@given(LOGITS, arrays(np.int64, (7, 3), elements=st.integers(0, 1)))
def test_independent_labels(logits, labels):
    beta = 1 / temperature_of(logits, labels)

    def of_labels(beta: float) -> float:
        each = -np.where(labels == 1, log_expit(beta * logits), log_expit(-beta * logits))
        return float(each.sum() + PRIOR * (beta - 1 - np.log(beta)))

    assert of_labels(beta) <= min(of_labels(factor * beta) for factor in (0.5, 0.99, 1.01, 2.0)) + 1e-9


def test_nothing_to_say():
    assert temperature_of(np.zeros((0, 2)), np.zeros(0)) == 1.0
    assert temperature_of(np.zeros((0, 2)), np.zeros((0, 2))) == 1.0
    assert temperature_of(np.ones((5, 2)), np.zeros(5)) == pytest.approx(1.0, abs=1e-9)
    with pytest.raises(BadInput, match="logits: expected finite numbers, got NaN or inf"):
        temperature_of(np.array([[0.0, np.nan]]), np.zeros(1))


def held_out(monkeypatch: pytest.MonkeyPatch, outputs: object, targets: object) -> None:
    """Let results hold these."""
    learn = training.learn_table

    def learn_table(*arguments, **options):
        result = learn(*arguments, **options)
        object.__setattr__(result, "held_out_outputs", outputs)
        object.__setattr__(result, "held_out_targets", targets)
        return result

    monkeypatch.setattr(training, "learn_table", learn_table)


def test_probabilities_are_cooled_and_exported_so(monkeypatch):
    X, y = wine()
    before = classifier().fit(X, y)
    assert before.temperature_ == 1.0
    z, codes = 9 * torch.eye(3)[torch.arange(60) % 3], (torch.arange(60) % 5).clamp(max=2)
    held_out(monkeypatch, z, codes)
    model = classifier().fit(X, y)
    assert model.temperature_ == temperature_of(z.numpy(), codes.numpy()) > 3
    logits = np.log(before.predict_proba(X))
    np.testing.assert_allclose(model.predict_proba(X), softmax(logits / model.temperature_, axis=1), rtol=1e-9)
    with torch.no_grad():
        exported = model.export(dtype=torch.float64)(torch.tensor(X)).numpy()
    np.testing.assert_allclose(softmax(exported, axis=1), model.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X), before.predict(X))


def test_what_adds_up_is_cooled_together():
    body = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    network = nn.Sequential(Skip(body, nn.Linear(2, 2, bias=False))).double()
    x = torch.randn(5, 2, dtype=torch.float64)
    before = network(x)
    np.testing.assert_allclose(cooled(network, 3.0)(x).detach(), before.detach() / 3, rtol=1e-12)
    assert gates_of(network, [2.0])[0].sum() == pytest.approx(2.0)
    with pytest.raises(TypeError, match="ends with linear layers"):
        cooled(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), 2.0)


@pytest.mark.parametrize("form", ["codes", "one-hot", "labels"])
def test_targets_of_held_out_rows_come_in_any_form(form):
    z, codes = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50) % 3
    targets = codes if form == "codes" else np.eye(3)[codes]
    weight = np.append(np.ones(40), np.zeros(10))
    result = SimpleNamespace(held_out_outputs=z, held_out_targets=targets, held_out_weight=weight)
    expected = temperature_of(z[:40], (codes if form != "labels" else targets)[:40])
    assert held_out_temperature(result, multilabel=form == "labels") == pytest.approx(expected, rel=1e-9)


def test_going_on_is_not_from_the_cooled_network(monkeypatch):
    X, y = moons()
    held_out(monkeypatch, 9 * torch.eye(2), torch.tensor([1, 0]))
    model = classifier(warm_start=True).fit(X, y)
    hot, again = model.temperature_, model.fit(X, y)
    assert again.temperature_ == hot
    first, last = model.loss_curve_[0], -model.predict_log_proba(X)[np.arange(len(y)), y].mean()
    assert first < last  # the loss of the network that was cooled is higher
