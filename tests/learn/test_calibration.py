"""The price that held-out rows choose: which rows score, which price wins, and what a run does with it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from continuum.learn import LearnConfig, learn_width
from continuum.learn import calibration as module
from continuum.learn.calibration import (
    STAGE,
    TRIED_PRICES,
    Calibration,
    calibrate,
    calibration_pairs,
    calibration_steps,
    held_out_scores,
    mean_and_error,
    price_stages,
    winning_place,
)
from continuum.learn.rows import TrainingRows
from continuum.learn.settings import DEFAULT_PRICE
from continuum.learn.task import checked_task
from continuum.progress import Meter
from tests.learn.tasks import ring

COUNTS = arrays(np.int64, 12, elements=st.integers(0, 4)).filter(lambda w: (w > 0).sum() > 1)


def numbered(rows: int, weight: float = 1.0) -> TrainingRows:
    return TrainingRows(np.arange(float(rows))[:, None], np.zeros((rows, 1)), None, weight)


class TestPairs:
    def test_two_halves_in_both_roles(self):
        (one, other), (third, fourth) = calibration_pairs(numbered(41), None, seed=0)
        assert (one, other) == (fourth, third)
        assert sorted([*one.x[:, 0], *other.x[:, 0]]) == list(range(41))
        assert abs(len(one) - len(other)) == 1
        assert sorted(one.x[:, 0]) != list(range(21))  # drawn, not cut
        assert calibration_pairs(numbered(41), None, seed=1)[0][0].x.tolist() != one.x.tolist()

    def test_rows_held_out_take_the_place_of_halves(self):
        rows, held_out = numbered(9), numbered(3)
        assert calibration_pairs(rows, held_out, 0) == [(rows, held_out)]

    @pytest.mark.parametrize(("rows", "weight", "pairs"), [(40, 1.0, 2), (39, 9.0, 0), (80, 0.5, 2), (80, 0.49, 0)])
    def test_fewer_than_40_rows_show_nothing(self, rows, weight, pairs):
        row_pairs = calibration_pairs(numbered(rows, weight), None, 0)
        assert len(row_pairs) == pairs
        assert calibration_steps(row_pairs) == STAGE * len(TRIED_PRICES) * pairs


class TestWinner:
    def test_equal_prices_leave_the_default(self):
        """Chance alone raises the price at most in some of a hundred tables; the two-error rule errs in about 2 %."""
        random = np.random.default_rng(0)
        raised = sum(winning_place(random.normal(size=(2, 300)), np.ones(300)) != 1 for _ in range(400))
        assert raised < 24  # 9 expected, standard deviation 3

    def test_the_least_mean_alone_is_rejected(self):
        random = np.random.default_rng(0)
        with pytest.raises(AssertionError):
            assert sum(int(random.normal(size=(2, 300)).mean(1).argmin()) != 1 for _ in range(400)) < 24

    def test_of_those_that_win_the_least_mean(self):
        noise = np.array([0.1, -0.1, 0.1, -0.1])
        table = np.stack([1.0 + noise, 0.5 + noise, 0.2 + 20 * noise, np.full(4, 2.0)])
        assert winning_place(table, np.ones(4)) == 1  # the third is better, but not surely
        assert winning_place(table[[0, 1, 3]], np.ones(4)) == 1
        assert winning_place(table[[1, 0, 3]], np.ones(4)) == 0

    @pytest.mark.parametrize(("gain", "place"), [(1.99, 1), (2.01, 0)])
    def test_two_standard_errors_decide(self, gain, place):
        spread = np.array([1.0, -1.0, 1.0, -1.0])
        error = spread.std(ddof=1) / 2
        assert winning_place(np.stack([-gain * error - spread, np.zeros(4)]), np.ones(4)) == place

    @given(arrays(np.float64, (2, 12), elements=st.integers(-8, 8).map(float)), COUNTS)
    def test_moments_count_rows_by_their_weight(self, table, counts):
        repeated = table.repeat(counts, axis=1)
        mean, error = mean_and_error(table, counts.astype(float))
        np.testing.assert_allclose(mean, repeated.mean(1), atol=1e-12)
        np.testing.assert_allclose(error, repeated.std(1, ddof=1) / np.sqrt(counts.sum()), atol=1e-12)

    def test_no_more_than_one_row_shows_nothing(self):
        table = np.array([[1.0, 2.0], [4.0, 5.0]])
        for weights in (np.array([0.5, 0.5]), np.array([0.25, 0.5])):
            assert mean_and_error(table, weights)[1].tolist() == [np.inf, np.inf]
            assert winning_place(table, weights) == 1
        assert np.isfinite(mean_and_error(table, np.array([0.5, 0.75]))[1]).all()
        assert winning_place(table, np.array([5.0, 5.0])) == 0


class Stages:
    """In the place of ``price_stages``: every stage of a run gives the next table of scores."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, scores) -> None:
        monkeypatch.setattr(module, "price_stages", self)
        monkeypatch.setattr(module, "held_out_scores", lambda run, rows: scores(run, self.price, rows))

    def __call__(self, run, prices, meter):
        for self.price in prices:
            meter.done += STAGE
            meter.report(1.0)
            if meter.stopped:
                return
            yield self.price


def test_the_prices_tried_are_those_of_a_path_down_to_the_default():
    assert TRIED_PRICES == (256.0, 128.0, 64.0, 32.0, 16.0, 8.0, 4.0)


