"""A policy at work on a task that it has not seen."""

from continuum.benchmark import Evaluator, Point
from continuum.search.agents.training import Policy
from continuum.search.bookkeeping import Bookkeeper
from continuum.search.driver import run
from continuum.search.environments.problem import Problem
from continuum.search.environments.situation import Situation
from continuum.search.searcher import Proposal, Report
from continuum.search.trace import Trace

#: Actions that are tried before a policy that repeats itself is left at its end.
TRIES = 200
#: By how much the deviation around a repeated action grows with each try, in half widths of the box.
GROWTH = 0.05


class PolicySearcher(Bookkeeper):
    """Asks for the landmarks, then for what the policy says; it learns nothing more.

    A policy that is sure of itself says the same again, which would be paid again: the nearest that is new is tried.
    """

    name = "policy"

    def __init__(self, policy: Policy, problem: Problem, budget: int) -> None:
        super().__init__(policy.representation.space, policy.seed)
        self._policy, self._problem, self._budget = policy, problem, budget
        self._looks: list[Proposal] = []
        self._values: list[float] = []
        self._situation: Situation | None = None
        self._tried: set[Point] = set()

    def _next(self, left: int) -> Proposal | None:
        if len(self._looks) < len(self._problem.requests):
            request = self._problem.requests[len(self._looks)]
            self._looks.append(self._fresh(request.point, request.epochs))
            return self._looks[-1]
        if self._situation is None or left < self.space.epochs:  # it waits for its landmarks, or is at its end
            return None
        point = self._new(self._policy(self._situation.state))
        return None if point is None else self._whole(point)

    def _new(self, action: object) -> Point | None:
        """The point of an action, or one near it that was not trained yet."""
        agent, represented = self._policy.agent, self._policy.representation
        point = represented.point(action)
        for attempt in range(TRIES):
            if point not in self._tried:
                self._tried.add(point)
                return point
            near = agent.nearby(action, GROWTH * (attempt + 1))
            point = represented.point(near)
        return None

    def _learn(self, proposal: Proposal, report: Report) -> None:
        if self._situation is not None:
            self._situation.learn(proposal.point, report.value)
            self._situation.charge(self.space.epochs)
            return
        self._values.append(report.value)
        if len(self._values) == len(self._problem.requests):
            self._situation = Situation(self.space, self._problem.descriptors, self._values, self._budget)
            self._situation.charge(self._problem.charge)


def judge(policy: Policy, evaluator: Evaluator, budget: int) -> Trace:
    """What a policy finds on a task within ``budget`` epochs; landmarks are charged, and are rows of the trace.

    Raises ``BadInput`` for a budget below one whole training.
    """
    searcher = PolicySearcher(policy, Problem(evaluator), budget)
    trace = run(searcher, evaluator, budget)
    return Trace(policy.name, trace.task, policy.seed, trace.rows)
