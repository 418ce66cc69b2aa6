"""One accounting for all searchers that ask and are told."""

from math import inf
from typing import Any, get_args

import numpy as np
import pandas as pd

from continuum import checks
from continuum.benchmark.curve import Curve
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.ensemble.parts import PartName
from continuum.errors import BadInput, Diverged
from continuum.search.judgement import judged
from continuum.search.searcher import Proposal, Report, Searcher
from continuum.search.trace import COLUMNS, Trace


def run(searcher: Searcher, evaluator: Evaluator, budget: int, workers: int = 1) -> Trace:
    """Let a searcher spend ``budget`` epochs, ``workers`` proposals at a time.

    Epochs are charged as they are trained: an id that is known pays the increment alone. Raises ``BadInput`` for a
    budget below one whole training, and for a proposal that gives a known id another point or no more epochs.
    """
    checks.whole("workers", workers, at_least=1)
    checks.whole("budget", budget, at_least=1)
    if budget < evaluator.space.epochs:
        expected = f"one training at least, {evaluator.space.epochs} epochs"
        raise BadInput("budget", expected=expected, came=budget, remedy="raise it")
    ledger = _Ledger(evaluator)
    while proposals := searcher.ask(workers, budget - ledger.cost):
        reports = ledger.train(proposals, budget)
        searcher.tell(reports)
        if ledger.cost >= budget:
            break
    return Trace(searcher.name, evaluator.task, searcher.seed, ledger.table())


class _Ledger:
    """What was trained, and what it cost."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator, self.cost, self.best = evaluator, 0, inf
        self.trained: dict[int, Proposal] = {}
        self.rows: list[tuple[Any, ...]] = []

    def train(self, proposals: list[Proposal], budget: int) -> list[Report]:
        """Train what fits into the budget, and report it."""
        fitting, costs = [], []
        ahead = self.cost
        for proposal in proposals:
            ahead += self._increment(proposal)
            if ahead > budget:
                break
            self.trained[proposal.id] = proposal
            fitting.append(proposal)
            costs.append(ahead)
        if not fitting:
            self.cost = budget
            return []
        curves = self._curves([Request(p.point, p.epochs) for p in fitting])
        return [self._account(p, curve, cost) for p, curve, cost in zip(fitting, curves, costs, strict=True)]

    def table(self) -> pd.DataFrame:
        """The rows of the trace; column by column, which is faster than row by row."""
        columns = [np.array(column) for column in zip(*self.rows, strict=True)] or [np.array([])] * len(COLUMNS)
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))

    def _increment(self, proposal: Proposal) -> int:
        """Epochs that a proposal costs."""
        before = self.trained.get(proposal.id)
        if before is None:
            return proposal.epochs
        if proposal.epochs <= before.epochs:
            came = f"{proposal.epochs} of id {proposal.id}, which has had {before.epochs}"
            raise BadInput("epochs", expected="more than an id has had", came=came, remedy="give it a new id")
        if proposal.point != before.point:
            raise BadInput(
                "point", expected=f"that of id {proposal.id}", came=proposal.point, remedy="give it a new id"
            )
        return proposal.epochs - before.epochs

    def _curves(self, requests: list[Request]) -> list[Curve]:
        """The curves; of what cannot be trained, one of NaN, so that no proposal stays out for ever."""
        try:
            return self.evaluator.curves(requests)
        except Diverged:
            if len(requests) > 1:
                return [curve for request in requests for curve in self._curves([request])]
            nothing = {part: np.full(requests[0].epochs, np.nan) for part in get_args(PartName)}
            return [Curve(requests[0].point, self.evaluator.seed, nothing, nothing)]

    def _account(self, proposal: Proposal, curve: Curve, cost: int) -> Report:
        self.cost, point = cost, proposal.point
        value, best, values = judged(curve, self.evaluator.objective)
        where = (point.gamma, point.lr, point.weight_decay, point.depth)
        self.rows.append((cost, proposal.id, *where, proposal.epochs, best, value, value < self.best))
        self.best = min(self.best, value)
        return Report(proposal.id, proposal.epochs, value, values)
