"""The one accounting: what is refused, what a crash becomes, what is cut off."""

import numpy as np
import pytest

from continuum.benchmark import SPACE, Curve
from continuum.errors import BadInput, Diverged
from continuum.search import Proposal, make, run
from continuum.search.bookkeeping import Bookkeeper
from tests.search.analytic import Analytic


class Script(Bookkeeper):
    """Proposes what it was given, whatever it costs."""

    name = "script"

    def __init__(self, *proposals):
        super().__init__()
        self.proposals, self.reports = list(proposals), []

    def _next(self, left):
        if not self.proposals:
            return None
        proposal = self.proposals.pop(0)
        self._points.append(proposal.point)
        return proposal

    def _learn(self, proposal, report):
        self.reports.append(report)


GRID = SPACE.points()


def test_a_budget_below_one_training_is_refused():
    with pytest.raises(BadInput, match="one training"):
        run(make("random"), Analytic(), 99)


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_a_number_of_workers_is_whole(workers):
    with pytest.raises(BadInput, match="workers"):
        run(make("random"), Analytic(), 100, workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_id_cannot_come_again_with_no_more_epochs_or_another_point(workers):
    for again in (Proposal(0, GRID[0], 30), Proposal(0, GRID[1], 60)):
        with pytest.raises(BadInput, match="give it a new id"):
            run(Script(Proposal(0, GRID[0], 30), again), Analytic(), 100, workers)


def test_increments_are_paid_and_the_least_value_is_the_answer():
    script = Script(Proposal(0, GRID[5], 30), Proposal(1, GRID[300], 20), Proposal(0, GRID[5], 70))
    rows = run(script, Analytic(), 1000).rows
    assert rows["cost"].tolist() == [30, 50, 90]
    assert rows["value"].iloc[2] <= rows["value"].iloc[0]


def test_what_does_not_fit_is_not_trained():
    evaluator = Analytic()
    rows = run(Script(Proposal(0, GRID[0], 90), Proposal(1, GRID[1], 90)), evaluator, 100, workers=2).rows
    assert rows["cost"].tolist() == [90]
    assert len(evaluator.asked) == 1


class Crashing(Analytic):
    """Cannot train what is two layers deep."""

    def curve(self, request):
        if request.point.depth == 2:
            raise Diverged("a weight is infinite")
        return super().curve(request)


class NaN(Analytic):
    """Diverges where it is two layers deep."""

    def curve(self, request):
        curve = super().curve(request)
        if request.point.depth == 1:
            return curve
        nothing = {part: np.full(request.epochs, np.nan) for part in curve.loss}
        return Curve(request.point, 0, nothing, nothing)


@pytest.mark.parametrize("name", ["random", "tpe", "hyperband", "asha"])
@pytest.mark.parametrize("workers", [1, 4])
def test_what_crashes_counts_as_the_constant_answer_and_its_neighbours_are_trained(name, workers):
    crashed, diverged = (run(make(name), kind(), 1000, workers).rows for kind in (Crashing, NaN))
    assert crashed.equals(diverged)
    deep = crashed[crashed["depth"] == 2]
    assert len(deep) > 0
    np.testing.assert_allclose(deep["value"], 1 + 0.1 * 2 * np.ceil(deep["gamma"]) / 64, rtol=1e-12)
    assert (crashed["value"][crashed["depth"] == 1] < 1).any()


def test_other_errors_are_not_hidden():
    class Broken(Analytic):
        def curve(self, request):
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        run(make("random"), Broken(), 200)


def test_workers_change_the_order_of_nothing_that_is_drawn_beforehand():
    one, many = (run(make("random", seed=5), Analytic(), 3200, workers).rows for workers in (1, 32))
    assert one.equals(many)
