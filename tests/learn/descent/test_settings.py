"""Stages of a falling price, how many steps they take, and what bounds them."""

import pytest

from continuum.errors import BadInput
from continuum.learn.descent.budget import CHOOSING, Budget
from continuum.learn.descent.settings import (
    LEAST_BATCH,
    LONGER,
    MOST_BATCH,
    PRICES,
    DescentConfig,
    batch_for,
    cumulative,
    final_steps,
    rounding_steps,
)


@pytest.mark.parametrize("price", [None, 3000.0, PRICES[0], 20.0, PRICES[-1], 1e-3])
@pytest.mark.parametrize("doublings", [0, 3])
def test_the_price_falls_to_the_last_one_and_stays(price, doublings):
    schedule = DescentConfig(price=price, stage=7, doublings=doublings).schedule()
    prices, steps = [stage.price for stage in schedule], [stage.steps for stage in schedule]
    falling = len(schedule) - doublings
    assert prices[:falling] == sorted(set(prices), reverse=True)
    assert set(prices[falling - 1 :]) == {PRICES[-1] if price is None else price}
    assert set(prices[: falling - 1]) <= set(PRICES)
    assert {stage > (price or 0) for stage in prices[: falling - 1]} <= {True}
    assert steps == [7] * falling + [7 * 2**k for k in range(1, doublings + 1)]


def test_steps_of_the_last_network_and_of_rounding():
    schedule = DescentConfig(stage=10, doublings=3).schedule()
    behind = cumulative(schedule)
    assert behind[-1] == sum(stage.steps for stage in schedule)
    for last, stage in enumerate(schedule):
        assert final_steps(schedule, last) == behind[last] + (LONGER - 1) * stage.steps
        assert rounding_steps(schedule, last) == max(40, stage.steps)
    everything = [final_steps(schedule, last) + rounding_steps(schedule, last) for last in range(len(schedule))]
    assert everything == sorted(everything)  # what is affordable at a stage was so at those before


@pytest.mark.parametrize("rows", [1, 40, 999, 5000, 10**4, 10**6])
def test_rows_of_a_step_are_a_power_of_two(rows):
    batch = batch_for(rows)
    assert LEAST_BATCH <= batch <= MOST_BATCH
    assert batch & (batch - 1) == 0
    assert batch_for(2 * rows) in (batch, 2 * batch)


REFUSED = {
    "rounding": ({"rounding": "helt_out"}, "rounding: expected one of .*, got 'helt_out'; did you mean held_out"),
    "price": ({"price": 0.0}, "price: expected a finite number > 0, got 0.0; None lets held-out rows choose"),
    "steps": ({"steps": 0}, "steps: expected an integer >= 1, got 0"),
    "seconds": ({"seconds": -1.0}, "seconds: expected a finite number > 0, got -1.0; None is no bound"),
    "stage": ({"stage": 0}, "stage: expected an integer >= 1"),
    "doublings": ({"doublings": -1}, "doublings: expected an integer >= 0"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(arguments, message):
    with pytest.raises(BadInput, match=message):
        DescentConfig(**arguments)


def test_a_budget_of_steps():
    budget = Budget(DescentConfig(steps=100))
    assert (budget.total, budget.left, budget.choosing) == (100, 100, 100 * CHOOSING)
    budget.spend(30)
    budget.spend(15)
    assert (budget.left, budget.choosing) == (55, 100 * CHOOSING - 45)
    budget.spend(80)
    assert (budget.left, budget.choosing) == (0, 0)
    assert Budget(DescentConfig()).left == Budget(DescentConfig()).choosing == float("inf")


def test_a_budget_of_seconds(monkeypatch):
    now = 100.0
    monkeypatch.setattr("continuum.learn.descent.budget.time.perf_counter", lambda: now)
    budget = Budget(DescentConfig(seconds=10.0), began=now, told=now)
    assert budget.left == float("inf")  # nobody knows yet what a step takes
    now = 102.0
    budget.spend(50)  # of .04 seconds each, which makes 250 in all
    assert budget.left == pytest.approx(200)
    assert budget.choosing == pytest.approx(250 * CHOOSING - 50)
    now = 108.0
    budget.spend(25)  # they have become slower: 25 in 6 seconds
    assert budget.left == pytest.approx(2 * 25 / 6)
    now = 111.0
    assert budget.left == 0


def test_of_two_bounds_the_nearer_one(monkeypatch):
    now = 0.0
    monkeypatch.setattr("continuum.learn.descent.budget.time.perf_counter", lambda: now)
    few, many = (Budget(DescentConfig(seconds=10.0, steps=steps), began=now, told=now) for steps in (20, 1000))
    now = 1.0
    for budget in (few, many):
        budget.spend(10)
    assert few.left == 10
    assert many.left == pytest.approx(90)
