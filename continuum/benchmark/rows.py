"""The rows of a task: the test rows fixed, the inner split a matter of the seed."""

from functools import lru_cache

import numpy as np
from sklearn.model_selection import train_test_split

from continuum import checks
from continuum.data import Task, load, prepare
from continuum.data.splits import Split, split
from continuum.ensemble import Stream

#: Rows that are taken of a task at most, always the same ones: the table knows small data.
MOST_ROWS = 1500
#: Rows of a minibatch.
BATCH = 32


def rows(task: Task, seed: int, fold: int = 0) -> Split:
    """Cut a task: its test rows depend on the outer fold alone, training and validation rows on the seed, too.

    Were the test rows drawn anew by each seed, the validation rows of one would be test rows of another, and a search
    over several seeds would see its own judge.

    >>> a, b = (rows(load("wine"), seed) for seed in (0, 1))
    >>> sorted(a.test) == sorted(b.test), sorted(a.train) == sorted(b.train)
    (True, False)
    """
    outer = split(task, fold)
    strata = task.target if task.kind == "classification" else None
    rest, test = np.concatenate([outer.train, outer.validation]), outer.test
    if task.n > MOST_ROWS:
        share = MOST_ROWS / task.n
        rest, test = (_some(part, round(share * len(part)), strata, fold) for part in (rest, test))
    inner = None if strata is None else strata[rest]
    train, validation = train_test_split(rest, test_size=round(len(rest) / 4), random_state=seed, stratify=inner)
    return Split(train, validation, test)


def _some(part: np.ndarray, count: int, strata: np.ndarray | None, seed: int) -> np.ndarray:
    kept, _ = train_test_split(
        part, train_size=count, random_state=seed, stratify=None if strata is None else strata[part]
    )
    return np.asarray(kept)


@lru_cache(maxsize=64)
def stream(task: str, seed: int, fold: int = 0) -> Stream:
    """Standardised rows of a task by name, as the engine takes them.

    >>> iris = stream("iris", seed=0)
    >>> len(iris.train.x), len(iris.validation.x), len(iris.test.x)
    (90, 30, 30)
    """
    checks.whole("seed", seed, at_least=0)
    loaded = load(task)
    parts = prepare(loaded, rows(loaded, seed, fold))
    outputs = max(loaded.classes, 1)
    return Stream(seed, loaded.kind, outputs, parts.train, parts.validation, parts.test, float(parts.target_scale))
