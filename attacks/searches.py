"""Hostile histories told to searchers, hostile actions to the environment, damaged tables: sense or words."""

import math
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from attacks.damages import IN_PLACE, changed_bytes, changed_json
from attacks.harness import Attack
from continuum.benchmark import SPACE, Curve, Evaluator, Objective, Request, Space, Table
from continuum.errors import BadInput, ContinuumError
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
#: What no action is.
ODD_ACTIONS: tuple[Any, ...] = (
    None, "wide", math.nan, 1.5, -1, 10**30, True, [], {}, [[0.0]], b"0", 1j, [None, None], ["0.1", "0.2"],
    np.array([np.nan, 0.0]), np.array([0.0, np.inf]), np.array([1.0001, 0.0]), np.zeros(3), np.zeros((2, 1)),
    np.full(25, np.nan), np.array([0, 0], dtype=object), np.array(["a", "b"]), np.array(-1), np.array(2.0),
    np.uint64(2**63),
)  # fmt: skip
#: Letters of a message: about a screen.
LONGEST = 1600


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


def actions(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """Actions of all kinds: those outside the box are refused, and the rewards of the others add up."""
    from continuum.search.environments.width import WidthEnv  # an extra

    kinds = ("continuous", "rounded", "softmax", "discrete")
    env = WidthEnv(_Bowl(generator), str(generator.choice(kinds)))
    env.action_space.seed(index)
    env.reset(seed=index)
    gained, incumbent, ended = 0.0, 1.0, False
    while not ended:
        if generator.random() < 0.4 and (fault := _taken(env, ODD_ACTIONS[generator.integers(len(ODD_ACTIONS))])):
            return fault
        state, reward, ended, _, info = env.step(env.action_space.sample())
        gained, incumbent = gained + reward, info["incumbent"]
        if not env.observation_space.contains(state):
            return f"{state} is no state"
    if not math.isclose(gained, 1.0 - incumbent, abs_tol=1e-9):
        return f"rewards add up to {gained}, and the incumbent fell from 1 to {incumbent}"
    return _taken(env, env.action_space.sample())


def _taken(env: Any, action: Any) -> str | None:
    try:
        env.step(action)
    except BadInput as error:
        return None if error.remedy and len(str(error)) < LONGEST else f"{action!r}: {error}"
    return f"{action!r} was taken"


class _Bowl(Evaluator):
    """A loss that is a function of the width, with networks that diverge, and no training."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.task, self.seed, self.space, self.steps = "iris", 0, SPACE, 3
        self.objective = Objective(constant=1.0)
        self.diverged = float(generator.choice([0.0, 0.2, 1.0]))

    def curves(self, requests: Sequence[Request]) -> list[Curve]:
        return [self._curve(request) for request in requests]

    def _curve(self, request: Request) -> Curve:
        loss = np.full(request.epochs, math.log(request.point.gamma / 8) ** 2)
        loss[int((1 - self.diverged) * request.epochs) :] = np.nan
        return Curve(request.point, 0, {"validation": loss}, {"validation": loss})


def tables(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """A table of which a file is damaged, missing or something else: refused in words, or the true curves."""
    place = folder / "table"
    whole = Table.load().only("iris")
    whole.save(place)
    target = place / str(generator.choice(["table.json", "iris.parquet"]))
    damages = (changed_bytes, changed_bytes, *((changed_json,) * 2 if target.suffix == ".json" else ()), *IN_PLACE)
    damage = damages[generator.integers(len(damages))]
    if damage in IN_PLACE:
        target.unlink()
    damage(target, generator)
    try:
        table = Table.load(place)
        curves = [table.curves(task, seed)["test"] for task in table.tasks for seed in table.seeds]
        true = [whole.curves("iris", seed)["test"] for seed in whole.seeds]
        if table.tasks == whole.tasks and table.seeds == whole.seeds and not _same(curves, true):
            return f"{damage.__name__} of {target.name}: other curves"
    except ContinuumError as error:
        return None if len(str(error)) < LONGEST else f"{damage.__name__} of {target.name}: {str(error)[:200]}..."
    finally:
        subprocess.run(["rm", "-rf", str(place)], check=False)  # some are nested deeper than Python can remove
    return None


def _same(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    return all(np.array_equal(one, other, equal_nan=True) for one, other in zip(some, others, strict=True))


KINDS: tuple[Callable[[int, np.random.Generator, Path], str | None], ...] = (history, actions) * 3 + (tables,)
attack = Attack("searches", cases=1500, short=28, attempt=attempt)
