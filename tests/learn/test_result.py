"""What runs leave: notes, prices, curves and networks; and the runs of gated networks."""

import math

import numpy as np
import pytest
import torch

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, learn_width
from continuum.learn.calibration import Calibration
from continuum.learn.methods import graded as graded_module
from continuum.learn.methods.gated_run import FULL, RESTING, UNCALIBRATED, GatedRun, new_gated_run
from continuum.learn.methods.graded import TOO_FEW_ROWS, graded
from continuum.learn.methods.hypergradient import BETWEEN, HypergradientRun
from continuum.learn.methods.interval import IntervalMethod
from continuum.learn.settings import DEFAULT_PRICE
from continuum.learn.task import checked_task
from tests.learn.tasks import ring


def task(rows=60, weight=None, **config):
    x, y = ring(rows)
    return checked_task((x, y, weight), None, "cross_entropy", LearnConfig(**{"steps": 20, "max_units": 12} | config))


def gated_run(kind=GatedRun, price=3.0, exponent=0.5, **config):
    checked = task(**config)
    return new_gated_run(
        lambda units, start: IntervalMethod(units, start, exponent), checked, checked.rows, price, kind
    )


def step(run, done, lr=0.01):
    run.step(next(run.rows.batches(16, run.random)), lr, done)


class TestGatedRun:
    def test_widths_rest_in_the_first_tenth_of_the_steps(self):
        run = gated_run(start=5.5)
        step(run, math.ceil(RESTING * 20) - 1)
        assert run.widths() == [5.5]
        step(run, math.ceil(RESTING * 20))
        assert run.widths() != [5.5]

    def test_the_first_step_of_adam_is_the_rate_times_the_factor(self):
        run = gated_run(start=5.5, hidden_layers=2)
        before = run.gated.weights.incoming.copy()
        step(run, 19, lr=0.001)
        assert [abs(width - 5.5) for width in run.widths()] == pytest.approx([0.1, 0.1], rel=1e-3)
        moved = np.abs(run.gated.weights.incoming - before)[:6]
        assert moved.max() == pytest.approx(0.001, rel=1e-2)

    def test_the_price_is_that_of_a_row(self):
        run = gated_run(start=5.5)
        run.backward([np.zeros(6)])
        assert run.layers[0].gamma.grad.item() == pytest.approx(3.0 / 60)

    def test_gradients_that_are_no_numbers_end_it(self):
        with pytest.raises(Diverged, match="not all gradients are finite"):
            gated_run().backward([np.array([1.0, np.nan])])

    def test_it_is_prepared_by_its_share_of_the_steps(self):
        run, shares = gated_run(), []
        run.layers[0].prepare = shares.append
        run.prepare(5)
        run.finish()
        assert shares == [0.25, 1.0]

    @pytest.mark.parametrize(("width", "said"), [(12 * FULL, True), (12 * FULL - 1e-4, False)])
    def test_a_width_near_all_units_is_said(self, width, said):
        run = gated_run()
        run.layers[0].gamma.data.fill_(width)
        assert (run.saturation() == "a width near max_units=12: it may be too small") == said
        assert (run.saturation() is None) != said

    def test_the_run_that_rounds_has_the_units_of_the_gates(self):
        run = gated_run(start=4.5, price=0.0)
        rounding = run.graded(run.rows)
        assert rounding.pool.weights.units == [5]
        assert (rounding.price, rounding.steps, rounding.pool.limit) == (DEFAULT_PRICE, 20, 12)
        assert rounding.loss() == pytest.approx(run.loss(), rel=1e-6)
        assert gated_run(start=4.5).graded(run.rows).price == 3.0

    def test_rectifiers_are_normalised(self):
        for activation, on_sphere in (("relu", True), ("tanh", False)):
            run = gated_run(activation=activation, start=5.5)
            step(run, 0)
            assert np.allclose(np.linalg.norm(run.network().incoming, axis=1), 1, rtol=1e-5) == on_sphere


