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

from continuum.analysis.statistics import one_standard_error
from continuum.data import Task
from continuum.ensemble import Member, Settings, Stream, train

#: Widths at which descent begins.
GAMMA_STARTS = (1.5, 4.5, 8.5)
#: Exponents of the gates, by what the column ``mask`` of the table calls them.
EXPONENTS = {"linear": 1.0, "root": 0.5}
#: Rows of a minibatch.
BATCH = 32


def oracle_table(task: Task, settings: Mapping[str, Any]) -> pd.DataFrame:
    """One row per learned gamma (``found``), with its start (``begun``) and the oracle width of its task and split.

    ``outputs`` is what is known of the need of width before anything is trained.
    """
    stream = Stream.of(task, settings["seed"])
    # As many steps for all tasks: how far gamma can go must not tell how many rows there are.
    epochs = ceil(settings["lead_steps"] / ceil(len(stream.train.x) / BATCH))
    units, inits, outputs = settings["units"], settings["inits"], max(1, task.classes)
    oracle = oracle_width(stream, units, epochs, inits)
    blind = replace(stream, validation=None)  # else the weights of the best epoch would be kept, and gamma with them
    starts = [(gamma, init) for gamma in GAMMA_STARTS if gamma < units for init in range(inits)]
    members = [Member(gamma, init=init, gamma_lr=settings["gamma_lr"]) for gamma, init in starts]
    rows = []
    for gate, exponent in EXPONENTS.items():
        trained = train([blind], members, Settings(units, exponent=exponent, epochs=epochs, batch=BATCH))
        rows += [
            {"mask": gate, "begun": start, "init": init, "found": gamma, "oracle": oracle, "outputs": outputs}
            for (start, init), gamma in zip(starts, trained.gamma[:, 0], strict=True)
        ]
    return pd.DataFrame(rows).assign(moved=lambda f: f["found"] - f["begun"])


def oracle_width(stream: Stream, units: int, epochs: int, inits: int) -> int:
    """Smallest integer width whose mean validation loss over initialisations is within one standard error."""
    widths = range(1, units + 1)
    members = [Member(float(width), init=init) for width in widths for init in range(inits)]
    trained = train([stream], members, Settings(units, epochs=epochs, batch=BATCH))
    losses = trained.measure("validation")[0].reshape(len(widths), inits)
    return smallest(np.array(widths), losses)


def smallest(widths: np.ndarray, losses: np.ndarray) -> int:
    """Smallest width whose mean loss is within one standard error of the least (one row of ``losses`` per width).

    >>> smallest(np.array([1, 2, 3]), np.array([[9.0, 9.0], [1.0, 1.2], [0.9, 1.3]]))
    2
    """
    inits = losses.shape[1]
    errors = losses.std(1, ddof=1) / np.sqrt(inits) if inits > 1 else np.nan
    return int(widths[one_standard_error(-losses.mean(1), errors, widths)])
