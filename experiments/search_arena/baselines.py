"""What needs no search: constants, the average network, and the noise floor of the test column."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.benchmark import Point

from .judge import Judge, Values

#: Networks that are named without looking at the task.
CONSTANTS = {
    "widest": Point(64.0, 0.01, 0.0, 2),
    "default_64": Point(64.0, 0.001, 0.0, 1),
    "constant_16": Point(16.0, 0.01, 0.0, 1),
}
#: Names of all that is judged without a search, in the order of tables.
NAMES = ("average", *CONSTANTS, "trained_rows", "exhaustive")


def baselines(judge: Judge, training: dict[int, Values]) -> pd.DataFrame:
    """One row per baseline and searched seed.

    ``average`` is the mean over all networks, each at its best epoch; ``exhaustive`` the best of all on one seed's
    validation rows, whose test regret is the noise floor: no search of one seed can be expected below it;
    ``trained_rows`` the best of all on the training rows: how far training and validation pull apart.

    Args:
        judge: of the task.
        training: J on the training rows by searched seed.
    """
    columns = ["searcher", "seed", "gamma", "lr", "weight_decay", "depth", "best_epoch", "validation", "test"]
    rows = [row for seed in judge.searched for row in _rows(judge, training[seed], seed)]
    return pd.DataFrame(rows, columns=columns)


def _rows(judge: Judge, training: Values, seed: int) -> Iterator[tuple[object, ...]]:
    values = judge.validation[seed]
    points = judge.space.points()
    epochs = values.argmin(axis=1) + 1
    pairs = list(zip(points, epochs.tolist(), strict=True))
    regrets = [(judge.validation_regret(p, t, seed), judge.test_regret(p, t)) for p, t in pairs]
    yield ("average", seed, *(np.nan,) * 5, *np.mean(regrets, axis=0))
    chosen = {name: (point, int(epochs[judge.place(point)])) for name, point in CONSTANTS.items()}
    for name, table in (("trained_rows", training), ("exhaustive", values)):
        place, epoch = np.unravel_index(int(table.argmin()), table.shape)
        chosen[name] = points[int(place)], int(epoch) + 1
    for name, (point, stop) in chosen.items():
        at = (point.gamma, point.lr, point.weight_decay, point.depth, stop)
        yield (name, seed, *at, judge.validation_regret(point, stop, seed), judge.test_regret(point, stop))
