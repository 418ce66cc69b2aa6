"""What a fitted estimator looked like when it was stored, and how older ones become what they are now."""

from collections.abc import Callable
from typing import Any

import numpy as np

from continuum.errors import BadInput

#: Of what is stored now. Raise it, and add to ``MIGRATIONS``, when fitted attributes change.
FORMAT = 1
#: The name under which it is stored.
KEY = "_format"

State = dict[str, Any]


def _with_temperature(state: State) -> State:
    """From format 0: without temperature, gates, several labels, categories, and what another fit could go on from."""
    if "_network" not in state:
        return state
    from continuum.sklearn.table.standardiser import Standardiser
    from continuum.sklearn.table.table import Table

    columns = state["n_features_in_"]
    names = state.get("feature_names_in_", [f"column {k}" for k in range(columns)])
    table = Table(np.zeros(columns), np.zeros(0, int), {}, tuple(map(str, names)))
    known = {"_table": table, "_probe": np.zeros((0, columns)), "_inputs": Standardiser.none(columns)}
    classes = {"temperature_": 1.0, "multilabel_": False} if "classes_" in state else {}
    return {"gates_": (), "_start": None} | known | classes | state


#: What makes a state of the format after that of its place.
MIGRATIONS: tuple[Callable[[State], State], ...] = (_with_temperature,)


def stored(state: State) -> State:
    """What a pickle holds of these attributes: private ones as plain data, which outlives classes of torch."""
    if "_network" not in state:
        return state | {KEY: FORMAT}
    from continuum.sklearn.saving import packed

    return {name: packed(value) if name.startswith("_") else value for name, value in state.items()} | {KEY: FORMAT}


def migrated(state: State) -> State:
    """Attributes as they are today from what was stored; raises ``BadInput`` for a format of the future.

    >>> migrated({"max_iter": 5, "_format": 1})
    {'max_iter': 5}
    """
    state = dict(state)
    written = state.pop(KEY, 0)
    if written > FORMAT:
        expected, remedy = f"format {FORMAT} or older", "open it with the version of continuum that wrote it, or newer"
        raise BadInput("stored estimator", expected=expected, came=f"format {written}", remedy=remedy)
    for step in MIGRATIONS[written:]:
        state = step(state)
    if "_network" not in state:
        return state
    from continuum.sklearn.saving import unpacked

    return {name: unpacked(value) for name, value in state.items()}
