"""Runs that go on from a network at hand."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.learn import LearnConfig, WidthResult, learn_width
from continuum.learn.network import activations, sequential, weights_of
from continuum.learn.start import started
from continuum.learn.task import Task, checked_task
from continuum.progress import Meter

X = torch.from_numpy(np.random.default_rng(0).normal(size=(80, 5)))
Y = (X[:, 0] * X[:, 1]).abs() + X[:, 2]


def learned(steps: int = 300, **more) -> WidthResult:
    return learn_width(X, Y, "squared_error", LearnConfig(price=2.0, steps=steps), **more)


def task(**options) -> Task:
    return checked_task((X, Y, None), None, "squared_error", LearnConfig(**{"steps": 20} | options))


def network(layers: int, activation: type[nn.Module]) -> nn.Sequential:
    sizes = [5, 4, 3][: layers + 1]
    hidden = [part for m, n in pairwise(sizes) for part in (nn.Linear(m, n), activation())]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], 1)).double()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("name", "kind"), [("relu", nn.ReLU), ("tanh", nn.Tanh)])
def test_the_function_stays_and_rectifiers_have_length_1(layers, name, kind):
    start = network(layers, kind)
    initial = started(task(hidden_layers=layers, activation=name), start).initial
    assert initial is not None
    x = np.hstack([X.numpy(), np.ones((80, 1))])
    assert_close(torch.from_numpy(activations(initial, x, name)[-1]), start(X), rtol=1e-12, atol=1e-12)
    lengths = np.linalg.norm(initial.incoming, axis=1)
    if name == "relu":
        np.testing.assert_allclose(lengths, 1.0, rtol=1e-12)
    else:
        assert np.ptp(lengths) > 0.01


def test_weights_are_read_back():
    start = network(2, nn.Tanh)
    assert_close(sequential(weights_of(start), "tanh").state_dict(), start.state_dict(), rtol=0, atol=0)


def test_the_first_units_are_those_of_the_network_and_a_reserve_stands_behind_them():
    pool = started(task(), network(1, nn.ReLU)).graded_run(task().rows, 10, 4.0).pool
    assert pool.counts() == [4]
    assert pool.weights.units[0] == LearnConfig.pool
    assert not np.shares_memory(pool.weights.incoming, weights_of(network(1, nn.ReLU)).incoming)


def test_going_on_begins_where_the_last_run_ended():
    first = learned()
    on, afresh = learned(20, initial=first.network), learned(20)
    before = (0.5 * (first.network(X)[:, 0] - Y).square().mean()).item()
    assert float(on.loss_curve[0]) == pytest.approx(before, rel=1e-6)
    assert float(on.loss_curve[-1]) < float(afresh.loss_curve[-1]) / 2  # the falsifier: a fresh start is far behind
    assert learned(20, initial=first.network).widths == on.widths


def test_calibration_does_not_depend_on_the_start():
    prices = [
        learn_width(X, Y, "squared_error", LearnConfig(steps=5), initial=n).price for n in (None, network(1, nn.ReLU))
    ]
    assert prices[0] == prices[1]


REFUSED = {
    "method": (
        {"method": "fuzzy"},
        network(1, nn.ReLU),
        "method: expected graded, with an initial network, got 'fuzzy'",
    ),
    "layers": (
        {},
        network(2, nn.ReLU),
        "initial: expected Linear, ReLU, Linear, got Linear, ReLU, Linear, ReLU, Linear",
    ),
    "activation": ({}, network(1, nn.Tanh), "initial: expected Linear, ReLU, Linear, got Linear, Tanh, Linear"),
    "units": (
        {"max_units": 3, "start": 1},
        network(1, nn.ReLU),
        "at most 3 units a layer, got 5, 1 and 4; start afresh",
    ),
    "columns": (
        {},
        nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)),
        "expected 5 features.*, got 2, 1 and 4",
    ),
}


@pytest.mark.parametrize(("options", "start", "message"), REFUSED.values(), ids=REFUSED)
def test_another_kind_of_network_is_refused(options, start, message):
    with pytest.raises(BadInput, match=message):
        started(task(**options), start)


def test_classes_that_no_row_has():
    labels = (Y > 1).long()
    config = LearnConfig(price=2.0, steps=20)
    assert learn_width(X, labels, "cross_entropy", config, classes=4).network[-1].out_features == 4
    with pytest.raises(BadInput, match="y: expected classes below 2, got 3; "):
        learn_width(X, labels * 3, "cross_entropy", config, classes=2)


def test_the_meter_hands_the_loss_to_who_wants_it():
    class Listener:
        loss = float("nan")

        def __call__(self, done: int, total: int, width: float) -> None:
            heard.append(self.loss)

    heard: list[float] = []
    meter = Meter(Listener())
    for loss in (None, 2.0, None, 1.0):
        meter.report(3.0, loss)
    assert np.isnan(heard[0])
    assert heard[1:] == [2.0, 2.0, 1.0]
    assert not Meter(lambda *now: len(now) != 3).report(3.0, 1.0)  # a plain function is told three numbers