class TestHypergradientRun:
    def test_the_width_moves_now_and_then_by_the_derivative_and_the_price(self):
        run, calls = gated_run(HypergradientRun, start=5.5), []
        run.derivative = lambda weights, widths: calls.append((weights.units, widths)) or [torch.tensor(0.25)]
        for turn in range(1, 2 * BETWEEN + 1):
            run.layers[0].gamma.grad = torch.ones((), dtype=torch.float64)
            run.backward([])
            moves = turn % BETWEEN == 0
            assert (run.layers[0].gamma.grad is not None) == moves
            assert len(calls) == turn // BETWEEN
        assert run.layers[0].gamma.grad.item() == pytest.approx(0.25 + 3.0 / 60)
        assert calls[0] == ([6], [5.5])

    def test_where_looking_ahead_failed_it_stays(self):
        run = gated_run(HypergradientRun)
        run.derivative = lambda weights, widths: None
        for _ in range(BETWEEN):
            run.backward([])
        assert run.layers[0].gamma.grad is None


class TestNotes:
    def test_weights_that_are_hardly_there(self):
        light = graded(task(max_units=512, weight=torch.full((60,), 1 / 60), price=4.0), None, torch.zeros(1))
        assert any("60 rows sum to 1," in note for note in light.notes)
        assert graded(task(max_units=512, weight=torch.full((60,), 0.11), price=4.0), None, torch.zeros(1)).notes == ()

    def test_too_few_rows_to_calibrate(self):
        assert graded(task(max_units=512, rows=39), None, torch.zeros(1)).notes == (TOO_FEW_ROWS,)
        assert graded(task(max_units=512, rows=39, price=DEFAULT_PRICE), None, torch.zeros(1)).notes == ()

    @pytest.mark.parametrize("price", [DEFAULT_PRICE, 8.0])
    def test_a_raised_price(self, monkeypatch, price):
        monkeypatch.setattr(graded_module, "calibrate", lambda *_: Calibration(price))
        notes = graded(task(max_units=512), None, torch.zeros(1)).notes
        raised = ("held-out rows raised the price from 4 to 8 nats per unit",)
        assert notes == (raised if price > DEFAULT_PRICE else ())

    def test_a_price_that_a_method_does_not_calibrate(self):
        x, y = ring(60)
        for price, said in ((None, (UNCALIBRATED,)), (DEFAULT_PRICE, ())):
            config = LearnConfig(price=price, steps=20, method="interval")
            assert learn_width(x, y, "cross_entropy", config).notes == said

    def test_saturation_comes_first(self):
        x, y = ring(39)
        result = learn_width(x, y, "cross_entropy", LearnConfig(steps=20, max_units=2, start=2))
        assert result.saturated
        assert result.notes == ("all of max_units=2 were on: the width may be too small", TOO_FEW_ROWS)


@pytest.mark.parametrize("method", ["graded", "interval"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_curves_and_gap(method, dtype):
    x, y = ring(60, dtype)
    config, calls = LearnConfig(price=4.0, steps=20, max_units=12, method=method), []
    result = learn_width(x, y, "cross_entropy", config, progress=lambda *now: calls.append(now))
    assert {total for _, total, _ in calls} == {30}
    assert {width for done, _, width in calls if done >= 20} == set(result.widths)
    assert result.width_curve.shape == (21, 1)
    assert result.loss_curve.shape == (21,)
    assert {result.width_curve.dtype, result.loss_curve.dtype, result.network[0].weight.dtype} == {dtype}
    losses = [torch.nn.functional.cross_entropy(net(x), y).item() for net in (result.graded, result.network)]
    assert result.loss_curve[-1].item() == pytest.approx(losses[0], rel=1e-5)
    assert result.rounding_gap == pytest.approx(losses[1] - losses[0], rel=1e-3, abs=1e-6)
    assert (result.steps, result.price, result.activation) == (30, 4.0, "tanh")


def test_what_a_method_cannot_use_is_refused():
    with pytest.raises(
        BadInput, match="validation: expected none with the method fuzzy, got rows; graded, hypergradie"
    ):
        learn_width(*ring(), "cross_entropy", LearnConfig(method="fuzzy"), validation=ring(9))
    with pytest.raises(BadInput, match=r"price: expected None with the method path, got 2\.0; it finds a price"):
        learn_width(*ring(), "cross_entropy", LearnConfig(method="path", price=2.0))
