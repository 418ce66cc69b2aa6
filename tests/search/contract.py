"""What every searcher and every method of shared weights must keep: their tests inherit these suites."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import pytest

from continuum.benchmark import SPACE, Point, Space
from continuum.errors import BadInput
from continuum.search import Proposal, Report, Searcher, SharingMethod, Trace, run
from tests.search.analytic import Analytic, value

#: What was asked, answered and told, round by round.
History = list[tuple[int, int, list[Proposal], list[Report]]]

NAN = float("nan")


def play(
    searcher: Searcher,
    budget: int,
    workers: int = 1,
    judge: Callable[[Proposal], float | None] = lambda proposal: value(proposal.point, proposal.epochs),
) -> History:
    """Ask and tell until the searcher or the budget is at its end; what ``judge`` answers None is never told."""
    history: History = []
    trained: dict[int, int] = {}
    left = budget
    while left > 0 and (proposals := searcher.ask(workers, left)):
        told = [(proposal, judge(proposal)) for proposal in proposals]
        reports = [Report(p.id, p.epochs, answer, (answer,) * p.epochs) for p, answer in told if answer is not None]
        history.append((workers, left, proposals, reports))
        for proposal in proposals:
            increment = proposal.epochs - trained.get(proposal.id, 0)
            assert increment > 0, "an id that comes again must come with more epochs"
            trained[proposal.id] = proposal.epochs
            left -= increment
        searcher.tell(reports)
    return history


def replay(searcher: Searcher, history: History) -> None:
    """Ask and tell what was asked and told; the answers must be the same."""
    for workers, left, proposals, reports in history:
        assert searcher.ask(workers, left) == proposals
        searcher.tell(reports)


def proposed(history: History) -> list[Proposal]:
    return [proposal for _, _, proposals, _ in history for proposal in proposals]


def in_box(point: Point, space: Space) -> bool:
    """Whether gamma and lr lie between the ends, decay and depth on the grid."""
    real = all(axis[0] <= v <= axis[-1] for axis, v in ((space.gamma, point.gamma), (space.lr, point.lr)))
    return real and point.weight_decay in space.weight_decay and point.depth in space.depth


#: Histories of each suite.
HISTORIES: dict[tuple[type, int], History] = {}


class SearcherContract(ABC):
    """A searcher keeps the accounts, is a function of seed and history, and cannot be hung or crashed by a trial."""

    #: Epochs of a search: enough for a model to be asked, few enough to be quick.
    budget = 1300
    #: Epochs that the least proposal costs.
    least = 100
    #: Whether all points lie on the grid, or in the box alone.
    on_grid = True
    #: Whether the seed changes what is proposed.
    seeded = True
    #: Whether a point may be trained again from the start, under a new id and to more epochs.
    restarts = False

    @abstractmethod
    def make(self, seed: int = 0) -> Searcher:
        """A new searcher of ``SPACE``."""

    def history(self, workers: int = 1) -> History:
        """What seed 0 did with half a training more than its budget, played once for all tests of a class."""
        key = type(self), workers
        if key not in HISTORIES:
            HISTORIES[key] = play(self.make(), self.budget + 50, workers)
        return HISTORIES[key]

    def test_proposals_lie_in_the_space(self):
        points = [proposal.point for proposal in proposed(self.history())]
        assert points
        assert all(point in SPACE if self.on_grid else in_box(point, SPACE) for point in points)

    @pytest.mark.parametrize("workers", [1, 5])
    def test_an_id_is_one_point_and_its_epochs_grow(self, workers):
        points: dict[int, Point] = {}
        epochs: dict[int, int] = {}
        for proposal in proposed(self.history(workers)):
            assert points.setdefault(proposal.id, proposal.point) == proposal.point
            assert epochs.get(proposal.id, 0) < proposal.epochs <= SPACE.epochs
            epochs[proposal.id] = proposal.epochs

    def test_nothing_is_trained_twice(self):
        proposals = proposed(self.history())
        assert len({(proposal.point, proposal.epochs) for proposal in proposals}) == len(proposals)
        if not self.restarts:
            assert len({proposal.point for proposal in proposals}) == len({proposal.id for proposal in proposals})

    @pytest.mark.parametrize("workers", [1, 5])
    def test_the_budget_is_never_exceeded(self, workers):
        trained: dict[int, int] = {}
        for count, left, proposals, _ in self.history(workers):
            assert len(proposals) <= count
            spent = 0
            for proposal in proposals:
                spent += proposal.epochs - trained.get(proposal.id, 0)
                trained[proposal.id] = proposal.epochs
            assert spent <= left

    def test_the_trace_accounts_for_every_epoch(self):
        trace = run(self.make(), Analytic(), self.budget)
        rows = trace.rows
        paid = rows.groupby("id")["epochs"].max().sum()
        assert rows["cost"].iloc[-1] == paid <= self.budget
        assert rows["value"].where(rows["incumbent"]).min() == rows["value"].min()

    def test_nothing_is_proposed_without_budget(self):
        assert self.make().ask(3, 0) == []
        assert self.make().ask(3, self.least - 1) == []

    def test_a_replay_is_exact(self):
        replay(self.make(), self.history(5))

    def test_a_search_that_is_resumed_goes_on_as_if_it_had_never_stopped(self):
        whole = self.history()
        first = whole[: len(whole) // 2]
        resumed = self.make()
        replay(resumed, first)
        left = whole[len(first)][1]
        trained = {proposal.id: proposal.epochs for proposal in proposed(first)}
        rest = []
        while left > 0 and (proposals := resumed.ask(1, left)):
            rest.extend(proposals)
            resumed.tell([Report(p.id, p.epochs, v := value(p.point, p.epochs), (v,) * p.epochs) for p in proposals])
            for proposal in proposals:
                left -= proposal.epochs - trained.get(proposal.id, 0)
                trained[proposal.id] = proposal.epochs
        assert rest == proposed(whole[len(first) :])

    def test_another_seed_proposes_other_points(self):
        histories = self.history(), play(self.make(1), self.budget + 50)
        points = [[proposal.point for proposal in proposed(history)] for history in histories]
        assert (points[0] != points[1]) is self.seeded

    def test_nan_counts_as_the_worst(self):
        deep = proposed(play(self.make(), self.budget, judge=lambda p: NAN if p.point.depth == 2 else 0.5))
        first = deep[0].epochs
        further = [proposal.point.depth for proposal in deep if proposal.epochs > first]
        assert further.count(2) <= len(further) / 2
        play(self.make(), self.budget, judge=lambda proposal: NAN)

    def test_an_unknown_id_and_one_told_twice_are_refused_and_change_nothing(self):
        searcher, twin = self.make(), self.make()
        (proposal,) = searcher.ask(1, self.budget)
        assert twin.ask(1, self.budget) == [proposal]
        report = Report(proposal.id, proposal.epochs, 0.5, (0.5,) * proposal.epochs)
        with pytest.raises(BadInput):
            searcher.tell([report, Report(987654, 100, 0.5)])
        with pytest.raises(BadInput):
            searcher.tell([report, report])
        searcher.tell([report])
        with pytest.raises(BadInput):
            searcher.tell([report])
        twin.tell([report])
        assert searcher.ask(1, self.budget - 100) == twin.ask(1, self.budget - 100)

    def test_a_trial_that_crashes_is_not_left_running_for_ever(self):
        whole = proposed(self.history())
        crashed = proposed(
            play(self.make(), self.budget, judge=lambda p: None if p.id == 0 else value(p.point, p.epochs))
        )
        assert len({(proposal.point, proposal.epochs) for proposal in crashed}) == len(crashed)
        assert len(crashed) >= len(whole) / 2


#: Traces of each suite.
TRACES: dict[type, list[Trace]] = {}


class SharingContract(ABC):
    """A method of shared weights keeps its accounts, and is a function of its seed."""

    task = "iris"
    #: Epochs of a search.
    budget = 300

    @abstractmethod
    def make(self) -> SharingMethod:
        """A new method."""

    def traces(self) -> list[Trace]:
        """Two searches of seed 0 and one of seed 1, made once for all tests of a class."""
        if type(self) not in TRACES:
            TRACES[type(self)] = [self.make().search(self.task, self.budget, seed) for seed in (0, 0, 1)]
        return TRACES[type(self)]

    def test_the_trace_says_what_was_searched(self):
        for trace, seed in zip(self.traces(), (0, 0, 1), strict=True):
            assert (trace.searcher, trace.task, trace.seed) == (self.make().name, self.task, seed)
            assert len(trace.rows)

    def test_the_budget_is_never_exceeded(self):
        for trace in self.traces():
            assert 0 < trace.rows["cost"].iloc[-1] <= self.budget

    def test_the_answer_lies_in_the_box(self):
        for trace in self.traces():
            answer = trace.answer(self.budget)
            assert answer is not None
            assert in_box(trace.point(answer), self.make().space)
            assert 1 <= answer["best_epoch"] <= answer["epochs"]

    def test_a_search_is_a_function_of_its_seed(self):
        first, again, other = (trace.rows for trace in self.traces())
        assert first.equals(again)
        assert not first.equals(other)

    def test_a_budget_below_one_training_is_refused(self):
        with pytest.raises(BadInput):
            self.make().search(self.task, 99, 0)
