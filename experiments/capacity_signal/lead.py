"""Does descent of gamma on the immediate loss stop where capacity is needed?

Networks train gamma and all weights on minibatches of the training rows, and others train the weights at each integer;
the oracle width is the smallest integer whose validation loss is within one standard error of the best.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from continuum.data import Task, load
from continuum.ensemble import Member, Settings, Stream, train

GAMMA_STARTS = (1.5, 4.5, 8.5)
EXPONENTS = {"linear": 1.0, "root": 0.5}
BATCH = 32


def task_of(source: str) -> Task:
    """A task by name; ``digits/3`` is the first 3 classes of digits: one task at several needs of capacity.

    >>> task_of("digits/3").classes
    3
    """
    name, _, classes = source.partition("/")
    if not classes.isdecimal() or name.startswith("."):
        return load(source)
    task = load(name)
    kept = task.target < int(classes)
    features, target, names = task.features[kept], task.target[kept], task.class_names[: int(classes)]
    return replace(task, name=source, features=features, target=target, class_names=names)


def lead(task: Task, wanted: Mapping[str, Any]) -> pd.DataFrame:
    """One row a learned gamma, with the oracle width of its task and split."""
    stream = Stream.of(task, wanted["seed"])
    # As many steps for all tasks: how far gamma can go must not tell how many rows there are.
    epochs = ceil(wanted["lead_steps"] / ceil(len(stream.train.x) / BATCH))
    units, inits = wanted["units"], range(wanted["inits"])
    oracle = _oracle(stream, Settings(units, epochs=epochs, batch=BATCH), wanted["inits"])
    blind = replace(stream, validation=None)  # else the weights of the best epoch would be kept, and gamma with them
    rows = []
    for mask, exponent in EXPONENTS.items():
        members = [
            Member(gamma, init=init, gamma_lr=wanted["gamma_lr"])
            for gamma in GAMMA_STARTS
            if gamma < units
            for init in inits
        ]
        trained = train([blind], members, Settings(units, exponent=exponent, epochs=epochs, batch=BATCH))
        rows += [
            {"mask": mask, "begun": member.gamma[0], "init": member.init, "found": gamma, "oracle": oracle}
            for member, gamma in zip(members, trained.gamma[:, 0], strict=True)
        ]
    return pd.DataFrame(rows).assign(moved=lambda f: f["found"] - f["begun"])


def _oracle(stream: Stream, settings: Settings, inits: int) -> int:
    widths = np.arange(1, settings.units[0] + 1)
    members = [Member(float(width), init=init) for width in widths for init in range(inits)]
    losses = train([stream], members, settings).measure("validation")[0].reshape(len(widths), inits)
    return smallest(widths, losses)


def smallest(widths: np.ndarray, losses: np.ndarray) -> int:
    """Smallest width whose mean loss is within one standard error of the least (one row of ``losses`` a width).

    >>> smallest(np.array([1, 2, 3]), np.array([[9.0, 9.0], [1.0, 1.2], [0.9, 1.3]]))
    2
    """
    means = losses.mean(1)
    best = int(np.nanargmin(means))
    error = losses[best].std(ddof=1) / np.sqrt(losses.shape[1]) if losses.shape[1] > 1 else 0.0
    return int(widths[means <= means[best] + error].min())
