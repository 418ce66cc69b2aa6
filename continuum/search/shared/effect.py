"""Two methods on the same seeds: what the one is worth against the other."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from continuum import checks
from continuum.benchmark import Objective, stream
from continuum.errors import BadInput
from continuum.search.shared.darts import Darts, DartsSecond
from continuum.search.shared.divided import Division, divided
from continuum.search.shared.enas import Enas
from continuum.search.shared.joint import EnasJoint, EnasSeparate
from continuum.search.shared.method import Choice, Shared
from continuum.search.shared.response import EnasImplicit, EnasResponse
from continuum.search.shared.retraining import judged
from continuum.search.shared.tas import Tas
from continuum.search.shared.uniform import RandomShared, UniformSupernet

#: Methods of shared weights by name.
METHODS: dict[str, type[Shared]] = {
    method.name: method
    for method in (
        UniformSupernet,
        RandomShared,
        Enas,
        EnasResponse,
        EnasImplicit,
        EnasJoint,
        EnasSeparate,
        Darts,
        DartsSecond,
        Tas,
    )
}


def paired(
    methods: Sequence[str], task: str, seeds: Sequence[int], budget: int, division: Division = "plain"
) -> pd.DataFrame:
    """Search with each method on each seed, retrain all that was chosen, and judge it on the test rows.

    Args:
        methods: names, see ``METHODS``.
        task: of ``continuum.data``.
        seeds: of split, initial weights and all else; the same for every method, so that differences are paired.
        budget: epochs of each search, one retraining included.
        division: whether training rows and validation rows agree, see :func:`divided`.

    Returns:
        One row per method, seed and mark (1, 2, 4, ... trainings, and the budget): ``method``, ``seed``, ``budget``
        (the mark), ``cost``, the point, and ``value``, J on the test rows at the best epoch on the validation rows.

    >>> paired(["enas"], "iris", [0], budget=100)[["budget", "cost"]].values.tolist()
    [[100, 100]]
    """
    for name in methods:
        checks.one_of("method", name, tuple(METHODS), plural="methods")
    streams = {seed: divided(stream(task, seed), division, seed) for seed in seeds}
    records, points, sources = [], [], []
    for name in methods:
        for seed in seeds:
            for mark, choice in METHODS[name]().answers(streams[seed], budget, seed):
                records.append(_record(name, seed, mark, choice))
                points.append(choice.point)
                sources.append(seed)
    epochs = METHODS["enas"]().space.epochs
    losses = judged([streams[seed] for seed in sources], points, sources, epochs)
    for record, loss, point, seed in zip(records, losses, points, sources, strict=True):
        record["value"] = Objective.of(streams[seed])(float(loss), point)
    return pd.DataFrame(records)


def response_effect(
    task: str,
    seed: int | Sequence[int],
    budget: int = 400,
    division: Division = "plain",
    methods: tuple[str, str] = ("enas", "enas_response"),
) -> pd.Series:
    """J of the second method less J of the first, on the test rows, one number per seed; below 0 the second is better.

    ``("enas", "enas_response")`` asks whether the response helps a controller, ``("enas_separate", "enas_joint")``
    whether one controller of architecture and optimiser beats two; both at equal cost.

    >>> effect = response_effect("iris", [0, 1], budget=100)
    >>> effect.tolist()  # one training leaves nothing to search with
    [0.0, 0.0]
    """
    if len(methods) != 2:
        raise BadInput("methods", expected="two names", came=methods, remedy="give the one and the other")
    seeds = [seed] if isinstance(seed, int) else list(seed)
    table = paired(methods, task, seeds, budget, division)
    wide = table[table["budget"] == budget].pivot(index="seed", columns="method", values="value")
    return wide[methods[1]] - wide[methods[0]]


def _record(name: str, seed: int, mark: int, choice: Choice) -> dict[str, Any]:
    point = choice.point
    where = {"gamma": point.gamma, "lr": point.lr, "weight_decay": point.weight_decay, "depth": point.depth}
    return {"method": name, "seed": seed, "budget": mark, "cost": choice.cost} | where
