"""What a caller is told while a width is learned, and what the answer does."""

import pytest

from continuum.learn import LearnConfig, WidthResult, learn_width
from continuum.learn.calibration import STAGE, TRIED_PRICES
from continuum.learn.path import frontier
from continuum.learn.settings import DEFAULT_PRICE, PRICES
from continuum.learn.task import checked_task
from tests.learn.tasks import ring

Told = list[tuple[int, int, float]]
CALIBRATION = 2 * STAGE * len(TRIED_PRICES)


def told(price: float | None, stop_at: int | None = None) -> tuple[WidthResult, Told]:
    """A run of 400 graded steps, stopped at the call of this number and at no other."""
    seen: Told = []

    def progress(*now) -> bool:
        seen.append(now)
        return len(seen) - 1 == stop_at

    return learn_width(*ring(), "cross_entropy", LearnConfig(price=price, steps=400), progress=progress), seen


@pytest.mark.parametrize(("price", "before"), [(4.0, 0), (None, CALIBRATION)])
def test_all_phases_are_told(price, before):
    found, seen = told(price)
    done = [now[0] for now in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert {now[1] for now in seen} == {before + 600}
    assert done[-1] == before + 600 == found.steps
    for first, last in ((0, before), (before, before + 400), (before + 400, before + 600)):
        assert first == last or sum(first <= step < last for step in done) >= 10
    assert {now[2] for now in seen if now[0] >= before + 400} == set(found.widths)


def test_telling_changes_nothing():
    quiet = learn_width(*ring(), "cross_entropy", LearnConfig(price=4.0, steps=400))
    assert told(4.0)[0].widths == quiet.widths


def test_an_answer_ends_the_graded_phase_and_rounding_goes_on():
    found, seen = told(4.0, stop_at=10)
    stopped = seen[10][0]
    assert 0 < stopped < 400
    assert found.steps == stopped + 200
    assert seen[-1][:2] == (found.steps, found.steps)
    assert found.network[0].out_features == found.units[0]


def test_an_answer_ends_calibration_at_the_default_price():
    found, seen = told(None, stop_at=3)
    assert found.price == DEFAULT_PRICE
    assert seen[3][0] == 3 * STAGE
    assert seen[4][:2] == (3 * STAGE, 3 * STAGE + 600)
    assert found.steps == 3 * STAGE + 600 == seen[-1][0]


def test_an_answer_while_rounding_ends_nothing():
    assert told(4.0, stop_at=-1 + len(told(4.0)[1]))[0].steps == 600
    assert told(4.0, stop_at=150)[0].steps == 600


def told_of_path(stop_at: int | None = None) -> tuple[WidthResult, Told]:
    """A path of 9 prices that shares 400 steps, each stage half as long again with its rounding; then a run of 600."""
    calls: Told = []

    def progress(*now) -> bool:
        calls.append(now)
        return len(calls) - 1 == stop_at

    return learn_width(*ring(), "cross_entropy", LearnConfig(method="path", steps=400), progress=progress), calls


def test_the_steps_of_a_path_come_before_those_of_the_run():
    result, calls = told_of_path()
    whole = 9 * (44 + 22)
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert done[0] == 0
    assert {call[1] for call in calls} == {whole + 600}
    assert all(any(66 * point <= step < 66 * point + 44 for step in done) for point in range(9))
    assert done[-1] == result.steps == whole + 600
    quiet = learn_width(*ring(), "cross_entropy", LearnConfig(method="path", steps=400))
    assert (quiet.widths, quiet.price, quiet.steps) == (result.widths, result.price, result.steps)


def test_an_answer_ends_a_path_and_the_run_goes_on():
    begun = [number for number, call in enumerate(told_of_path()[1]) if call[0] == 66][-1]
    result, calls = told_of_path(begun)
    assert result.price == PRICES[0]
    assert {call[1] for call in calls[begun + 1 :]} == {66 + 600}
    assert calls[-1][0] == result.steps == 66 + 600


def test_an_answer_at_the_last_price_of_the_shortest_path():
    """9 stages of one step, which none of rounding follows: what is told is what was done."""
    task = checked_task((*ring(), None), None, "cross_entropy", LearnConfig(steps=9))
    calls: Told = []

    def progress(*now) -> bool:
        calls.append(now)
        return now[0] == 8

    assert len(frontier(task, list(PRICES), progress).prices) == 8
    assert calls[-1][:2] == (8, 8)
