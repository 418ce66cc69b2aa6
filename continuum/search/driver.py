"""One accounting for all searchers that ask and are told."""

from typing import Any

import numpy as np
import pandas as pd

from continuum import checks
from continuum.benchmark.evaluator import Evaluator, Request
from continuum.errors import BadInput
from continuum.search.searcher import Proposal, Report, Searcher
from continuum.search.trace import COLUMNS, Trace


def run(searcher: Searcher, evaluator: Evaluator, budget: int, workers: int = 1) -> Trace:
    """Let a searcher spend ``budget`` epochs, ``workers`` proposals at a time.

    Epochs are charged as they are trained: an id that is known pays the increment alone. Raises ``BadInput`` for a
    budget below one whole training.
    """
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
        self.evaluator, self.cost, self.best = evaluator, 0, np.inf
        self.trained: dict[int, int] = {}
        self.rows: list[tuple[Any, ...]] = []

    def train(self, proposals: list[Proposal], budget: int) -> list[Report]:
        """Train what fits into the budget, and report it."""
        fitting = []
        ahead = self.cost
        for proposal in proposals:
            increment = proposal.epochs - self.trained.get(proposal.id, 0)
            if increment <= 0:
                came = f"{proposal.epochs} of id {proposal.id}, which has had {self.trained[proposal.id]}"
                raise BadInput("epochs", expected="more than an id has had", came=came, remedy="give it a new id")
            if ahead + increment > budget:
                break
            ahead += increment
            fitting.append(proposal)
        if not fitting:
            self.cost = budget
            return []
        curves = self.evaluator.curves([Request(p.point, p.epochs) for p in fitting])
        return [self._account(p, self.evaluator.objective.values(c)) for p, c in zip(fitting, curves, strict=True)]

    def table(self) -> pd.DataFrame:
        """The rows of the trace; column by column, which is faster than row by row."""
        columns = [np.array(column) for column in zip(*self.rows, strict=True)] or [np.array([])] * len(COLUMNS)
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))

    def _account(self, proposal: Proposal, values: np.ndarray) -> Report:
        self.cost += proposal.epochs - self.trained.get(proposal.id, 0)
        self.trained[proposal.id] = proposal.epochs
        best = int(values.argmin())
        value = float(values[best])
        p = proposal.point  # one by one: astuple copies deeply, which takes longer than a look-up
        place = (p.gamma, p.lr, p.weight_decay, p.depth)
        self.rows.append((self.cost, proposal.id, *place, proposal.epochs, best + 1, value, value < self.best))
        self.best = min(self.best, value)
        return Report(proposal.id, proposal.epochs, value, tuple(values.tolist()))
