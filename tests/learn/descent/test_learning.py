"""Whole runs on tables: what is linear takes no unit, what is given is kept to, equal seeds give equal bits."""

from itertools import count
from time import perf_counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.learn import LearnConfig
from continuum.learn.descent import DescentConfig, TableResult, learn_table
from continuum.nn import Skip

SHORT = DescentConfig(stage=10, doublings=1)


def table(rows: int = 120, columns: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def learned(x: Tensor, y: Tensor, how: DescentConfig = SHORT, loss: str = "squared_error", **options) -> TableResult:
    config = LearnConfig(**{"skip": 0.25, "resolution": 0.01} | options)
    return learn_table({"raw": x}, y, loss, config, how)


BENT = table()[:, 0].sin() * 2 + table()[:, 1].abs()


def test_a_line_takes_no_unit():
    x = table(columns=4)
    y = 3 * x[:, :1] - x[:, 1:2] * torch.tensor([[0.0, 2.0]]) + 1
    result = learned(x, y, DescentConfig(doublings=1))
    assert result.units == (0,)
    # The resolution of a hundredth of a standard deviation is what the run may leave.
    residual = (result.network(x) - y).square().mean().sqrt() / y.std()
    assert residual < 0.01
    without = learned(x, y, skip=None)  # the falsifier
    assert without.units[0] > 1


@pytest.mark.parametrize("skip", [None, 0.25])
def test_without_a_line_no_line_is_left(skip):
    result = learned(table(), BENT, skip=skip)
    assert any(isinstance(layer, Skip) for layer in result.network) == (skip is not None)
    assert any(isinstance(layer, Skip) for layer in result.graded) == (skip is not None)


@pytest.mark.parametrize("price", [200.0, 5.0])
def test_a_price_that_is_given_is_where_it_stops(price):
    result = learned(table(), BENT, DescentConfig(price=price, stage=10, doublings=1))
    assert result.price == price
    assert len(result.held_out_scores["raw"]) <= len(DescentConfig(price=price, doublings=1).schedule())
    assert np.isfinite(result.rounding_gap)


@pytest.mark.parametrize("rounding", ["held_out", "width", "none"])
def test_ways_to_whole_units(rounding):
    how = DescentConfig(price=3.0, rounding=rounding, stage=10, doublings=1)
    result = learned(table(), BENT, how)
    graded = next(iter(result.graded))
    live = (graded.body if isinstance(graded, Skip) else result.graded)[0].out_features
    if rounding == "none":
        assert result.units == (live,)
        torch.testing.assert_close(result.network(table()), result.graded(table()), rtol=0, atol=0)
    elif rounding == "width":
        assert result.units == (min(int(np.ceil(result.widths[0])), live),)
    else:
        assert result.units[0] < live


@pytest.mark.parametrize("steps", [1, 2, 5, 60, 400])
@pytest.mark.parametrize("price", [None, 2.0])
@pytest.mark.parametrize("candidates", [1, 2])
def test_steps_bound_the_whole_work(steps, price, candidates):
    calls = []
    inputs = {name: table() for name in "ab"[:candidates]}
    config, how = LearnConfig(skip=0.25), DescentConfig(price=price, steps=steps, stage=5, doublings=1)
    result = learn_table(inputs, BENT, "squared_error", config, how, progress=lambda *now: calls.append(now))
    assert 1 <= result.steps <= steps
    assert all(done < total <= steps for done, total, _ in calls[:-1])
    assert calls[-1][:2] == (result.steps, result.steps)


def test_seconds_bound_it_too(monkeypatch):
    """By a clock that goes on by a second at every look."""
    ticks = count(int(perf_counter()) + 1)
    monkeypatch.setattr("continuum.learn.descent.budget.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    few, more = (learned(table(), BENT, DescentConfig(seconds=s, stage=10, doublings=1)) for s in (10.0, 1e9))
    assert 1 <= few.steps < more.steps


def test_equal_seeds_give_equal_bits_and_others_do_not():
    one, again, other = (learned(table(), BENT, seed=seed).network(table()) for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_better_inputs_are_chosen_and_equal_ones_are_not():
    x = table()
    y = (3 * x[:, 0]).sin()
    both = torch.cat([x, y[:, None]], 1)
    config = LearnConfig(skip=0.25, resolution=0.01)
    better = learn_table({"raw": x, "told": both}, y, "squared_error", config, SHORT)
    assert better.candidate == "told"
    assert better.units == (0,)
    assert set(better.held_out_scores) == {"raw", "told"}
    assert learn_table({"raw": x, "again": x}, y, "squared_error", config, SHORT).candidate == "raw"
    assert learn_table({"told": both, "raw": x}, y, "squared_error", config, SHORT).candidate == "told"


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "squared_error"])
def test_held_out_rows_are_all_rows_that_no_network_saw(loss):
    x = table()
    y = (x[:, 0] > 0).long()
    targets = y if loss == "cross_entropy" else torch.stack([y, 1 - y], 1).double()
    result = learned(x, targets, loss=loss)
    assert result.held_out_outputs.shape == (120, 2)
    assert len(result.held_out_targets) == len(result.held_out_weight) == 120
    kind = (120,) if loss == "cross_entropy" else (120, 2)
    assert result.held_out_targets.shape == kind
    positive = result.held_out_targets.sum() if loss == "cross_entropy" else result.held_out_targets[:, 0].sum()
    assert positive == y.sum()


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 39])
def test_too_few_rows_to_hold_some_out(rows):
    x = table(rows)
    result = learned(x, x[:, 0].abs())
    assert np.isnan(result.rounding_gap)
    assert result.held_out_outputs is None
    assert result.held_out_scores == {}
    assert "too few rows" in " ".join(result.notes)
    assert result.network(x).isfinite().all()


@pytest.mark.parametrize("layers", [1, 2])
def test_going_on_from_a_network(layers):
    x = table()
    first = learned(x, BENT, hidden_layers=layers)
    config, how = (
        LearnConfig(skip=0.25, resolution=0.01, hidden_layers=layers),
        DescentConfig(price=first.price, stage=20),
    )
    again = learn_table({"raw": x}, BENT, "squared_error", config, how, initial=first.network)
    assert again.loss_curve[0] < first.loss_curve[0] / 2
    assert not again.notes
    assert again.price == first.price
    line = learned(x, x[:, 0], hidden_layers=1)
    if layers == 1:
        grown = learn_table({"raw": x}, BENT, "squared_error", config, how, initial=line.network)
        assert (line.units, grown.units > (0,)) == ((0,), True)


def test_a_plain_network_goes_on_beside_a_line():
    x, plain = table(), nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    config = LearnConfig(skip=0.25, resolution=0.01)
    result = learn_table(
        {"raw": x}, 5 * x[:, 0], "squared_error", config, DescentConfig(price=9.0, stage=10), initial=plain
    )
    assert isinstance(result.network[0], Skip)


def test_the_order_of_rows_does_not_matter_in_a_full_batch_beyond_rounding():
    """Folds are drawn by place, so that other rows are held out: of a line it does not matter which."""
    x, order = table(), torch.randperm(120, generator=torch.Generator().manual_seed(1))
    y = x @ torch.tensor([1.0, -2.0], dtype=torch.float64)
    one, other = (learned(part, y[index], batch=120) for part, index in ((x, slice(None)), (x[order], order)))
    torch.testing.assert_close(one.network(x), other.network(x), rtol=0, atol=0.02)


def test_no_inputs_are_refused():
    with pytest.raises(BadInput, match="inputs: expected one kind of inputs or more, got none"):
        learn_table({}, BENT, "squared_error", LearnConfig())
