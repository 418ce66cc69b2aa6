"""Removal of units: the least change of the function, against least squares; and the schedule by which they go."""

import math
from itertools import combinations

import numpy as np
import pytest

from continuum.errors import Diverged
from continuum.learn import LearnConfig
from continuum.learn.optimizer import Penalty
from continuum.learn.rounding import removals, round_units, rounded_copy, whole_units
from continuum.learn.task import checked_task
from continuum.progress import Meter
from tests.learn.tasks import ring


def sample(rows=200, units=6, outputs=2, seed=0):
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(rows, units)) @ random.normal(size=(units, units))
    return np.tanh(mixed + 1), random.normal(size=(units, outputs))


def error(h, v, order, kept, shift):
    """Mean squared change of the layer's sum when biases move by shift."""
    return np.square(h @ v - h[:, order] @ kept - shift).sum(1).mean()


def best_error(h, v, order):
    """The same with weights and shift by least squares."""
    columns = np.concatenate([h[:, order], np.ones((len(h), 1))], 1)
    fitted = columns @ np.linalg.lstsq(columns, h @ v, rcond=None)[0]
    return np.square(h @ v - fitted).sum(1).mean()


def test_the_others_replace_what_is_removed_as_well_as_they_can():
    h, v = sample()
    for keep in range(1, 6):
        order, kept, shift = removals(h, v, keep)
        assert len(order) == keep
        np.testing.assert_allclose(error(h, v, order, kept, shift), best_error(h, v, order), rtol=1e-4)


def test_one_removal_takes_the_unit_of_least_cost():
    for seed in range(5):
        h, v = sample(seed=seed)
        order = removals(h, v, 5)[0]
        best = min(combinations(range(6), 5), key=lambda kept: best_error(h, v, list(kept)))
        assert sorted(order) == list(best)


def test_dropping_without_refitting_is_rejected():
    h, v = sample()
    order, kept, shift = removals(h, v, 4)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(error(h, v, order, v[order], 0 * shift), best_error(h, v, order), rtol=0.1)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(error(h, v, order, kept, 0 * shift), best_error(h, v, order), rtol=1e-3)


def test_a_copy_goes_without_a_trace():
    h, v = sample()
    doubled, weights = np.concatenate([h, h[:, :1]], 1), np.concatenate([v, v[:1]])
    order, kept, shift = removals(doubled, weights, 6)
    assert error(doubled, weights, order, kept, shift) < 1e-8


def test_a_unit_that_ends_a_tie_or_a_layer_that_is_silent_is_no_trouble():
    h, v = sample()
    order, kept, shift = removals(0 * h, v, 2)
    assert len(order) == 2
    np.testing.assert_allclose(kept, v[order], rtol=1e-9)
    assert not shift.any()


def test_rows_count_by_their_importance():
    h, v = sample(rows=40)
    counts = np.arange(40) % 4
    expected = removals(h.repeat(counts, axis=0), v, 3)
    for one, other in zip(removals(h, v, 3, (counts / counts.mean())[:, None]), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(removals(h, v, 3)[1], expected[1], rtol=1e-3)


@pytest.mark.parametrize(("width", "units"), [(0.0, 1), (1.0, 1), (1.0 + 1e-7, 1), (1.0 + 2e-6, 2), (2.5, 3)])
def test_whole_units(width, units):
    assert whole_units([width, 9.0]) == [units, 9]


def test_widths_that_are_no_numbers_are_no_units():
    with pytest.raises(Diverged, match="the widths are 2, nan"):
        whole_units([2.0, math.nan])


def rounding(steps: int, units: int = 2, records: int = 10, given: int | None = None, priced: bool = False):
    """A rounding of 16 units; what was done at every step: learning rate, units, penalty."""
    task = checked_task((*ring(60), None), None, "cross_entropy", LearnConfig(lr=0.1, start=16))
    run = task.graded_run(task.rows, steps, 2.0)
    run.pool.repack(reserve=False)
    run.records, steps_taken, calls = records, [], []
    run.descend = lambda batch, lr, penalty: steps_taken.append((lr, run.pool.weights.units[0], penalty))
    slope = run.penalty().slope
    meter = Meter(lambda *now: calls.append(now) or True, total=steps // 2)
    round_units(run, [units], 1.7, meter, given, priced=priced)
    return run, steps_taken, calls, slope


def test_units_go_in_ten_rounds_within_the_first_half():
    _, steps_taken, _, _ = rounding(steps=80)
    units = [now[1] for now in steps_taken]
    # 20 removing steps, a round every 2: 14 surplus units, of which int(14 * (1 - (t + 1) / 20)) are left.
    rounds = [2 + int(14 * (0.9 if t == 0 else 1 - (t + 1) / 20)) for t in range(0, 20, 2)]
    assert units[:20:2] == units[1:20:2] == rounds
    assert set(units[20:]) == {2}


def test_the_rate_falls_along_a_cosine_in_the_second_half():
    _, steps_taken, _, _ = rounding(steps=80)
    lrs = [now[0] for now in steps_taken]
    np.testing.assert_allclose(lrs[:21], 0.05, rtol=1e-12)
    late = [0.025 * (1 + math.cos(math.pi * (t - 20) / 20)) for t in range(21, 40)]
    np.testing.assert_allclose(lrs[21:], late, rtol=1e-12)


def test_rounding_has_decay_and_no_price():
    run, steps_taken, _, slope = rounding(steps=80)
    assert {now[2] for now in steps_taken} == {Penalty(1e-3, 0.0, floor=slope)}
    assert slope > 0
    assert run.pool.memory.steps == 0  # begun anew


def test_rounding_at_the_price_has_the_penalty_of_the_run():
    run, steps_taken, _, _ = rounding(steps=80, priced=True)
    assert {now[2] for now in steps_taken} == {run.penalty()}
    assert run.penalty().price > 0


@pytest.mark.parametrize("given", [0, 1, 7])
def test_so_many_steps_as_are_given(given):
    run, steps_taken, calls, _ = rounding(steps=80, given=given)
    assert len(steps_taken) == given
    assert run.pool.weights.units == [2]
    assert calls[-1][0] == given


def test_rounding_is_told_and_its_answer_does_not_matter():
    _, steps_taken, calls, _ = rounding(steps=80)
    assert len(steps_taken) == 40
    assert calls == [(t, 40, 1.7) for t in range(0, 40, 4)] + [(40, 40, 1.7)]


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_in_too_few_steps_units_go_at_once(steps):
    run, steps_taken, _, _ = rounding(steps)
    assert run.pool.weights.units == [2]
    assert len(steps_taken) == steps // 2


def test_a_run_that_diverged_is_not_rounded():
    task = checked_task((*ring(60), None), None, "cross_entropy", LearnConfig())
    run = task.graded_run(task.rows, 20, 2.0)
    run.pool.weights.biases[0][0] = np.inf
    with pytest.raises(Diverged, match="not all weights are finite"):
        round_units(run, [2], 2.0, Meter())


def test_a_copy_is_rounded_to_the_widths_of_the_run():
    task = checked_task((*ring(60), None), None, "cross_entropy", LearnConfig())
    run = task.graded_run(task.rows, 20, 2.0)
    before, variance = run.pool.weights.incoming.copy(), run.objective
    calls = []
    whole = rounded_copy(run, Meter(lambda *now: calls.append(now)))
    assert whole.pool.weights.units == whole_units(run.widths())
    assert {now[2] for now in calls} == {sum(run.widths())}
    assert whole.curves.losses == []
    assert whole.objective is not variance
    np.testing.assert_array_equal(run.pool.weights.incoming, before)
