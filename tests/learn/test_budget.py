"""What a fit may still spend: seconds become steps at the pace of the last ones."""

import pytest

from continuum.learn.descent import DescentConfig
from continuum.learn.descent.budget import Budget


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("continuum.learn.descent.budget.time", clock)
    return clock


def test_without_bounds_it_is_infinite(clock):
    budget = Budget(DescentConfig())
    budget.spend(10**9)
    assert budget.left == budget.choosing == float("inf")


def test_steps_that_are_slower_than_those_before_count_as_they_are(clock):
    budget = Budget(DescentConfig(seconds=10.0), began=0.0, told=0.0)
    clock.now = 1.0
    budget.spend(100)
    assert budget.left == pytest.approx(900)  # the mean pace of all steps would be right here,
    clock.now = 5.0
    budget.spend(100)
    assert budget.left == pytest.approx(125)  # and here would promise 200


def test_no_steps_leave_the_pace(clock):
    budget = Budget(DescentConfig(seconds=10.0, steps=50), began=0.0, told=0.0)
    clock.now = 1.0
    budget.spend(10)
    clock.now = 2.0
    budget.spend(0)
    assert budget.left == pytest.approx(40)  # steps bound it first
    clock.now = 11.0
    assert budget.left == 0
