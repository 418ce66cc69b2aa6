"""The suites are no rubber stamps: each fault that a searcher may have fails a test of its own."""

from inspect import signature

import numpy as np
import pandas as pd
import pytest

from continuum.benchmark import SPACE, Point
from continuum.errors import BadInput
from continuum.search import Proposal, Searcher, SharingMethod, Trace
from continuum.search.trace import COLUMNS
from tests.search.contract import SearcherContract, SharingContract

#: Fault of a searcher: test that must reject it.
FAULTS = {
    "leaves the space": "test_proposals_lie_in_the_space",
    "gives an id to two points": "test_an_id_is_one_point_and_its_epochs_grow",
    "repeats": "test_nothing_is_trained_twice",
    "overspends": "test_the_budget_is_never_exceeded",
    "asks without budget": "test_nothing_is_proposed_without_budget",
    "draws from the world": "test_a_replay_is_exact",
    "forgets how far it was": "test_a_search_that_is_resumed_goes_on_as_if_it_had_never_stopped",
    "ignores its seed": "test_another_seed_proposes_other_points",
    "crashes at NaN": "test_nan_counts_as_the_worst",
    "believes anyone": "test_an_unknown_id_and_one_told_twice_are_refused_and_change_nothing",
    "waits": "test_a_trial_that_crashes_is_not_left_running_for_ever",
}
GRID = SPACE.points()
WORLD = np.random.default_rng(7)


class Faulty(Searcher):
    """Random search with one fault, or none."""

    name = "faulty"
    made = 0

    def __init__(self, fault: str = "", seed: int = 0) -> None:
        super().__init__(SPACE, seed)
        Faulty.made += 1
        self.fault, self.out, self.count = fault, set(), 0
        self.order = np.random.default_rng(0 if fault == "ignores its seed" else seed).permutation(SPACE.size)
        if fault == "draws from the world":
            self.order = WORLD.permutation(SPACE.size)
        if fault == "forgets how far it was":
            self.order = np.concatenate([self.order[:5], np.roll(self.order[5:], Faulty.made)])

    def ask(self, count: int, left: int) -> list[Proposal]:
        if self.fault == "waits" and self.out:
            return []
        proposals = []
        while len(proposals) < count and self._fits(left - 100 * len(proposals)):
            proposals.append(Proposal(self._id(), self._point(), 100))
            self.out.add(proposals[-1].id)
            self.count += 1
        return proposals

    def _fits(self, left: int) -> bool:
        spare = {"overspends": 0, "asks without budget": -1}.get(self.fault, 99)
        return left > spare

    def _id(self) -> int:
        return 0 if self.fault == "gives an id to two points" else self.count

    def _point(self) -> Point:
        if self.fault == "leaves the space":
            return Point(2.7, 0.01)
        return GRID[self.order[self.count // 2 if self.fault == "repeats" else self.count]]

    def tell(self, reports):
        ids = [report.id for report in reports]
        if self.fault == "crashes at NaN" and any(np.isnan(report.value) for report in reports):
            raise ValueError("NaN")
        if self.fault != "believes anyone" and (len(set(ids)) < len(ids) or not self.out.issuperset(ids)):
            raise BadInput("report", expected="one for each that is out", came=ids, remedy="leave it out")
        self.out.difference_update(ids)


class TestSearcher(SearcherContract):
    def make(self, seed=0):
        return Faulty("", seed)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_rejected(fault):
    class Suite(SearcherContract):
        def make(self, seed=0):
            return Faulty(fault, seed)

    test = getattr(Suite(), FAULTS[fault])
    arguments = {"workers": 1} if "workers" in signature(test).parameters else {}
    with pytest.raises((AssertionError, pytest.fail.Exception, ValueError)):
        test(**arguments)


class FaultySharing(SharingMethod):
    """One training, with one fault, or none."""

    name = "faulty_sharing"

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault

    def search(self, task: str, budget: int, seed: int) -> Trace:
        if budget < 100 and self.fault != "takes any budget":
            raise BadInput("budget", expected="100", came=budget, remedy="raise it")
        generator = np.random.default_rng(0 if self.fault == "ignores its seed" else seed)
        gamma = 65.0 if self.fault == "leaves the box" else float(generator.uniform(1, 64))
        cost = budget + 1 if self.fault == "overspends" else budget
        if self.fault == "draws from the world":
            gamma = float(WORLD.uniform(1, 64))
        name = "other" if self.fault == "is another" else task
        row = (cost, 0, gamma, 0.01, 0.0, 1, 100, 80, 0.5, True)
        return Trace(self.name, name, seed, pd.DataFrame([row], columns=list(COLUMNS)))


class TestSharing(SharingContract):
    def make(self):
        return FaultySharing()


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("is another", "test_the_trace_says_what_was_searched"),
        ("overspends", "test_the_budget_is_never_exceeded"),
        ("leaves the box", "test_the_answer_lies_in_the_box"),
        ("ignores its seed", "test_a_search_is_a_function_of_its_seed"),
        ("draws from the world", "test_a_search_is_a_function_of_its_seed"),
        ("takes any budget", "test_a_budget_below_one_training_is_refused"),
    ],
)
def test_a_fault_of_a_sharing_method_is_rejected(fault, test):
    class Suite(SharingContract):
        def make(self):
            return FaultySharing(fault)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(Suite(), test)()
