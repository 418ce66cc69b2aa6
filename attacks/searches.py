"""Hostile histories told to searchers, hostile actions to the environment, damaged tables: sense or words."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from attacks.harness import Attack
from continuum.benchmark import SPACE, Space
from continuum.errors import BadInput
from continuum.search import Proposal, Report, Searcher, by_name

#: Searchers whose answers take microseconds, for the first attempts; the long form takes the others, too.
QUICK = ("grid", "random", "quasi_random", "successive_halving", "hyperband", "asha", "constant", "widest", "average")
SLOW = ("tpe", "cma_es", "bohb", "gaussian_process")
#: The attempt from which on slow searchers are tried.
PATIENT = 60
#: Asks of one history.
ASKS = 6
SPACES = (
    SPACE,
    Space(gamma=(1.0,), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=1),
    Space(gamma=(0.5, 64.0), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=3),
    Space(gamma=(1.0, 2.0, 3.5), lr=(1e-300, 1e300), weight_decay=(0.0, 1e300), depth=(1, 9), epochs=27),
)
SEEDS = (0, 1, 2**31, 2**32 - 1)
VALUES = (math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0, 0.5)


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """A history, now and then an episode or a table."""
    return KINDS[index % len(KINDS)](index, generator, folder)


def history(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """What a searcher proposes to somebody who forgets, repeats, and answers nonsense; and whether it does so again."""
    names = QUICK if index < PATIENT else QUICK + SLOW
    name, seed = str(generator.choice(names)), int(generator.choice(SEEDS))
    space = SPACES[generator.integers(len(SPACES))]
    draws = int(generator.integers(2**32))
    told, again = (
        _History(cast(type[Searcher], by_name(name))(space, seed), np.random.default_rng(draws)) for _ in range(2)
    )
    fault = told.play()
    if fault is None and (again.play() is not None or again.proposals != told.proposals):
        fault = "a replay proposes something else"
    return f"{name}, seed {seed}, {space}: {fault}" if fault else None


class _History:
    """Some asks of one searcher, and tells of all kinds between them."""

    def __init__(self, searcher: Searcher, generator: np.random.Generator) -> None:
        self.searcher, self.space, self.generator = searcher, searcher.space, generator
        self.proposals: list[Proposal] = []
        self.known: dict[int, Proposal] = {}

    def play(self) -> str | None:
        """Ask and tell; what is wrong, if anything is."""
        for _ in range(ASKS):
            count = int(self.generator.choice([1, 1, 2, 5, 40]))
            left = int(self.generator.choice([self.space.epochs, 7 * self.space.epochs, 10**12, 1, 0]))
            asked = self.searcher.ask(count, left)
            if fault := self._wrong(asked, count, left):
                return fault
            self.proposals += asked
            if fault := self._tell([p for p in asked if self.generator.random() < 0.9]):
                return fault
        return None

    def _wrong(self, asked: Sequence[Proposal], count: int, left: int) -> str | None:
        if len(asked) > count:
            return f"{len(asked)} proposals where {count} were asked for"
        for proposal in asked:
            before = self.known.get(proposal.id)
            if before is not None and (before.point != proposal.point or before.epochs >= proposal.epochs):
                return f"{proposal} after {before}"
            if not 1 <= proposal.epochs <= self.space.epochs:
                return f"{proposal}: epochs"
            if not _inside(proposal, self.space):
                return f"{proposal} lies outside"
            left -= proposal.epochs - (0 if before is None else before.epochs)
            self.known[proposal.id] = proposal
        return f"{-left} epochs too many" if left < 0 else None

    def _tell(self, of: Sequence[Proposal]) -> str | None:
        reports = [self._report(proposal) for proposal in of]
        self.searcher.tell(reports)
        for wrong in (reports[:1], [Report(10**9, 1, 0.5, (0.5,))]):
            if wrong and not _refused(self.searcher, wrong):
                return f"{wrong[0]} was taken, told twice or never asked for"
        return None

    def _report(self, proposal: Proposal) -> Report:
        value = float(self.generator.choice(VALUES if self.generator.random() < 0.5 else (self.generator.random(),)))
        curve = (value,) * proposal.epochs if self.generator.random() < 0.7 else ()
        return Report(proposal.id, proposal.epochs, value, curve)


def _inside(proposal: Proposal, space: Space) -> bool:
    point = proposal.point
    pairs = ((point.gamma, space.gamma), (point.lr, space.lr))
    real = all(axis[0] * (1 - 1e-9) <= value <= axis[-1] * (1 + 1e-9) for value, axis in pairs)
    return real and space.weight_decay[0] <= point.weight_decay <= space.weight_decay[-1] and point.depth in space.depth


def _refused(searcher: Searcher, reports: Sequence[Report]) -> bool:
    try:
        searcher.tell(reports)
    except BadInput as error:
        return bool(error.remedy)
    return False


KINDS: tuple[Callable[[int, np.random.Generator, Path], str | None], ...] = (history,)
attack = Attack("searches", cases=1500, short=30, attempt=attempt)
