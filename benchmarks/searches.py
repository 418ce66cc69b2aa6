"""Look-ups, whole searches and rounds of live training on the shipped table, by CPU time."""

from collections.abc import Sequence

import numpy as np
import optuna

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio, seconds
from continuum.arithmetic import single_thread
from continuum.benchmark import SPACE, Live, Lookup, Request, Table
from continuum.search import Trace, make, run

#: Requests at once, and how many of them one by one.
ROUND, ALONE = 64, 4
#: Trials of a search, each a whole training.
TRIALS = 64
#: Searches that are counted.
SEARCHES = 1000


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Microseconds of a look-up, seconds of a thousand searches, ratios to others."""
    works = _looked_up(task, names, quick)
    with single_thread():
        speeds = rates(works, 2 if quick else 9)
        if "live" in names:
            speeds |= rates(_live(task, quick), 1 if quick else 3)
    measured = {"lookup": lambda name: seconds(name, task, 1e6 / speeds["lookup"])}
    measured["random_searches"] = lambda name: seconds(name, task, SEARCHES / speeds["random"])
    measured["random_optuna"] = lambda name: ratio(name, task, speeds["random"], speeds["optuna"])
    measured["live"] = lambda name: ratio(name, task, speeds["round"], speeds["alone"])
    return [measured[name](name) for name in names]


def _looked_up(task: str, names: Sequence[str], quick: bool) -> dict[str, Work]:
    lookup, some, few = Lookup(Table.load(), task, seed=0), 5 if quick else 100, 2 if quick else 10
    works = {}
    if "lookup" in names:
        works["lookup"] = _lookups(lookup, 50 if quick else 5000)
    if {"random_searches", "random_optuna"} & set(names):
        works["random"] = Work(lambda: [_search(lookup, seed) for seed in range(some)], some)
    if "random_optuna" in names:
        works["optuna"] = Work(lambda: _optuna(few), few)
    return works


def _lookups(lookup: Lookup, count: int) -> Work:
    """Points in no order; those that come again an evaluator may remember, as in a search by many workers."""
    generator = np.random.default_rng(0)
    requests = [[Request(SPACE.sample(generator), SPACE.epochs)] for _ in range(count)]
    return Work(lambda: [lookup.curves(request) for request in requests], count)


def _search(lookup: Lookup, seed: int) -> Trace:
    return run(make("random", seed=seed), lookup, budget=TRIALS * SPACE.epochs, workers=TRIALS)


def _optuna(searches: int) -> None:
    """The same draws by Optuna's random sampler, with nothing to look up: what asking and telling alone costs."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    for seed in range(searches):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
        for _ in range(TRIALS):
            trial = study.ask()
            for name in ("gamma", "lr", "weight_decay", "depth"):
                trial.suggest_categorical(name, getattr(SPACE, name))
            study.tell(trial, 0.0)


def _live(task: str, quick: bool) -> dict[str, Work]:
    """A round at once, and some of its networks alone; a fresh evaluator each time, for one may remember."""
    count, alone, epochs = (4, 1, 5) if quick else (ROUND, ALONE, SPACE.epochs)
    generator = np.random.default_rng(0)
    # Off the grid: on it an evaluator trains whole blocks of the table. Of one layer: a round is of one depth.
    points = [SPACE.at(generator.random(4) * [1, 1, 1, 0], on_grid=False) for _ in range(count)]
    requests = [Request(point, epochs) for point in points]
    some = requests[:: max(count // alone, 1)][:alone]
    return {
        "round": Work(lambda: Live(task, seed=0).curves(requests), len(requests)),
        "alone": Work(lambda: [Live(task, seed=0).curves([request]) for request in some], len(some)),
    }