class TestPrice:
    PAIRS = ((numbered(30), numbered(20, 2.0)), (numbered(20), numbered(30)))

    def test_both_halves_decide_together_by_their_weights(self, monkeypatch):
        """20 rows of weight 2 gain 1 at a price of 16, the 30 others lose .5; alike, all lose."""

        def scores(run, price, rows):
            return np.full(len(rows), (price == 16) * (-1.0 if rows.weight == 2 else 0.5))

        Stages(monkeypatch, scores)
        made = []
        price = calibrate(list(self.PAIRS), lambda rows, steps: made.append((len(rows), steps)), Meter()).price
        assert made == [(30, STAGE), (20, STAGE)]
        assert price == 16.0
        light = [(train, numbered(len(held_out), 1.0)) for train, held_out in self.PAIRS]
        assert calibrate(light, lambda rows, steps: None, Meter()).price == DEFAULT_PRICE

    def test_the_winner_is_a_multiple_of_the_default(self, monkeypatch):
        Stages(monkeypatch, lambda run, price, rows: np.full(len(rows), abs(price - 32.0)) + rows.x[:, 0] * 1e-3)
        assert calibrate(list(self.PAIRS), lambda rows, steps: None, Meter()).price == 32.0

    def test_without_pairs_the_default(self):
        assert calibrate([], lambda rows, steps: None, Meter()).price == DEFAULT_PRICE

    def test_an_answer_takes_off_what_is_left(self, monkeypatch):
        Stages(monkeypatch, lambda run, price, rows: np.full(len(rows), price))
        total = calibration_steps(list(self.PAIRS)) + 60
        meter = Meter(lambda done, steps, width: done == 2 * STAGE, total)
        assert calibrate(list(self.PAIRS), lambda rows, steps: None, meter).price == DEFAULT_PRICE
        assert (meter.done, meter.total) == (2 * STAGE, 2 * STAGE + 60)


def short_run(price: float = 8.0, layers: int = 1):
    task = checked_task((*ring(60), None), None, "cross_entropy", LearnConfig(hidden_layers=layers))
    return task.graded_run(task.rows, 30, price)


def test_the_score_at_a_price_is_that_of_the_nearest_by_ratio():
    """At 23 a nearest by difference would be 16; with 1 + price for the price, 23 has 16, too."""
    said = Calibration(4.0, np.arange(7.0))
    assert [said.score_at(price) for price in (1.0, 5.0, 6.0, 22.0, 23.0, 200.0, 1000.0)] == [6, 6, 5, 4, 3, 0, 0]


def test_a_stage_at_every_price_each_with_a_reserve():
    run, units = short_run(), []
    for price in price_stages(run, (8.0, 2.0), Meter()):
        assert run.price == price
        units.append(run.pool.weights.units[0])
        run.pool.repack = lambda *, reserve, repack=run.pool.repack: (units.append(reserve), repack(reserve=reserve))
    assert units[1] is True
    assert len(run.curves.losses) == 4  # one point at the begin and one at the end of each stage


def test_scores_are_those_of_the_network():
    run = short_run(layers=2)
    x, y = run.rows.x, run.rows.y
    outputs = x @ run.pool.weights.incoming.T
    for block, bias in zip(run.pool.weights.outgoing, run.pool.weights.biases, strict=True):
        outputs = np.tanh(outputs) @ block + bias
    p = torch.from_numpy(outputs).softmax(1).numpy()
    np.testing.assert_allclose(held_out_scores(run, run.rows), ((p - y) ** 2).sum(1), rtol=1e-4)


class TestWholeRuns:
    def test_pure_noise_gets_one_unit(self):
        x = torch.randn(400, 6, generator=torch.Generator().manual_seed(0))
        y = torch.randint(0, 2, (400,), generator=torch.Generator().manual_seed(1))
        result = learn_width(x, y, "cross_entropy", LearnConfig(steps=300))
        assert result.price > DEFAULT_PRICE
        assert result.units == (1,)
        assert any("raised the price" in note for note in result.notes)
        assert learn_width(x, y, "cross_entropy", LearnConfig(steps=300, price=DEFAULT_PRICE)).widths[0] > 1.5

    def test_the_price_does_not_depend_on_the_start(self):
        """Five features say nothing and a label in four is wrong: calibrations from each start would choose others."""
        draw = torch.Generator().manual_seed(7)
        x = torch.randn(300, 6, generator=draw)
        y = (x[:, 0].abs() > 0.7).long() ^ (torch.rand(300, generator=draw) < 0.25).long()
        prices = [learn_width(x, y, "cross_entropy", LearnConfig(steps=10, start=s)).price for s in (1, 8, 64)]
        assert prices[0] > DEFAULT_PRICE
        assert prices == prices[:1] * 3

    def test_rows_for_validation_take_the_place_of_halves(self):
        x, y = ring(300)
        config = LearnConfig(steps=20)
        result = learn_width(x[:200], y[:200], "cross_entropy", config, validation=(x[200:], y[200:]))
        assert result.price == DEFAULT_PRICE
        assert result.steps == STAGE * len(TRIED_PRICES) + 30

    def test_few_rows_keep_the_default_and_say_so(self):
        result = learn_width(*ring(30), "cross_entropy", LearnConfig(steps=20))
        assert result.price == DEFAULT_PRICE
        assert any("40 rows" in note for note in result.notes)
